"""Log records as entries: what all ways to a record have in common."""

import os
from itertools import count
from time import time_ns

from . import _inbox
from ._context import current_span
from ._inbox import write
from ._text import cut, quote
from ._values import encode_attributes

# In bytes; a longer body becomes several records.
MAX_BODY = 128 * 1024
# The most bytes that a character takes.
MAX_CHARACTER = 4
MAX_STACK = 96 * 1024

next_id = count(1).__next__

# What says which of many processes this is.
VARIABLES = {
    "RANK": "rank",
    "LOCAL_RANK": "local_rank",
    "SLURM_JOB_ID": "slurm.job.id",
    "SLURM_ARRAY_TASK_ID": "slurm.array.task_id",
}
place = ""
place_owner = 0


def describe_process():
    """Attributes of all of this process's records."""
    global place, place_owner
    if place_owner != _inbox.owner:
        named = {name: os.environ.get(variable) for variable, name in VARIABLES.items()}
        place = encode_attributes({"process.pid": os.getpid(), **named})
        place_owner = _inbox.owner
    return place


def describe_logger(severity, level, logger):
    """Members of the entry of a log record: how much it matters, and who says it."""
    return f'"severity":{severity},"severityText":{quote(level)},"logger":{quote(logger)}'


def write_record(body, described, attributes, time=None, span=None):
    """Writes a log record and gives its number. `described` and `attributes` are members of JSON objects; the latter may be ''."""
    number = next_id()
    own = place if place_owner == _inbox.owner else describe_process()
    shared = f"{attributes},{own}" if attributes else own
    head = f'{{"type":"log","time":"{time or time_ns()}",{described},"span":"{span or current_span()}","id":{number}'
    if len(body) > MAX_BODY // MAX_CHARACTER and len(body.encode("utf-8", "replace")) > MAX_BODY:
        write_parts(head, body, shared, number)
    else:
        write(f'{head},"body":{quote(body)},"attributes":{{{shared}}}}}')
    return number


def write_parts(head, body, attributes, number):
    """Consecutive records with one part ID."""
    step = MAX_BODY if body.isascii() else MAX_BODY // MAX_CHARACTER
    for index, start in enumerate(range(0, len(body), step)):
        part = f'"mlops.part.id":"{os.getpid()}-{number}","mlops.part.index":{index}'
        own = f"{attributes},{part}" if index == 0 else part
        write(f'{head},"body":{quote(body[start : start + step])},"attributes":{{{own}}}}}')


def write_shown(number, stream, text):
    """Says what is about to be written of a record to stdout or stderr, exactly."""
    of = f'"of":{number},' if number else ""
    write(f'{{"type":"shown","time":"{time_ns()}",{of}"stream":"{stream}","text":{quote(text)}}}')


def write_in_file(number, path):
    """Says that a record goes to a file too."""
    write(f'{{"type":"shown","time":"{time_ns()}","of":{number},"stream":"file","path":{quote(path)}}}')


def encode_exception(error, text=None):
    """An exception's attributes, as members of a JSON object."""
    told = {"exception.type": to_type_name(error), "exception.message": to_error_message(error)}
    return f'{encode_attributes(told)},"exception.stacktrace":{quote(cut_stack(text or format_exception(error)))}'


def to_type_name(error):
    """The class as a traceback names it."""
    kind = type(error)
    is_plain = kind.__module__ in ("builtins", "__main__")
    return kind.__qualname__ if is_plain else f"{kind.__module__}.{kind.__qualname__}"


def to_error_message(error):
    try:
        return cut(str(error))
    except Exception:
        return "<exception str() failed>"  # as a traceback has it


def format_exception(error):
    """The traceback as Python prints it, chained exceptions included."""
    try:
        from traceback import format_exception as lines

        return "".join(lines(type(error), error, error.__traceback__))
    except Exception as fault:
        return f"{type(error).__name__} (its traceback can't be formatted: {type(fault).__name__})\n"


def cut_stack(text):
    """A stack's beginning and end: the end says what happened."""
    text = text.rstrip("\n")
    if len(text) <= MAX_STACK:
        return text
    return f"{text[: MAX_STACK // 2]}\n… ({len(text)} characters)\n{text[-MAX_STACK // 2 :]}"


def describe_error(error):
    """`ValueError: message`, as the last line of a traceback has it."""
    try:
        from traceback import format_exception_only

        return cut("".join(format_exception_only(type(error), error)).rstrip("\n"))
    except Exception:
        return type(error).__name__
