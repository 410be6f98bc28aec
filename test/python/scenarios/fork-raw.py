import logging
import os

logging.basicConfig(format="%(message)s")
logging.warning("parent")
child = os.fork()
if child == 0:
    logging.warning("child")
    os._exit(0)
os.waitpid(child, 0)
logging.warning("parent again")
