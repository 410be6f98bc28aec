"""The span that this code runs in: a trial or a `span()` of this context, else the one that the process was started in."""

import os
from _contextvars import ContextVar

NO_SPAN = "0" * 16

# What this code runs in, the innermost last: each with the span that its records are in, if that is known.
around = ContextVar("stagelight", default=())
outer = None


def outer_span():
    """The span that this process was started in."""
    global outer
    if outer is None:
        parts = os.environ.get("TRACEPARENT", "").split("-")
        is_span = len(parts) == 4 and len(parts[2]) == 16 and is_hex(parts[2])
        outer = parts[2] if is_span else NO_SPAN
    return outer


def enter(span, *, is_known=True):
    """From here on what this context does belongs to a span."""
    around.set((*around.get(), (span, span if is_known else None)))


def leave(span):
    """It has ended; what began in it, or before it, may end later."""
    around.set(tuple(entry for entry in around.get() if entry[0] != span))


def inner_span():
    """The innermost span that began in this process; `None` outside of any."""
    entered = around.get()
    return entered[-1][1] if entered else None


def current_span():
    entered = around.get()
    return (entered[-1][1] if entered else None) or outer or outer_span()


def is_hex(text):
    return not text.strip("0123456789abcdef")


def new_span():
    """A random span ID."""
    return os.urandom(8).hex()


def derive_span(*parts):
    """The ID of a span that other observers name too, as `src/model/ids.ts` makes it."""
    from hashlib import sha256

    return sha256("\n".join(map(str, parts)).encode("utf-8", "replace")).hexdigest()[:16]
