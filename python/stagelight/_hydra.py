"""Hydra ends a failing job by `sys.exit`, after it has printed a traceback of its own: no `excepthook` is ever called."""

import os
import sys

from . import _exceptions
from ._wrap import observe


def install(module):
    """Called when `hydra._internal.utils` was imported: it asks how to report an exception while it holds it."""
    if module.__name__ == "hydra._internal.utils":
        observe(module, "_is_env_set", before=note_exception)


def note_exception(args, _):
    error = sys.exc_info()[1]
    is_reported = args[:1] == ("HYDRA_FULL_ERROR",) and error is not None
    # Where it is set Hydra raises the exception again, and `excepthook` is called.
    if is_reported and os.environ.get("HYDRA_FULL_ERROR") != "1":
        _exceptions.tell(error)
