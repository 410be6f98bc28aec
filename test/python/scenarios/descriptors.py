import logging
import os

print(os.open("/dev/null", os.O_RDONLY), os.open("/dev/null", os.O_RDONLY))
logging.basicConfig(format="%(message)s")
logging.warning("before")
os.closerange(3, 1024)
mine = [os.open("/dev/null", os.O_RDWR) for _ in range(260)]
print(mine[0], mine[-1])
logging.warning("after all were closed")
