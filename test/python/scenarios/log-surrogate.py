import logging
import sys

sys.stderr.reconfigure(errors="backslashreplace")
logging.warning("half \ud83d of a pair")
