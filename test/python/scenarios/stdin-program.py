# stdin
import logging

logging.warning("from stdin %s", __name__)
raise ValueError("from stdin")
