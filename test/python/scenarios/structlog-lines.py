# needs: structlog
import logging
import sys

import structlog

logging.basicConfig(format="%(message)s", stream=sys.stdout, level=logging.INFO)
structlog.configure(
    processors=[structlog.stdlib.add_log_level, structlog.processors.JSONRenderer()],
    logger_factory=structlog.stdlib.LoggerFactory(),
)
structlog.get_logger("app").info("event", a=1)
structlog.wrap_logger(structlog.PrintLogger(), processors=[structlog.processors.KeyValueRenderer()]).info("printed")
