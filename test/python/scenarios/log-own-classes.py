import logging


class Record(logging.LogRecord):
    def getMessage(self):
        return f"<{super().getMessage()}>"


class Logger(logging.Logger):
    def makeRecord(self, *args, **kwargs):
        return super().makeRecord(*args, **kwargs)


class Formatter(logging.Formatter):
    def format(self, record):
        return f"F {record.getMessage()}"


logging.setLogRecordFactory(Record)
logging.setLoggerClass(Logger)
handler = logging.StreamHandler()
handler.setFormatter(Formatter())
log = logging.getLogger("mine")
log.addHandler(handler)
log.warning("own %s", "classes")
