import logging

logging.getLogger("app").warning("nobody has configured anything")
logging.getLogger("app").info("nor this")
