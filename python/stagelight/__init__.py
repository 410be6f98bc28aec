"""What a Python program may say of itself to the run that it is in. Outside a run all of it does nothing.

Nothing of this is needed: under `stagelight run` what a program logs, its exceptions, and what Optuna, DVC, Hydra,
Prefect and MLflow do in it are recorded without a line of code.
"""

__all__ = ["event", "metric", "span"]


def span(name, **attributes):
    """A context manager, or decorator: what runs in it is a span of the run, and what it logs lies in that span.

    An exception that leaves it makes it a failed one, and goes on.
    """
    from . import _spans

    return _spans.Span(str(name), attributes)


def event(name, body=None, **attributes):
    """Adds an event to the span that this is called in."""
    from . import _spans

    _spans.write_event(str(name), body, attributes)


def metric(name, value, step=None):
    """Adds one value of a metric to the span that this is called in; `step` is a whole number, where there is one."""
    from . import _spans

    _spans.write_metric(str(name), value, step)
