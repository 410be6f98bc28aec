"""Counts what Python's `logging` emits, by another way than the hook: every record that a logger's filters let pass.

One line a record is appended to the file that COUNTED names: process, level, logger and message, as JSON.
"""

import os
import sys

COUNTED = os.environ.get("COUNTED")


class Finder:
    """Changes `logging` when it has been imported."""

    def find_spec(self, name, path=None, target=None):
        if name != "logging":
            return None
        sys.meta_path.remove(self)
        from importlib.util import find_spec

        spec = find_spec(name)
        load = spec.loader.exec_module

        def exec_module(module):
            load(module)
            count(module)

        spec.loader.exec_module = exec_module
        return spec


def count(logging):
    passes = logging.Logger.filter

    def filter(self, record):
        passed = passes(self, record)
        if passed and record.process == os.getpid():  # not one that another process hands on
            note(record)
        return passed

    logging.Logger.filter = filter


def note(record):
    import json

    try:
        message = record.getMessage()
    except Exception:
        message = str(record.msg)
    error = record.exc_info[1] if record.exc_info and not message else None
    while error is not None:  # an exception that says all there is to say
        message = f"{message}: {error}" if message else str(error)
        error = error.__cause__
    line = json.dumps([os.getpid(), record.levelno, record.name, message])
    handle = os.open(COUNTED, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    os.write(handle, f"{line}\n".encode())
    os.close(handle)


if COUNTED:
    sys.meta_path.insert(0, Finder())
