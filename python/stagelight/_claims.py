"""Numbers things of one name in a run, as `src/spool/claims.ts` does: a number is a file that only one can make."""

import os
from _thread import get_ident
from time import time_ns

from . import _inbox


def to_key(address):
    from hashlib import sha256

    return sha256(address.encode("utf-8", "replace")).hexdigest()[:16]


def claim(address, name):
    """The number of the next thing of this address. Whoever comes again under the same name gets the same number."""
    number = 0
    while True:
        number += 1
        path = to_path(address, number)
        if make(path, f"api {name} 0\n") or words_of(path)[1:2] == [name]:
            return number


def claim_inside(address, name):
    """The number of an execution of a DVC stage that is seen from inside of DVC: one that a marker told of, or a new one."""
    text = f"dvc {name} {time_ns()}\n"
    number = 0
    while True:
        number += 1
        path = to_path(address, number)
        if make(path, text):
            return number
        if words_of(path)[:1] == ["console"] and make(f"{path}.joined", text):
            return number


def close(address, number):
    """The execution is over: nobody joins it any more."""
    make(f"{to_path(address, number)}.joined", "closed\n")


def to_path(address, number):
    return os.path.join(os.path.dirname(_inbox.folder), "claims", f"{to_key(address)}.{number}")


def make(path, text):
    """Makes a file that isn't there yet; gives whether it was this call that made it. It has its text from the start."""
    if os.path.exists(path):
        return False
    written = f"{path}.{os.getpid()}-{get_ident()}"
    write(written, text)
    try:
        os.link(written, path)
        return True
    except FileExistsError:
        return False
    except OSError:
        return make_slowly(path, text)
    finally:
        os.unlink(written)


def make_slowly(path, text):
    """Where the file system has no links: for a moment the file is there without its text."""
    try:
        write(path, text)
        return True
    except FileExistsError:
        return False


def write(path, text):
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        os.write(handle, text.encode())
    finally:
        os.close(handle)


def words_of(path):
    with open(path) as file:
        return file.read().split()
