import logging
import os
import signal
import time

logging.basicConfig(format="%(message)s")
logging.warning("before")
os.kill(os.getpid(), signal.SIGINT)
time.sleep(5)
