"""Puts functions of ours around those of the program's libraries, so that hardly anything of it is seen."""


def disguise(function, original, first_line=None):
    """The function, as one of the file that the original stands in.

    Libraries look at the file names of frames: `logging` to find who logs, `warnings` (`skip_file_prefixes`) and Optuna to
    find whom to warn.
    """
    code = getattr(original, "__code__", None)
    if code is not None:
        line = first_line or code.co_firstlineno
        function.__code__ = function.__code__.replace(co_filename=code.co_filename, co_firstlineno=line)
    for name in ("__module__", "__name__", "__qualname__", "__doc__"):
        setattr(function, name, getattr(original, name, None))
    return function


def observe(owner, name, before=None, after=None):
    """Calls `before(args, kwargs)` and `after(told, result, error, args, kwargs)` around a function.

    `told` is what `before` gave. What either raises is dropped.
    """
    original = getattr(owner, name, None)
    if original is None:
        return False

    def wrapper(*args, **kwargs):
        told = safely(before, args, kwargs)
        try:
            result = original(*args, **kwargs)
        except BaseException as error:
            safely(after, told, None, error, args, kwargs)
            raise
        safely(after, told, result, None, args, kwargs)
        return result

    wrapper.__wrapped__ = original
    setattr(owner, name, disguise(wrapper, original))
    return True


def safely(function, *args):
    if function is None:
        return None
    try:
        return function(*args)
    except Exception as error:
        from . import _inbox

        _inbox.write_fault("hook-failed", f"{function.__name__}: {error!r}")
        return None
