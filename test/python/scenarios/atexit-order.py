import atexit
import logging

logging.basicConfig(format="%(message)s")
atexit.register(print, "second", flush=True)
atexit.register(lambda: logging.warning("first"))
