"""Hydra's jobs: each one of a multirun is a span, and one whose logging isn't the one that is configured is told of.

Hydra ends a failing job by `sys.exit`, after it has printed a traceback of its own: no `excepthook` is ever called.
"""

import os
import sys
from time import time_ns

from . import _claims, _context, _exceptions, _inbox, _records
from ._spans import end_span, start_span
from ._text import quote
from ._values import encode
from ._wrap import observe

WARN = 13
MAX_CONFIG = 64 * 1024

# These have handlers of their own, with formats that are theirs.
TOOLS = ("optuna", "mlflow", "prefect", "dvc", "alembic", "sqlalchemy")

# Jobs that are under way in this process, by their configuration.
under_way = {}


def install(module):
    """Called when `hydra._internal.utils` or `hydra._internal.callbacks` was imported."""
    if module.__name__ == "hydra._internal.utils":
        observe(module, "_is_env_set", before=note_exception)
        return
    observe(module.Callbacks, "on_job_start", before=begin_job)
    observe(module.Callbacks, "on_job_end", before=end_job)


def note_exception(args, _):
    """Hydra asks how to report an exception while it holds it."""
    error = sys.exc_info()[1]
    is_reported = args[:1] == ("HYDRA_FULL_ERROR",) and error is not None
    # Where it is set Hydra raises the exception again, and `excepthook` is called.
    if is_reported and os.environ.get("HYDRA_FULL_ERROR") != "1":
        _exceptions.tell(error, shown=to_shown)


def to_shown(error, text):
    """What Hydra prints of an exception: the frames between `run_job`, among the first ten, and OmegaConf's own."""
    if is_a(error, "CompactHydraException"):
        return f"{error}\n" + (f"{error.__cause__}\n" if is_a(error.__cause__, "OmegaConfBaseException") else "")
    traceback = error.__traceback__
    for _ in range(10):
        if traceback is None:
            return text
        name = traceback.tb_frame.f_code.co_name
        traceback = traceback.tb_next
        if name == "run_job":
            break
    else:
        return text
    if traceback is None:
        return text
    from traceback import format_exception

    return "".join(format_exception(type(error), error, traceback, limit=count_frames(traceback)))


def is_a(error, name):
    return any(kind.__name__ == name for kind in type(error).__mro__)


def count_frames(traceback):
    """How many frames there are before those of OmegaConf; `None` where there are none of those."""
    count = 0
    while traceback is not None:
        if traceback.tb_frame.f_globals.get("__name__", "").startswith("omegaconf."):
            return count
        count += 1
        traceback = traceback.tb_next
    return None


def begin_job(args, kwargs):
    config = kwargs["config"] if "config" in kwargs else args[1]
    hydra = config.hydra
    is_multirun = str(hydra.get("mode")).endswith("MULTIRUN")
    if is_multirun:
        parent = _context.current_span()
        number = _claims.claim(f"hydra job in {parent}", f"{_inbox.source}-{hydra.job.num}")
        span = _context.derive_span(os.environ.get("STAGELIGHT_RUN_ID", ""), f"hydra job in {parent}", number)
        start_span("job", span, "job", parent=parent, attributes=describe(hydra))
        _context.enter(span)
        under_way[id(config)] = span
    if not is_multirun or hydra.job.num == 0:
        tell_config(config)


def tell_config(config):
    """What was composed. Its files may be gone when the stage has ended: `dvc exp run --temp` deletes them."""
    from omegaconf import OmegaConf

    own = OmegaConf.masked_copy(config, [key for key in config if key != "hydra"])
    text = OmegaConf.to_yaml(own)[:MAX_CONFIG]
    job = config.hydra.job
    overrides = [str(override) for override in config.hydra.overrides.task]
    told = {"name": job.name, "number": job.get("num"), "dir": config.hydra.runtime.output_dir, "overrides": overrides}
    members = "".join(f",{quote(name)}:{encode(value)}" for name, value in told.items() if value not in (None, []))
    _inbox.write(
        f'{{"type":"hydra-job","time":"{time_ns()}","span":"{_context.outer_span()}","config":{quote(text)}{members}}}'
    )


def describe(hydra):
    return {
        "hydra.job.name": hydra.job.name,
        "hydra.job.num": int(hydra.job.num),
        "hydra.run.dir": hydra.runtime.output_dir,
        "hydra.overrides": [str(override) for override in hydra.overrides.task],
    }


def end_job(args, kwargs):
    check_logging()
    config = kwargs["config"] if "config" in kwargs else args[1]
    span = under_way.pop(id(config), None)
    if span is None:
        return
    returned = kwargs["job_return"] if "job_return" in kwargs else args[2]
    error = getattr(returned, "_return_value", None)
    error = error if isinstance(error, BaseException) else None
    end_span(span, error=error, members=',"status":"error"' if error else "")
    _context.leave(span)


def check_logging():
    """Warns where a job's format or level isn't the one that the project says all of its stages have.

    At its end, since a job may set up its logging itself, and by any logger that has handlers.
    """
    import logging

    root = logging.getLogger()
    others = [each for each in root.manager.loggerDict.values() if getattr(each, "handlers", None)]
    loggers = [root, *(each for each in others if each.name.partition(".")[0] not in TOOLS)]
    formats = [getattr(handler.formatter, "_fmt", None) for each in loggers for handler in each.handlers]
    configured = os.environ.get("STAGELIGHT_HOOK_FORMAT")
    if configured and formats and configured not in formats:
        warn("format", configured, " and ".join(sorted({str(each) for each in formats})))
    level = os.environ.get("STAGELIGHT_HOOK_LEVEL")
    if level and int(level) not in [each.level for each in loggers]:
        warn("level", logging.getLevelName(int(level)), logging.getLevelName(root.level))


def warn(what, configured, effective):
    """A record of the stage's."""
    body = f"the logging {what} in effect is {effective}; configured is {configured}"
    attributes = _records.encode_attributes(
        {f"mlops.logging.{what}.configured": configured, f"mlops.logging.{what}.effective": effective}
    )
    _records.write_record(body, _records.describe_logger(WARN, "WARNING", "stagelight"), attributes)
