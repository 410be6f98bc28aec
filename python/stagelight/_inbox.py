"""Appends entries to this process's inbox, a file of JSON lines. What they look like stands in `src/model/inbox.ts`.

An entry is one write, and with the operating system when the call returns: a process that is killed loses nothing.
"""

import os
import sys
from os import lseek
from os import write as write_bytes
from time import time_ns

from ._text import cut, quote

# As `stat` names them, which needn't be imported for it.
FILE_TYPE, REGULAR_FILE = 0o170000, 0o100000

DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"
# Numbers that a program's own files hardly have: those must get the numbers that they get without us.
DESCRIPTORS = range(250, 200, -1)

folder = None
# Of the process that has it open: after a fork the child has the parent's, and needs one of its own.
owner = None
source = None
descriptor = None
inode = None
# Where our file ends. Another file that has got its number hardly has this place, and asking costs a tenth of `fstat`.
position = 0
# Now and then it is asked all the same: whether the run has ended.
check_at = 0
CHECK_BYTES = 256 * 1024
lost = 0


def open_inbox(run_dir):
    """Makes the inbox and says that this process is here. Gives whether that went well."""
    global folder
    folder = os.path.join(run_dir, "inbox")
    if hasattr(os, "register_at_fork"):
        os.register_at_fork(after_in_child=leave_to_parent)
    return open_file()


def leave_to_parent():
    """This process is a fork: what it says goes to a file of its own."""
    global owner, position
    owner = None
    position = -1


def is_open():
    return folder is not None


def write(line):
    """Appends one entry, without its newline. Never raises."""
    global lost, position
    try:
        if (lseek(descriptor, 0, 1) != position or position > check_at) and not check():
            return
        if lost:
            tell_losses()
        data = f"{line}\n".encode()
        if write_bytes(descriptor, data) == len(data):
            position += len(data)
            return
    except Exception:
        pass
    lost += 1  # no space, no handles left, or the interpreter is already half gone


def write_fault(code, message):
    write(f'{{"type":"fault","time":"{time_ns()}","code":{quote(code)},"message":{quote(message)}}}')


def tell_losses():
    """The disk takes something again. What was written in half ends first, so that it takes nothing else along."""
    global lost, position
    message = f"{lost} entries of process {owner} were lost"
    fault = f'{{"type":"fault","time":"{time_ns()}","code":"entries-lost","message":"{message}","count":{lost}}}'
    data = f"\n{fault}\n".encode()
    if write_bytes(descriptor, data) != len(data):
        raise OSError
    lost = 0
    position += len(data)


def check():
    """Whether there is an inbox to write to: the one that is open, or a new one."""
    global folder, position, check_at
    status = look()
    if status is not None and status.st_nlink == 0:
        folder = None  # the run has ended
    if status is None or owner is None or folder is None:
        return open_file()
    position = status.st_size
    check_at = position + CHECK_BYTES
    return True


def look():
    """The state of our file; `None` where its number isn't ours any more: a program may close all files, as daemons do."""
    try:
        status = os.fstat(descriptor)
    except (OSError, TypeError):
        return None
    return status if (status.st_dev, status.st_ino) == inode else None


def open_file():
    """Gives whether there is an inbox. There is none when the run has ended, or is somebody else's."""
    global folder, owner, source, descriptor, inode, position, check_at
    if folder is None:
        return False
    if look() is not None:
        os.close(descriptor)  # the parent's
    owner = os.getpid()
    source = f"{to_base36(owner)}-{to_base36(time_ns() // 1_000_000)}"
    try:
        low = os.open(os.path.join(folder, f"{source}.jsonl"), os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        status = os.fstat(low)
        inode = (status.st_dev, status.st_ino)
        descriptor = move_up(low)
        position = os.write(descriptor, f"{describe_process()}\n".encode())
        check_at = position + CHECK_BYTES
    except OSError:
        folder = None
    return folder is not None


def move_up(low):
    for high in DESCRIPTORS:
        try:
            os.fstat(high)
        except OSError:
            try:
                os.dup2(low, high, inheritable=False)
            except OSError:
                return low
            os.close(low)
            return high
    return low


def describe_process():
    """The first entry: that this process is here, and where in the run it is."""
    from . import _context

    arguments = ",".join(quote(cut(argument, 1000)) for argument in getattr(sys, "orig_argv", sys.argv)[:100])
    stage = os.environ.get("DVC_STAGE")
    console = os.environ.get("STAGELIGHT_CONSOLE")
    return (
        f'{{"type":"hook","time":"{time_ns()}","pid":{owner},"ppid":{os.getppid()},"argv":[{arguments}],'
        f'"python":"{sys.version.split()[0]}","span":"{_context.outer_span()}"'
        + (f',"stage":{quote(stage)}' if stage else "")
        + (
            f',"console":{quote(console)}{describe_stream("stdout", 1)}{describe_stream("stderr", 2)}'
            if console
            else ""
        )
        + "}"
    )


def describe_stream(name, number):
    """Whether one of the standard streams is the console's around this process."""
    outer = os.environ.get(f"STAGELIGHT_{name.upper()}")
    if outer is None:
        return ""
    try:
        status = os.fstat(number)
    except OSError:
        return f',"{name}":false'
    if status.st_mode & FILE_TYPE == REGULAR_FILE:
        return f',"{name}":"file"'
    return f',"{name}":{"true" if f"{status.st_dev}:{status.st_ino}" == outer else "false"}'


def to_base36(number):
    text = ""
    while number:
        number, digit = divmod(number, 36)
        text = DIGITS[digit] + text
    return text or "0"
