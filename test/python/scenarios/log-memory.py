import logging
import logging.handlers
import sys

target = logging.StreamHandler(sys.stdout)
memory = logging.handlers.MemoryHandler(10, target=target)
log = logging.getLogger("app")
log.setLevel(logging.INFO)
log.addHandler(memory)
log.info("one")
log.info("two")
print("printed first")
memory.flush()
