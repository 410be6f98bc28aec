import logging
import os
import signal

logging.basicConfig(level=logging.INFO, format="%(message)s")
signal.signal(signal.SIGUSR1, lambda *_: logging.warning("signalled"))
os.kill(os.getpid(), signal.SIGUSR1)
logging.info("after")
