# flags: -s -u -O
import logging
import sys

logging.warning("optimised %s", sys.flags.optimize)
