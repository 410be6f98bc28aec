"""What happens when a Python process of a run starts. Imports as little as it can: it is in every process's way."""

import os
import sys

from . import _imports, _inbox

# Modules of ours that hook into one of the program's when that is imported.
HOOKS = {
    "logging": "_logging",
    "threading": "_threads",
    "subprocess": "_subprocess",
    "optuna.trial._trial": "_optuna",
    "optuna.study._tell": "_optuna",
    "optuna.study.study": "_optuna",
    "dvc.output": "_dvc",
    "dvc.stage": "_dvc",
    "dvc.stage.run": "_dvc",
    "prefect.telemetry.run_telemetry": "_prefect",
    "mlflow.tracking._tracking_service.client": "_mlflow",
    "hydra._internal.utils": "_hydra",
    "hydra._internal.callbacks": "_hydra",
}


def start():
    """Hooks into this process, once, where it belongs to a run that wants it."""
    run_dir = os.environ.get("STAGELIGHT_RUN_DIR")
    # The guard is the process's, not the module's: the package may be there twice, by PYTHONPATH and by a .pth file.
    if not run_dir or not os.environ.get("STAGELIGHT_HOOK") or hasattr(sys, "_stagelight") or is_left_alone():
        return
    sys._stagelight = True
    if "exec-run" in getattr(sys, "orig_argv", ()):
        from . import _queue

        _queue.adopt()
        run_dir = os.environ["STAGELIGHT_RUN_DIR"]
    if not _inbox.open_inbox(run_dir):
        return
    from . import _exceptions, _warnings

    _imports.install(HOOKS)
    _exceptions.install()
    _warnings.install()


def is_left_alone():
    """Whether the configuration names this program as one that the hook stays out of."""
    names = os.environ.get("STAGELIGHT_HOOK_EXCEPT")
    return bool(names) and program_name() in names.split(os.pathsep)


def program_name():
    """The script's name, or the module's after `-m`."""
    argv = getattr(sys, "orig_argv", sys.argv)
    if sys.argv[:1] == ["-m"] and "-m" in argv:
        return "".join(argv[argv.index("-m") + 1 :][:1])
    return os.path.basename(sys.argv[0]) if sys.argv else ""
