import logging
import logging.config

early = logging.getLogger("early")
early.warning("before")
logging.config.dictConfig(
    {
        "version": 1,
        "disable_existing_loggers": True,
        "formatters": {"f": {"format": "%(name)s|%(message)s"}},
        "handlers": {
            "out": {"class": "logging.StreamHandler", "formatter": "f", "stream": "ext://sys.stdout"},
            "quiet": {"class": "logging.StreamHandler", "formatter": "f", "level": "ERROR"},
        },
        "loggers": {"own": {"handlers": ["out"], "propagate": False, "level": "DEBUG"}},
        "root": {"level": "INFO", "handlers": ["out", "quiet"]},
    }
)
early.warning("disabled")
logging.getLogger("own").debug("own handler")
logging.getLogger("late").info("root handler")
logging.getLogger("late").error("two handlers")
