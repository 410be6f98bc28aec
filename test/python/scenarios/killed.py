import logging
import os
import signal

logging.basicConfig(format="%(message)s")
logging.warning("before the signal")
os.kill(os.getpid(), signal.SIGKILL)
