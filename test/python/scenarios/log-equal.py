import logging
import sys

logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stdout)
for _ in range(3):
    logging.info("the same")
print("the same")
logging.info("the same")
