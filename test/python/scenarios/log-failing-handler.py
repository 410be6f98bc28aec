import logging


class Failing(logging.Handler):
    def emit(self, record):
        raise OSError("no disk")


log = logging.getLogger("app")
log.addHandler(Failing())
try:
    log.warning("raises")
except OSError as error:
    print("the program sees", error)
log.warning("raises again")
