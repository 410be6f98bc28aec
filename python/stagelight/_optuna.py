"""Optuna's studies and trials, from 2.10 on: by `optimize` and by `ask` and `tell` alike.

Every trial begins with a `Trial` object, and ends in `_tell_with_warning` (`Study.tell` before Optuna 3).
"""

import atexit
import os
import sys
from _thread import get_ident
from weakref import WeakKeyDictionary

from . import _claims, _context, _logging
from ._spans import end_span, start_span, write_metric
from ._wrap import observe

# What a study's own storage keeps of us, so that it can be found by the run's ID.
RUN_ID = "stagelight.run_id"

# Of each storage that is alive the studies that are known, by process and their number in it; and all there ever were.
storages = WeakKeyDictionary()
studies = []
# Per thread: the trial that ended last, and the line that is going to say so.
ended = {}


class KnownStudy:
    def __init__(self, study):
        self.name = study.study_name
        self.storage = describe_storage(study._storage)
        self.directions = [direction.name.lower() for direction in study.directions]
        self.parent = _context.outer_span()
        self.key = to_study_key(study, self.name, self.parent)
        self.span = _context.derive_span(self.parent, "study", self.key)
        self.best = None
        self.open = {}
        self.last_end = None
        self.pid = os.getpid()

    @property
    def attributes(self):
        directions = self.directions
        shown = directions[0] if len(directions) == 1 else directions
        return {
            "optuna.study.name": self.name,
            "optuna.study.direction": shown,
            "optuna.study.storage": self.storage,
        }


class OpenTrial:
    def __init__(self, span, parent, claim=None):
        self.span = span
        self.parent = parent
        self.claim = claim
        self.steps = set()

    def is_first_end(self):
        """One that was asked for may be told more than once, and by any process."""
        return self.claim is None or _claims.make(f"{self.claim}.joined", "told\n")


def install(module):
    """Called when `optuna.trial._trial`, `optuna.study._tell` or `optuna.study.study` was imported."""
    if module.__name__ == "optuna.study._tell":
        observe(module, "_tell_with_warning", after=end_trial)
        return
    if module.__name__ == "optuna.study.study":
        if "optuna.study._tell" not in sys.modules:
            observe(module.Study, "tell", after=end_trial)  # Optuna 2
        return
    observe(module.Trial, "__init__", after=begin_trial)
    observe(module.Trial, "report", after=note_report)
    _logging.finders["optuna"] = find_ended


def to_study_key(study, name, parent):
    """The study's name, made unique in its parent: one in memory is another one each time, one in a storage is not."""
    storage = study._storage
    if is_in_memory(study):
        claimant = f"{os.getpid()}-{id(storage):x}-{study._study_id}"
    else:
        claimant = "storage-" + _claims.to_key(f"{describe_storage(storage)} {study._study_id}")
    number = _claims.claim(f"study {name} in {parent}", claimant)
    return name if number == 1 else f"{name}#{number}"


def is_in_memory(study):
    """Such a study is gone with its process: no other one knows it."""
    return type(study._storage).__name__ == "InMemoryStorage"


def describe_storage(storage):
    inner = getattr(storage, "_backend", storage)
    return getattr(inner, "url", None) or getattr(inner, "_file_path", None) or type(inner).__name__


def find_study(study, time=None):
    """The study as this process knows it: one, however many threads meet it at once."""
    numbered = storages.setdefault(study._storage, {})
    key = (os.getpid(), study._study_id)
    known = numbered.get(key)
    if known is not None:
        return known
    mine = KnownStudy(study)
    known = numbered.setdefault(key, mine)
    if known is mine:
        start_span("study", known.span, "study", parent=known.parent, attributes=known.attributes, time=time)
        mark(study, study.set_user_attr)
        if not studies:
            atexit.register(end_studies)
        studies.append(known)
    return known


def mark(study, set_user_attr):
    run_id = os.environ.get("STAGELIGHT_RUN_ID")
    if run_id and not is_in_memory(study):
        set_user_attr(RUN_ID, run_id)


def begin_trial(_, __, error, args, ___):
    if error is not None:
        return
    trial = args[0]
    frozen = trial.storage.get_trial(trial._trial_id)
    if frozen.state.name != "RUNNING":
        return
    time = to_nanoseconds(frozen.datetime_start)
    known = find_study(trial.study, time)
    span = _context.derive_span(known.parent, known.key, frozen.number)
    mine = known.open[frozen.number] = OpenTrial(span, known.span)
    start_trial(mine, known.name, frozen)
    mark(trial.study, trial.set_user_attr)
    is_asked = not getattr(getattr(trial.study, "_thread_local", None), "in_optimize_loop", False)
    if is_asked and not is_in_memory(trial.study):
        mine.claim = to_claim(trial.study, frozen.number)
        _claims.make(mine.claim, f"api {mine.span} {mine.parent}\n")
    # From here on this thread's records are the trial's. Of several that were asked for nobody knows which is meant.
    _context.enter(mine.span, is_known=not (is_asked and len(known.open) > 1))


