# needs: tqdm
import logging

from tqdm import tqdm
from tqdm.contrib.logging import logging_redirect_tqdm

logging.basicConfig(level=logging.INFO, format="%(message)s")
with logging_redirect_tqdm():
    for index in tqdm(range(2), disable=True):
        logging.info("step %d", index)
