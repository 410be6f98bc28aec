import logging
import sys

logging.basicConfig(format="%(message)s")
sys.stdout.close()
logging.warning("stdout is closed")
sys.stderr.close()
logging.warning("stderr too")
