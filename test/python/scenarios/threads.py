import logging
import threading

logging.basicConfig(level=logging.INFO, format="%(threadName)s %(message)s")


def work(index):
    logging.info("in %d", index)
    if index == 1:
        raise ValueError("in a thread")
    raise SystemExit(index)


for index in range(3):
    thread = threading.Thread(target=work, args=(index,), name=f"T{index}")
    thread.start()
    thread.join()
print("main goes on")
