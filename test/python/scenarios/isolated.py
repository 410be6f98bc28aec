# flags: -I
# unhooked
import logging

logging.warning("isolated")
