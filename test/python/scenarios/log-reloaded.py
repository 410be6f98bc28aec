import importlib
import logging

logging.warning("one")
importlib.reload(logging)
logging.warning("two")
