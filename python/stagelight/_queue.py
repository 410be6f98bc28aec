"""Experiments of `dvc queue`. Its workers outlive the command that started them: each experiment is a run of its own, linked
to the run that it was started in.
"""

import atexit
import os
import sys
from time import time_ns

from . import _inbox

# What says where in the run the process is that started the worker.
PLACES = ("CONSOLE", "STDOUT", "STDERR", "STAGE", "DEPTH")
# The experiment that a process has become the run of; those that it starts are in it.
ADOPTED = "STAGELIGHT_ADOPTED"
TIMEOUT_S = 30

has_failed = False


def find_experiment():
    """The file that names a queued experiment, in the process that runs it."""
    argv = getattr(sys, "orig_argv", [])
    if "exec-run" not in argv or "--infofile" not in argv[:-1]:
        return None
    return argv[argv.index("--infofile") + 1]


def adopt():
    """Makes this process a run of its own, if it is a queued experiment."""
    experiment = find_experiment()
    if experiment is None or os.environ.get(ADOPTED) == experiment:
        return
    variables = ask_for_run()
    if variables is None:
        return
    for place in PLACES:
        os.environ.pop(f"STAGELIGHT_{place}", None)
    os.environ.update(variables)
    os.environ[ADOPTED] = experiment
    atexit.register(end_run)


def ask_for_run():
    import json
    import subprocess

    node, cli = (os.environ.get(f"STAGELIGHT_{name}") for name in ("NODE", "CLI"))
    if not node or not cli:
        return None
    command = [node, cli, "adopt", str(os.getpid()), "--", *sys.orig_argv]
    try:
        answer = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, timeout=TIMEOUT_S, check=True)
        return json.loads(answer.stdout)
    except (OSError, ValueError, subprocess.SubprocessError):
        return None


def note_outcome(outcome):
    global has_failed
    has_failed = has_failed or outcome == "failed"


def end_run():
    result = "failure" if has_failed else "success"
    _inbox.write(f'{{"type":"run-end","time":"{time_ns()}","result":"{result}"}}')
