import logging
import time

time.time = lambda: 1_700_000_000.5
time.time_ns = lambda: 1_700_000_000_500_000_000
logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
for _ in range(5):
    logging.info("again")
