"""Starts stagelight's hook in a Python program of a run, and is otherwise not there.

Python imports a module of this name when it starts. This one stands first on PYTHONPATH, so it hands over to the one
that would have been imported without it, and leaves `sys.path` as it would have been.
"""

import os
import sys


def _start():
    here = os.path.dirname(__file__)
    try:
        from stagelight import _start

        _start.start()
    except Exception:
        pass  # a program of the user's never fails because of us
    sys.path[:] = [path for path in sys.path if path != here]


_start()
del _start, sys.modules["sitecustomize"]

# Where there is no other one this raises the error that `site` would have seen, and passes over without a word.
import sitecustomize  # noqa: E402, F401
