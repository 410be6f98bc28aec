"""What DVC does with each stage, told from inside of DVC's own process."""

import json
import os
import re
from time import time_ns

from . import _claims, _context, _inbox, _queue
from ._text import cut, quote
from ._values import encode, encode_attributes
from ._wrap import observe

EXIT = re.compile(r", exited with (-?\d+)$")

# The stages that are under way, the innermost last: a command may be DVC's Python API.
under_way = []


class Execution:
    """One time that DVC looks at a stage and, if need be, runs it."""

    def __init__(self, stage, is_dry, is_forced):
        self.address = stage.addressing
        self.is_dry = is_dry
        self.is_forced = is_forced
        self.changed_outs = []
        self.has_run = False
        self.locked = describe_paths(stage)
        self.was_cmd_changed = bool(getattr(stage, "cmd_changed", False))
        self.number = _claims.claim_inside(self.address, f"{_inbox.source}-{time_ns()}")
        self.span = _context.derive_span(os.environ.get("STAGELIGHT_RUN_ID", ""), self.address, self.number)


def install(module):
    """Called when `dvc.output`, `dvc.stage` or `dvc.stage.run` was imported."""
    if module.__name__ == "dvc.output":
        observe(module.Output, "status", after=note_output)
    elif module.__name__ == "dvc.stage":
        observe(module.Stage, "reproduce", before=begin, after=end)
    else:
        observe(module, "prepare_kwargs", after=prepare)


def begin(args, kwargs):
    stage = args[0]
    execution = Execution(stage, bool(kwargs.get("dry")), bool(kwargs.get("force")))
    told = {"parent": _context.outer_span(), "cmd": describe_command(stage), "root": stage.repo.root_dir}
    write(execution, "start", told)
    _context.enter(execution.span)
    under_way.append(execution)
    return execution


def note_output(_, status, error, args, __):
    """DVC has looked whether an output is as its lock says, which it does where nothing else has changed."""
    output = args[0]
    execution = under_way[-1] if under_way else None
    if error is not None or not status or execution is None or execution.has_run:
        return
    if any(output is out for out in output.stage.outs) and output.stage.addressing == execution.address:
        execution.changed_outs.append(f"out:{output}")


def prepare(_, environment, error, args, __):
    """A command is about to run: it belongs to its stage's span. DVC has made this environment for it alone."""
    if error is not None or not under_way or under_way[-1].address != args[0].addressing:
        return
    execution = under_way[-1]
    execution.has_run = True
    version, trace_id, _, flags = os.environ["TRACEPARENT"].split("-")
    variables = environment["env"]
    variables["TRACEPARENT"] = f"{version}-{trace_id}-{execution.span}-{flags}"
    variables["STAGELIGHT_STAGE"] = f"{os.getpid()}:{execution.address}"


def end(execution, result, error, args, _):
    if execution is None:
        return
    under_way.remove(execution)
    _context.leave(execution.span)
    stage = args[0]
    told = {"outcome": to_outcome(stage, execution, result, error)}
    if error is None:
        told.update(describe_result(stage, execution, told["outcome"]))
    else:
        told.update(describe_failure(error))
    write(execution, "end", told)
    _queue.note_outcome(told["outcome"])
    _claims.close(execution.address, execution.number)


def to_outcome(stage, execution, result, error):
    """As `StageOutcome` in `src/model/pipeline.ts` has it."""
    if error is not None:
        return "failed"
    if execution.is_dry and (result is not None or execution.has_run):
        return "dry_run"
    if execution.has_run or getattr(stage, "is_import", False) and result is not None:
        return "ran"
    if stage.frozen:
        return "frozen"
    if not stage.cmd:
        return "data_source"
    return "unchanged" if result is None else "run_cache"


def describe_failure(error):
    message = cut(str(error))
    code = EXIT.search(message)
    if code is not None:
        return {"errorMessage": message, "exitCode": int(code.group(1))}
    kind = type(error)
    return {"errorMessage": message, "errorType": f"{kind.__module__}.{kind.__qualname__}"}


def describe_result(stage, execution, outcome):
    now = describe_paths(stage)
    told = {kind: [f"{path} {text}".strip() for path, text in now[kind].items()] for kind in ("deps", "outs")}
    told["attributes"] = {f"dvc.param.{name}": value for name, value in now["params"].items()}
    if outcome in ("ran", "run_cache"):
        told["changed"] = find_changes(execution, now) or find_reasons(execution, stage)
    return told


def find_reasons(execution, stage):
    """Why it ran where nothing that it depends on has changed."""
    if execution.changed_outs:
        return list(dict.fromkeys(execution.changed_outs))
    if getattr(stage, "always_changed", False):
        return ["always"]
    return ["forced"] if execution.is_forced else []


def find_changes(execution, now):
    """Why it ran: what it depends on, against what `dvc.lock` said before."""
    before = execution.locked
    changes = ["cmd"] if execution.was_cmd_changed else []
    for kind, name in (("deps", "dep"), ("params", "param")):
        known = before[kind]
        changes += [f"{name}:{key}" for key, value in now[kind].items() if known.get(key) != value]
    return changes


def describe_paths(stage):
    """Dependencies, parameters and outputs, with the hashes that they have now. Nothing is hashed for it."""
    told = {"deps": {}, "params": {}, "outs": {}}
    for dep in stage.deps:
        value = dep.hash_info.value if dep.hash_info else None
        if isinstance(value, dict):
            told["params"].update(name_parameters(dep, value))
        elif hasattr(dep, "params"):
            told["params"].update(name_parameters(dep, dict.fromkeys(dep.params)))
        else:
            told["deps"][str(dep)] = describe_hash(dep, value)
    for out in stage.outs:
        told["outs"][str(out)] = describe_hash(out, out.hash_info.value if out.hash_info else None)
    return told


def name_parameters(dep, values):
    """As those of `dvc.lock` are named (`listParameters` in `src/merge/dvc/lock.ts`): by their file, unless it is DVC's usual one."""
    file = getattr(dep, "def_path", "params.yaml")
    prefix = "" if file == "params.yaml" else f"{file}:"
    return {name: leaf for key, value in values.items() for name, leaf in flatten(f"{prefix}{key}", value)}


def flatten(name, value):
    if isinstance(value, dict) and value:
        for key, item in value.items():
            yield from flatten(f"{name}.{key}", item)
    elif isinstance(value, (list, tuple, dict)):
        yield name, json.dumps(value, separators=(",", ":"), default=str)
    else:
        yield name, value


def describe_hash(item, value):
    size = getattr(getattr(item, "meta", None), "size", None)
    return " ".join(str(part) for part in (value, size) if part is not None)


def describe_command(stage):
    return "\n".join(stage.cmd) if isinstance(stage.cmd, list) else stage.cmd


def write(execution, phase, told):
    attributes = encode_attributes(told.pop("attributes", {}))
    members = "".join(f",{quote(name)}:{encode(value)}" for name, value in told.items() if value not in (None, []))
    members += f',"attributes":{{{attributes}}}' if attributes else ""
    _inbox.write(
        f'{{"type":"dvc-stage","time":"{time_ns()}","phase":"{phase}","stage":{quote(execution.address)},'
        f'"span":"{execution.span}"{members}}}'
    )
