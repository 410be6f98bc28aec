import logging

logging.basicConfig(level=logging.INFO, format="%(message)s %(who)s")
log = logging.getLogger("app")


def name(record):
    record.who = "me"
    return "secret" not in record.msg


log.addFilter(name)
log.info("shown")
log.info("secret")
logging.LoggerAdapter(log, {"who": "adapter"}).info("adapted")