def start_trial(mine, study_name, frozen):
    attributes = {"optuna.study.name": study_name, "optuna.trial.number": frozen.number}
    time = to_nanoseconds(frozen.datetime_start)
    start_span("trial", mine.span, "trial", parent=mine.parent, attributes=attributes, time=time)


def to_claim(study, number):
    """Where it is written which span a trial is: another process may tell of it."""
    return _claims.to_path(f"trial {number} of {describe_storage(study._storage)} {study._study_id}", 1)


def note_report(_, __, error, args, kwargs):
    trial = args[0]
    known = find_study(trial.study)
    mine = known.open.get(trial.number)
    value = args[1] if len(args) > 1 else kwargs["value"]
    step = int(args[2] if len(args) > 2 else kwargs["step"])
    if error is None and mine is not None and step not in mine.steps:
        mine.steps.add(step)  # Optuna keeps the first value of a step
        write_metric("intermediate_value", float(value), step, span=mine.span)


def end_trial(_, __, error, args, kwargs):
    study = args[0] if args else kwargs["study"]
    trial = args[1] if len(args) > 1 else kwargs["trial"]
    frozen = study._storage.get_trial(to_trial_id(study, trial))
    if not frozen.state.is_finished():
        return
    known, mine = find_trial(study, frozen)
    if mine is None or not mine.is_first_end():
        return
    time = to_nanoseconds(frozen.datetime_complete)
    known.last_end = time
    write_values(mine, frozen, time)
    end_span(
        mine.span,
        time=time,
        error=find_objective_error() if frozen.state.name == "FAIL" else None,
        attributes=describe_trial(known, study, frozen),
        members=f',"state":"{frozen.state.name}"',
    )
    _context.leave(mine.span)
    ended[get_ident()] = (f"Trial {frozen.number} ", mine.span)


def find_trial(study, frozen):
    """A trial that has ended, and its study: one of this process, or one that another process of the run has asked for."""
    known = storages.get(study._storage, {}).get((os.getpid(), study._study_id))
    mine = known and known.open.pop(frozen.number, None)
    if mine is not None:
        return known, mine
    mine = find_asked(study, frozen.number)
    if mine is None:
        return known, None  # it had ended before, or began before the run
    known = KnownStudy(study)
    if known.span == mine.parent:
        known = find_study(study)
    # Both tell of its beginning: nobody knows which of the two is read first.
    start_trial(mine, known.name, frozen)
    return known, mine


def find_asked(study, number):
    if is_in_memory(study):
        return None
    claim = to_claim(study, number)
    if not os.path.exists(claim):
        return None
    _, span, parent = _claims.words_of(claim)
    return OpenTrial(span, parent, claim)


def to_trial_id(study, trial):
    """`tell` takes a trial or its number."""
    if isinstance(trial, int):
        return study._storage.get_trial_id_from_study_id_trial_number(study._study_id, trial)
    return trial._trial_id


def write_values(mine, frozen, time):
    values = frozen.values or []
    for index, value in enumerate(values):
        name = "value" if len(values) == 1 else f"values.{index}"
        write_metric(name, value, span=mine.span, time=time)


def describe_trial(known, study, frozen):
    params = frozen.params.items()
    attributes = {f"optuna.trial.param.{name}": "None" if value is None else value for name, value in params}
    values = frozen.values or []
    if len(values) == 1:
        attributes["optuna.trial.value"] = float(values[0])
    elif values:
        attributes["optuna.trial.values"] = [float(value) for value in values]
    if frozen.state.name == "COMPLETE" and len(known.directions) == 1:
        attributes["optuna.trial.best"] = is_best(known, study, frozen.number)
    return attributes


def is_best(known, study, number):
    """Whether it is the best one so far, also among those of other processes that share the study."""
    try:
        known.best = study._storage.get_best_trial(study._study_id).number
    except ValueError:
        return False  # none is complete, as its value was no number
    return known.best == number


def find_objective_error():
    """What the objective raised: a variable of `_run_trial`, which calls us."""
    frame = sys._getframe()
    for _ in range(6):
        frame = frame and frame.f_back
        if frame is not None and frame.f_code.co_name == "_run_trial":
            return frame.f_locals.get("func_err")
    return None


def find_ended(_, message):
    """The span of the trial that a line says the end of: it comes when the trial has ended."""
    start, span = ended.get(get_ident(), ("\0", None))
    return span if message.startswith(start) else None


def end_studies():
    """A study has no end that it tells of; with the process it is over. Trials that were asked for may go on elsewhere."""
    for known in studies:
        if known.pid != os.getpid():
            continue
        asked = [trial for trial in known.open.values() if trial.claim is not None]
        for trial in asked:
            end_span(trial.span, members=',"state":"RUNNING"')
        if asked or known.last_end is not None:
            attributes = {} if known.best is None else {"optuna.study.best_trial": known.best}
            end_span(known.span, time=known.last_end, attributes=attributes)


def to_nanoseconds(moment):
    """Optuna's times are naive and local."""
    return None if moment is None else f"{round(moment.timestamp() * 1e6)}000"
