import logging

logging.basicConfig(level=logging.INFO)


def work():
    logging.info("bad %d", "x")
    logging.info("too", "many")


work()
logging.info("goes on")
