# needs: loguru
import logging
import sys

from loguru import logger

logger.remove()
logger.add(sys.stderr, format="{level} {message}")


class Intercept(logging.Handler):
    def emit(self, record):
        logger.opt(depth=6, exception=record.exc_info).log(record.levelname, record.getMessage())


logging.basicConfig(handlers=[Intercept()], level=logging.INFO)
logger.info("by loguru")
logging.info("by logging")
