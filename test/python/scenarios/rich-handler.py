# needs: rich
import logging

from rich.logging import RichHandler

logging.basicConfig(level=logging.INFO, format="%(message)s", handlers=[RichHandler(show_time=False)])
logging.info("a rich line %s", {"a": 1})
try:
    1 / 0
except ZeroDivisionError:
    logging.exception("rich")
