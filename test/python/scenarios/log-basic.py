import logging

logging.basicConfig(
    level=logging.INFO, format="%(levelname)s %(name)s %(filename)s:%(lineno)d %(funcName)s %(message)s"
)
log = logging.getLogger("app")


def work():
    log.debug("not shown")
    log.info("hello %s", "wörld", extra={"step": 1, "rate": 0.5, "tags": ["a"], "none": None, "nan": float("nan")})
    log.warning("%(a)d of %(b)d", {"a": 1, "b": 2})
    log.log(25, "between levels")
    log.error("two\nlines")


work()
logging.warning("from the root")
