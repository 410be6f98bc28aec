import logging
import logging.handlers
import os
import tempfile

with tempfile.TemporaryDirectory() as folder:
    path = os.path.join(folder, "a.log")
    handler = logging.handlers.RotatingFileHandler(path, maxBytes=40, backupCount=2)
    log = logging.getLogger("app")
    log.addHandler(handler)
    for index in range(6):
        log.warning("line number %d", index)
    handler.close()
    for name in sorted(os.listdir(folder)):
        print(name, open(os.path.join(folder, name)).read(), end="")
