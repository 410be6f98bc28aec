import json
import logging
import sys


class Json(logging.Formatter):
    def format(self, record):
        shown = {key: str(value) for key, value in record.__dict__.items() if key in ("msg", "levelname", "user")}
        return json.dumps({**shown, "names": sorted(record.__dict__)})


handler = logging.StreamHandler(sys.stdout)
handler.setFormatter(Json())
logging.getLogger().addHandler(handler)
logging.warning("hello", extra={"user": "x"})
