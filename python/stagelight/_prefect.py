"""Prefect's flow and task runs, of 3.x: its engines tell `RunTelemetry` of each run, whether anybody listens or not."""

import os
import sys

from . import _context, _logging
from ._spans import end_span, start_span
from ._text import cut, quote
from ._wrap import disguise, observe, safely

# What a flow run carries, so that it can be found by the run's ID.
RUN_ID = "stagelight.run_id"
RESULTS = {"COMPLETED": "success", "FAILED": "failure", "CRASHED": "error", "CANCELLED": "cancellation"}

# Runs that are under way, and spans of all runs by the run's ID, for what Prefect logs when they have ended.
under_way = {}
spans = {}
MAX_SPANS = 10_000


class Run:
    def __init__(self, run):
        self.is_task = hasattr(run, "task_key")
        self.told = run
        self.name = run.name
        self.id = str(run.id)
        what = f"prefect {'task' if self.is_task else 'flow'} {run.name}"
        self.span = _context.derive_span(os.environ.get("STAGELIGHT_RUN_ID", ""), what, 1)


def install(module):
    """Called when `prefect.telemetry.run_telemetry` was imported."""
    telemetry = module.RunTelemetry
    observe(telemetry, "start_span", before=begin, after=label)
    wrap_async_start(telemetry)
    observe(telemetry, "update_state", before=note_state)
    _logging.finders["prefect"] = find_span


def wrap_async_start(telemetry):
    original = telemetry.async_start_span

    async def async_start_span(self, run, client, parameters=None):
        safely(begin, (self, run, client, parameters), {})
        result = await original(self, run, client, parameters)
        if not hasattr(run, "task_key"):
            try:
                await client.update_flow_run_labels(run.id, to_labels())
            except Exception:
                pass
        return result

    telemetry.async_start_span = disguise(async_start_span, original)


def begin(args, kwargs):
    telemetry = args[0]
    told = args[1] if len(args) > 1 else kwargs["run"]
    run = Run(told)
    under_way[id(telemetry)] = run
    kind = "task" if run.is_task else "flow"
    attributes = {f"prefect.{kind}_run.id": run.id, f"prefect.{kind}_run.name": run.name}
    parent = _context.inner_span()
    if not run.is_task:
        client = args[2] if len(args) > 2 else kwargs["client"]
        attributes["prefect.api_url"] = str(client.api_url).rstrip("/")
    if run.is_task:
        attributes["prefect.flow_run.id"] = None if told.flow_run_id is None else str(told.flow_run_id)
        parent = parent or spans.get(str(told.flow_run_id))
    start_span("stage" if run.is_task else "flow", run.span, to_name(told, run), parent=parent, attributes=attributes)
    _context.enter(run.span)
    spans[run.id] = run.span
    if len(spans) > MAX_SPANS:
        del spans[next(iter(spans))]


def to_name(told, run):
    """A task's name without the piece of its run's ID; a flow's, which only the engine knows, that calls us."""
    if run.is_task:
        name, _, end = run.name.rpartition("-")
        return name if name and len(end) == 3 else run.name
    frame = sys._getframe()
    while frame is not None:
        engine = frame.f_locals.get("self")
        if getattr(engine, "flow_run", None) is told:
            return engine.flow.name
        frame = frame.f_back
    return run.name


def label(_, __, error, args, kwargs):
    """The run's ID, on the flow run: Prefect gives runs IDs of its own."""
    run = args[1] if len(args) > 1 else kwargs["run"]
    client = args[2] if len(args) > 2 else kwargs["client"]
    if error is None and not hasattr(run, "task_key"):
        client.update_flow_run_labels(run.id, to_labels())


def to_labels():
    return {RUN_ID: os.environ.get("STAGELIGHT_RUN_ID", "")}


def note_state(args, _):
    telemetry, state = args[:2]
    if not state.is_final():
        return
    run = under_way.pop(id(telemetry), None)
    if run is None:
        return
    kind = state.type.name
    members = f',"result":"{RESULTS.get(kind, "success")}"'
    error = find_error(state) if kind in ("FAILED", "CRASHED") else None
    if error is None and kind in ("FAILED", "CRASHED"):
        members += f',"errorMessage":{quote(cut(state.message or state.name))}'
    time = f"{round(state.timestamp.timestamp() * 1e6)}000"
    # A name of the user's own is given to it after it has begun.
    name = f"prefect.{'task' if run.is_task else 'flow'}_run.name"
    attributes = {"prefect.state.name": state.name, name: run.told.name}
    end_span(run.span, time=time, error=error, attributes=attributes, members=members)
    _context.leave(run.span)


def find_error(state):
    """What was raised: it is the state's result."""
    error = getattr(state.data, "result", state.data)
    return error if isinstance(error, BaseException) else None


def find_span(record, _):
    """Prefect's loggers say which run a record is about, also when that has ended."""
    told = record.__dict__
    return spans.get(str(told.get("task_run_id"))) or spans.get(str(told.get("flow_run_id")))
