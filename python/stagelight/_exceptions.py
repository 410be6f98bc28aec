"""Exceptions that nobody catches: of the main program, and of threads."""

import atexit
import sys

from . import _records

FATAL = 21
ERROR = 17
# What this process was ended by, so that no exception is told of twice. Its number only: an exception that is kept keeps
# all that its frames hold.
told = None


def install():
    """Takes the place of `sys.excepthook`.

    `sys.__excepthook__` is replaced too: programs ask whether the two are the same, and call the latter from a hook of
    their own.
    """
    original = sys.excepthook

    def excepthook(kind, error, traceback):
        try:
            tell(error, shown=print_all if original is default else None)
        except Exception:
            pass
        original(kind, error, traceback)
        if issubclass(kind, KeyboardInterrupt):
            note_interrupt()

    default = sys.__excepthook__
    if original is default:
        sys.__excepthook__ = excepthook
    sys.excepthook = excepthook
    atexit.register(tell_late)


def note_interrupt():
    """Has the interpreter end by SIGINT, as it does after Ctrl-C.

    It notes that the program's code was interrupted, and forgets it with the next text that is evaluated, which importing
    `traceback` does (its named tuples): an interrupted text makes it note that again (CPython, Python/pythonrun.c,
    `run_eval_code_obj`).
    """
    try:
        exec("raise KeyboardInterrupt")
    except KeyboardInterrupt:
        pass


def print_all(_, text):
    """What the default hook prints of an exception."""
    return text


def tell(error, shown=None):
    """Records an exception that the program ends with, once. `shown(error, text)` gives what will be printed of it."""
    global told
    if error is None or told == id(error):
        return
    told = id(error)
    text = _records.format_exception(error)
    number = write_exception(error, text, FATAL)
    if shown is not None:
        _records.write_shown(number, "stderr", shown(error, text))


def tell_late():
    """The program has put a hook of its own in the place of ours."""
    try:
        error = getattr(sys, "last_value", None)
        if isinstance(error, BaseException) and told != id(error):
            write_exception(error, _records.format_exception(error), FATAL, ',"late":true')
    except Exception:
        pass


def write_exception(error, text, severity, members=""):
    described = _records.describe_logger(severity, "FATAL" if severity == FATAL else "ERROR", "python") + members
    return _records.write_record(_records.describe_error(error), described, _records.encode_exception(error, text))
