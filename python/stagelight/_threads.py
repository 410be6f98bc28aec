"""Exceptions that end a thread. The default handler and one of the program's own are called as they would be."""

import sys

from . import _exceptions, _records


def install(threading):
    """Called when the program has imported `threading`."""
    make = getattr(threading, "_make_invoke_excepthook", None)
    if make is None:
        return
    default = threading.excepthook

    def make_invoke_excepthook():
        invoke = make()

        def invoke_excepthook(thread):
            try:
                tell(sys.exc_info()[1], thread, is_printed=threading.excepthook is default)
            except Exception:
                pass
            return invoke(thread)

        return invoke_excepthook

    threading._make_invoke_excepthook = make_invoke_excepthook


def tell(error, thread, is_printed):
    if error is None or isinstance(error, SystemExit):
        return
    text = _records.format_exception(error)
    number = _exceptions.write_exception(error, text, _exceptions.ERROR)
    if is_printed:
        _records.write_shown(number, "stderr", f"Exception in thread {thread.name}:\n{text}")
