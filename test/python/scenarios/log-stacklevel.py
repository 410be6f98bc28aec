import logging
import warnings

logging.basicConfig(level=logging.INFO, format="%(filename)s:%(lineno)d:%(funcName)s %(message)s")


def helper(message):
    logging.info(message, stacklevel=2)
    warnings.warn(message, stacklevel=2)


def caller():
    helper("called from here")


caller()
