import logging
import os
import tempfile

path = os.path.join(tempfile.mkdtemp(), "daemon.txt")
if os.fork() == 0:
    os.setsid()
    os.closerange(3, 1024)
    files = [open(path, "a") for _ in range(300)]
    logging.basicConfig(stream=files[0], format="%(message)s")
    logging.warning("from the daemon")
    files[0].flush()
    os._exit(0)
os.wait()
print(open(path).read(), end="")
