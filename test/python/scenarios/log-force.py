import logging
import sys

logging.basicConfig(level=logging.INFO)
logging.info("one")
logging.basicConfig(level=logging.DEBUG, stream=sys.stdout, force=True, format="%(message)s")
logging.debug("two")
