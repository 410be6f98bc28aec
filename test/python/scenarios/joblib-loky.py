# needs: joblib
# unordered
import logging

from joblib import Parallel, delayed


def work(index):
    logging.basicConfig(format="%(message)s")
    logging.warning("worker %d", index)
    return index


if __name__ == "__main__":
    print(Parallel(n_jobs=2)(delayed(work)(index) for index in range(4)))
