import logging
import logging.handlers
import multiprocessing
import sys


def work(waiting, index):
    root = logging.getLogger()
    root.handlers[:] = [logging.handlers.QueueHandler(waiting)]
    root.warning("worker %d", index)


if __name__ == "__main__":
    context = multiprocessing.get_context("spawn")
    logging.basicConfig(stream=sys.stdout, format="%(levelname)s:%(message)s")
    waiting = context.Queue()
    for index in range(2):
        process = context.Process(target=work, args=(waiting, index))
        process.start()
        process.join()
        record = waiting.get()
        logging.getLogger(record.name).handle(record)
