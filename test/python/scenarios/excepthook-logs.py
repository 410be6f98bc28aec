import logging
import sys

logging.basicConfig(format="%(levelname)s %(message)s")
sys.excepthook = lambda *error: logging.critical("uncaught", exc_info=error)
raise ValueError("logged")
