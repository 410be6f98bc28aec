import logging
import logging.handlers
import queue
import sys

waiting = queue.Queue()
logging.getLogger().addHandler(logging.handlers.QueueHandler(waiting))
console = logging.StreamHandler(sys.stdout)
console.setFormatter(logging.Formatter("%(levelname)s:%(message)s"))
listener = logging.handlers.QueueListener(waiting, console)
listener.start()
for index in range(5):
    logging.warning("queued %d", index)
listener.stop()
