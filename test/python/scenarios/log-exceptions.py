import logging

logging.basicConfig(level=logging.INFO, format="%(message)s")
try:
    1 / 0
except ZeroDivisionError:
    logging.exception("caught")
    logging.info("with info", exc_info=True)
    logging.warning("with stack", stack_info=True)
logging.error("none", exc_info=True)
