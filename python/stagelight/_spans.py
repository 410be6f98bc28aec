"""Spans, events and metrics as entries."""

from time import time_ns

from . import _context, _inbox, _records
from ._text import quote
from ._values import encode_attributes


def start_span(kind, span, name, *, parent=None, attributes=None, time=None):
    """Says that a span has begun. The kinds stand in `src/model/inbox.ts`."""
    told = f',"attributes":{{{encode_attributes(attributes)}}}' if attributes else ""
    _inbox.write(
        f'{{"type":"span-start","kind":"{kind}","time":"{time or time_ns()}","span":"{span}",'
        f'"parent":"{parent or _context.outer_span()}","name":{quote(name)}{told}}}'
    )


def end_span(span, *, time=None, error=None, attributes=None, members=""):
    """Says that a span has ended. `members` are members of the entry, each with a comma before it."""
    told = f',"attributes":{{{encode_attributes(attributes)}}}' if attributes else ""
    if error is not None:
        message = _records.to_error_message(error)
        told += f',"errorType":{quote(_records.to_type_name(error))},"errorMessage":{quote(message)}'
    _inbox.write(f'{{"type":"span-end","time":"{time or time_ns()}","span":"{span}"{told}{members}}}')


def write_metric(name, value, step=None, *, span=None, time=None):
    if not _inbox.is_open():
        return
    number = float(value)
    is_finite = number - number == 0
    shown = repr(number) if is_finite else '"NaN"' if number != number else f'"{"-" if number < 0 else ""}Infinity"'
    told = "" if step is None else f',"step":{int(step)}'
    _inbox.write(
        f'{{"type":"metric","time":"{time or time_ns()}","name":{quote(name)},"value":{shown}{told},'
        f'"span":"{span or _context.current_span()}"}}'
    )


def write_event(name, body, attributes):
    if not _inbox.is_open():
        return
    told = encode_attributes(attributes)
    text = "" if body is None else f'"body":{quote(str(body))},'
    place = _records.describe_process()
    _inbox.write(
        f'{{"type":"log","time":"{time_ns()}","event":{quote(name)},{text}"logger":"stagelight",'
        f'"span":"{_context.current_span()}","attributes":{{{told}{"," if told else ""}{place}}}}}'
    )


class Span:
    """A span of the program's own: `with` it, or put it before a function."""

    def __init__(self, name, attributes):
        self.name = name
        self.attributes = attributes
        self.entered = []

    def __enter__(self):
        if _inbox.is_open():
            span = _context.new_span()
            start_span("span", span, self.name, parent=_context.current_span(), attributes=self.attributes)
            _context.enter(span)
            self.entered.append(span)
        return self

    def __exit__(self, kind, error, traceback):
        if self.entered:
            span = self.entered.pop()
            _context.leave(span)
            end_span(span, error=error, members="" if error is None else ',"status":"error"')

    def __call__(self, function):
        """As a decorator: each call is a span."""
        from functools import wraps

        @wraps(function)
        def call(*args, **kwargs):
            with Span(self.name, dict(self.attributes)):
                return function(*args, **kwargs)

        @wraps(function)
        async def call_later(*args, **kwargs):
            with Span(self.name, dict(self.attributes)):
                return await function(*args, **kwargs)

        is_coroutine = getattr(getattr(function, "__code__", None), "co_flags", 0) & 0x80
        return call_later if is_coroutine else call
