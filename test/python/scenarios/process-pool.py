import logging
from concurrent.futures import ProcessPoolExecutor


def work(index):
    logging.warning("worker %d", index)
    if index == 2:
        raise ValueError("two")
    return index


if __name__ == "__main__":
    with ProcessPoolExecutor(1) as pool:
        futures = [pool.submit(work, index) for index in range(4)]
        for future in futures:
            print(future.exception() or future.result())
