import logging
import multiprocessing


def work(index):
    logging.basicConfig(format="%(message)s")
    logging.warning("worker %d", index)
    return index * index


if __name__ == "__main__":
    logging.basicConfig(format="%(message)s")
    with multiprocessing.get_context("fork").Pool(1) as pool:
        print(pool.map(work, range(4)))
    logging.warning("main")
