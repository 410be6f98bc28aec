# flags: -S
# unhooked
import logging

logging.warning("no site")
