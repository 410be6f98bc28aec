"""Python's `warnings`, where they are printed. Those that `logging.captureWarnings` catches come as log records."""

import warnings

from . import _records
from ._text import quote

WARN = 13


def install():
    """Looks at what `warnings` is about to print."""
    original = getattr(warnings, "_showwarnmsg_impl", None)
    if original is None:
        return

    def _showwarnmsg_impl(message):
        try:
            tell(message)
        except Exception:
            pass
        return original(message)

    warnings._showwarnmsg_impl = _showwarnmsg_impl


def tell(message):
    if message.file is not None:
        return
    attributes = f'"code.file.path":{quote(message.filename)},"code.line.number":{int(message.lineno)}'
    described = _records.describe_logger(WARN, message.category.__name__, "py.warnings")
    number = _records.write_record(str(message.message), described, attributes)
    _records.write_shown(number, "stderr", warnings._formatwarnmsg(message))
