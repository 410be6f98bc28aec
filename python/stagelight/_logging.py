"""Records of Python's `logging`: written before the program's handlers see them, however those are configured.

`Logger.callHandlers` is where every record that passed level and filters comes by, whatever `dictConfig` or
`basicConfig(force=True)` do to the handlers.
"""

import os
import sys

from . import _inbox, _records
from ._text import quote
from ._values import encode_attributes
from ._wrap import disguise

# What a record has without `extra`, and what handlers add to it.
STANDARD = frozenset(
    (
        "name msg args levelname levelno pathname filename module exc_info exc_text stack_info lineno funcName created"
        " msecs relativeCreated thread threadName processName process taskName message asctime"
    ).split()
)
# Prefect's loggers put these into their records.
PREFECT = {
    "flow_run_id": "prefect.flow_run.id",
    "flow_run_name": "prefect.flow_run.name",
    "task_run_id": "prefect.task_run.id",
    "task_run_name": "prefect.task_run.name",
}
# So many of the newest records are known again when a handler in another thread writes them.
MAX_KNOWN = 4096

STREAMS = {1: "stdout", 2: "stderr"}
CONSOLES = {"/dev/stdout": "stdout", "/dev/stderr": "stderr"}
# What each handler has written last.
last_in_file = None

# The numbers of the newest records.
known = {}
# Processes that have an inbox.
watched = set()
# What was said of places in the code, and of threads, before.
places = {}
threads = {}
fresh_code = None
standard_length = 0
# Find the span of a record, by the first part of its logger's name: what ends may be logged when it has ended.
finders = {}


def install(logging):
    """Called when the program has imported `logging`."""
    global fresh_code, standard_length, last_in_file
    from weakref import WeakKeyDictionary

    last_in_file = WeakKeyDictionary()
    standard_length = len(logging.makeLogRecord({}).__dict__)
    fresh_code = logging.Logger._log.__code__
    logging.Logger.callHandlers = CallHandlers(logging)
    logging.Handler.format = wrap_format(logging)


class CallHandlers:
    """`Logger.callHandlers`, with a look at the record where the method is asked for: a frame of ours around the program's
    handlers would stand in tracebacks."""

    def __init__(self, logging):
        self.original = logging.Logger.callHandlers
        self.caller = logging.Logger.handle.__code__
        self.wrapper = self.wrap()

    def __get__(self, logger, kind=None):
        if logger is None:
            return self.wrapper
        frame = sys._getframe(1)
        if frame.f_code is not self.caller:
            return self.wrapper.__get__(logger, kind)
        try:
            take(frame.f_locals["record"], frame.f_back)
        except Exception:
            pass
        return self.original.__get__(logger, kind)

    def wrap(self):
        original = self.original

        def callHandlers(self, record):
            try:
                take(record, None)
            except Exception:
                pass
            return original(self, record)

        return disguise(callHandlers, original)


def wrap_format(logging):
    """`Handler.format` with a look at what it gives. It is rewritten, not wrapped: it stands in tracebacks."""
    original = logging.Handler.format
    stream_handler = logging.StreamHandler

    # fmt: off
    def format(self, record):
        fmt = self.formatter or logging._defaultFormatter
        text = (
               fmt.format(record)
        )
        try:
            if isinstance(self, stream_handler):
                note_shown(self, record, text)
        except Exception:
            pass
        return text
    # fmt: on

    # The line of the call is to be the original's last line, whose text a traceback shows.
    last = max(line for *_, line in lines_of(original.__code__))
    return disguise(format, original, last - 3)


def lines_of(code):
    import dis

    return list(dis.findlinestarts(code))


def take(record, logged_by):
    """Writes a record, unless it is one that came by before. `logged_by` is the frame that had it handled, if known."""
    key = (record.created, record.thread)
    # Two may be logged at one instant; but what a queue's listener hands on is the one that is known.
    if key in known and (logged_by is None or logged_by.f_code is not fresh_code):
        return
    if record.process != _inbox.owner and is_handed_on(record.process):
        return  # made, and written, by another process that hands its records on
    known[key] = write_log(record)
    if len(known) > MAX_KNOWN:
        del known[next(iter(known))]


