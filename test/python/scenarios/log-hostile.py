import logging

logging.basicConfig(level=logging.INFO, format="%(message).60s")


class Bad:
    def __str__(self):
        raise ValueError("no text")

    __repr__ = __str__


logging.info('nul \0 escape \x1b[31m quote " backslash \\')
logging.info("x" * 1_000_000)
logging.info("ü" * 200_000)
logging.info({"not": "a text"})
logging.info("extra", extra={"bad": Bad(), "big": list(range(10_000)), 1: 2})
logging.log(logging.INFO, "level", extra={"deep": [[[[[[[1]]]]]]]})
logging.getLogger("a" * 300).info("long name")
