import logging

logging.basicConfig(format="%(message)s")


class Late:
    def __del__(self):
        logging.warning("in the destructor")


late = Late()