def is_handed_on(pid):
    """Whether a record was made in another process, one that writes an inbox of its own."""
    if pid is None or pid == os.getpid():
        return False
    if pid not in watched:
        prefix = f"{_inbox.to_base36(pid)}-"
        if not any(name.startswith(prefix) for name in os.listdir(_inbox.folder)):
            return False
        watched.add(pid)
    return True


def write_log(record):
    """Writes a record and gives its number."""
    place = (record.name, record.levelno, record.levelname, record.pathname, record.lineno, record.funcName)
    told = places.get(place) or describe_place(place)
    thread = threads.get(record.threadName) or describe_thread(record.threadName)
    attributes = f"{told[1]},{thread}"
    if len(record.__dict__) > standard_length or record.exc_info or record.exc_text or record.stack_info:
        attributes += describe_more(record)
    message = to_message(record)
    find = finders.get(record.name.partition(".")[0]) if finders else None
    span = None if find is None else find(record, message)
    return _records.write_record(message, told[0], attributes, to_nanoseconds(record.created), span=span)


def describe_place(place):
    """What all records of one call have: members of the entry, and of its attributes."""
    name, level, level_name, path, line, function = place
    head = _records.describe_logger(to_severity(level), level_name, name)
    code = f'"code.file.path":{quote(path)},"code.line.number":{int(line or 0)},"code.function.name":{quote(function or "")}'
    if len(places) >= MAX_KNOWN:
        places.clear()
    places[place] = (head, code)
    return head, code


def describe_thread(name):
    if len(threads) >= MAX_KNOWN:
        threads.clear()
    threads[name] = described = f'"thread.name":{quote(name or "")}'
    return described


def describe_more(record):
    """The attributes that most records don't have, with a comma before each."""
    told = ""
    if len(record.__dict__) > standard_length:
        extra = encode_attributes(find_extra(record))
        told = f",{extra}" if extra else ""
    error = record.exc_info[1] if record.exc_info else None
    if error is not None:
        told += f",{_records.encode_exception(error)}"
    elif record.exc_text:
        told += f',"exception.stacktrace":{quote(_records.cut_stack(record.exc_text))}'
    if record.stack_info:
        told += f',"code.stacktrace":{quote(_records.cut_stack(record.stack_info))}'
    return told


def to_message(record):
    try:
        message = record.getMessage()
        return message if message or not record.exc_info else to_reason(record.exc_info[1])
    except Exception:
        return str(record.msg)  # `logging` itself prints what is wrong with it


def to_reason(error):
    """What `logger.exception("")` leaves to be said by the exception, with what caused it: as DVC writes it."""
    reasons = []
    while error is not None and len(reasons) < 10:
        reasons.append(str(error))
        error = error.__cause__
    return ": ".join(filter(None, reasons))


def find_extra(record):
    names = PREFECT if record.name.startswith("prefect") else {}
    return {names.get(name, name): value for name, value in record.__dict__.items() if name not in STANDARD}


def to_severity(level):
    """As `fromPythonLevel` in `src/model/severity.ts`."""
    tens = min(int(level) // 10, 5)
    return 1 + tens * 4 + min(int(level) - tens * 10, 3) if level >= 10 else 1


def to_nanoseconds(seconds):
    """A float of seconds says no more than microseconds."""
    return f"{int(seconds * 1e6 + 0.5)}000"


def note_shown(handler, record, text):
    """Says what a handler is about to write to stdout or stderr, or that it writes to a file."""
    number = known.get((record.created, record.thread))
    path = getattr(handler, "baseFilename", None)
    stream = CONSOLES.get(path) or (to_stream(handler.stream) if path is None else None)
    if stream is not None:
        _records.write_shown(number, stream, f"{text}{handler.terminator}")
    elif path is not None and number is not None and (number, path) != last_in_file.get(handler):
        last_in_file[handler] = (number, path)  # a rotating one formats each record twice
        _records.write_in_file(number, path)


def to_stream(stream):
    """Which of the standard streams a file object is. One that stands before them, as MLflow's, says nothing of it."""
    try:
        return STREAMS.get(stream.fileno())
    except AttributeError:
        return "stderr"
    except (OSError, ValueError):
        return None  # it is in memory, or closed
