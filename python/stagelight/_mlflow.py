"""Which MLflow store a program uses, and which runs it makes there. What is written there is MLflow's and its alone."""

import os
from time import time_ns

from . import _context, _inbox
from ._text import quote
from ._wrap import observe

told = set()


def install(module):
    """Called when `mlflow.tracking._tracking_service.client` was imported: all ways to a store lead through it."""
    observe(module.TrackingServiceClient, "__init__", after=note_store)
    observe(module.TrackingServiceClient, "create_run", after=note_run)


def note_store(_, __, error, args, ___):
    uri = str(args[0].tracking_uri)
    if error is None and (os.getpid(), uri) not in told:
        told.add((os.getpid(), uri))
        write(uri)


def note_run(_, run, error, args, __):
    if error is None:
        tags = run.data.tags
        members = {
            "run": run.info.run_id,
            "experiment": run.info.experiment_id,
            "parent": tags.get("mlflow.parentRunId"),
        }
        write(str(args[0].tracking_uri), members)


def write(uri, members=None):
    shown = "".join(f',"{name}":{quote(str(value))}' for name, value in (members or {}).items() if value is not None)
    _inbox.write(
        f'{{"type":"mlflow","time":"{time_ns()}","uri":{quote(uri)},"cwd":{quote(os.getcwd())},'
        f'"span":"{_context.current_span()}"{shown}}}'
    )
