"""Numbers things of one name in a run, as `src/spool/claims.ts` does: a number is a file that only one can make."""

import os

from . import _inbox


def to_key(address):
    from hashlib import sha256

    return sha256(address.encode("utf-8", "replace")).hexdigest()[:16]


def claim(address, name):
    """The number of the next thing of this address. Whoever comes again under the same name gets the same number."""
    folder = os.path.join(os.path.dirname(_inbox.folder), "claims")
    number = 0
    while True:
        number += 1
        path = os.path.join(folder, f"{to_key(address)}.{number}")
        if make(path, f"api {name} 0\n") or name_in(path) == name:
            return number


def make(path, text):
    """Makes a file that isn't there yet; gives whether it was this call that made it."""
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return False
    try:
        os.write(handle, text.encode())
    finally:
        os.close(handle)
    return True


def name_in(path):
    with open(path) as file:
        words = file.read().split()
    return words[1] if len(words) > 1 else None
