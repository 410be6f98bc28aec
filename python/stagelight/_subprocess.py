"""Commands that a trial, a flow, a task or a `span()` starts belong to it: `TRACEPARENT` in their environment says so."""

import os

from . import _context
from ._wrap import disguise, safely

# Of `_execute_child(self, args, executable, preexec_fn, close_fds, pass_fds, cwd, env, ...)`.
ENVIRONMENT = 7


def install(subprocess):
    """Called when the program has imported `subprocess`."""
    original = getattr(subprocess.Popen, "_execute_child", None)
    names = getattr(getattr(original, "__code__", None), "co_varnames", ())
    if names[ENVIRONMENT : ENVIRONMENT + 1] != ("env",):
        return

    def _execute_child(self, *args):
        return original(self, *(safely(point_to_span, args) or args))

    subprocess.Popen._execute_child = InSpan(original, disguise(_execute_child, original))


class InSpan:
    """A method that is another one while a span is under way: elsewhere no frame of ours stands in a traceback."""

    def __init__(self, original, wrapper):
        self.original = original
        self.wrapper = wrapper

    def __get__(self, process, kind=None):
        method = self.original if _context.inner_span() is None else self.wrapper
        return method.__get__(process, kind)


def point_to_span(args):
    """The arguments with an environment that names the span which is current here. The program's own is left alone."""
    environment = args[ENVIRONMENT - 1]
    variables = dict(os.environ if environment is None else environment)
    inherited = variables.get("TRACEPARENT")
    if inherited != os.environ.get("TRACEPARENT") or inherited is None:
        return None  # it has none, or one that was made for it
    version, trace_id, _, flags = inherited.split("-")
    variables["TRACEPARENT"] = f"{version}-{trace_id}-{_context.inner_span()}-{flags}"
    return (*args[: ENVIRONMENT - 1], variables, *args[ENVIRONMENT:])
