import logging

logging.basicConfig(level=logging.INFO)


def down(depth):
    logging.info("depth %d", depth % 7) if depth % 100 == 0 else None
    return down(depth + 1)


try:
    down(1)
except RecursionError as error:
    print("caught", error)
down(1)
