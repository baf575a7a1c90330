"""One measurement at a time on a machine, because two would measure each other.

The one rule: the kernel keeps the lock. It is an advisory lock on a file that all users
of the machine share, and it ends with the process that holds it, even by SIGKILL. No
child inherits the descriptor. The file also says who measures, since when, and what.
SLOWBENCH_LOCK in the environment names another file: the tests measure side by side.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from loadtests import UserError

LOCK_FILE = "slowbench.lock"
ANOTHER_FILE = "SLOWBENCH_LOCK"
_FOR_ALL = 0o666  # whoever comes next must be able to write a name into it
_LINE = 200
_LOOK_EVERY_S = 0.2


class Taken(UserError):
    """Another measurement runs on this machine."""


@contextlib.contextmanager
def the_machine(what: str, *, wait: bool = False) -> Iterator[None]:
    """This machine, for one measurement, for as long as the block runs.

    Where another measurement runs, raises Taken, or waits for its end.
    """
    shared = Path(tempfile.gettempdir()) / LOCK_FILE
    descriptor = _open(Path(os.environ.get(ANOTHER_FILE, shared)))
    try:
        _take(descriptor, wait=wait)
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, _entry(what).encode(), 0)
        yield
        os.ftruncate(descriptor, 0)
    finally:
        os.close(descriptor)  # which ends the lock


def _open(path: Path) -> int:
    """The file, made if need be. A link in its place is not followed."""
    flags = os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC
    try:
        try:
            # Without O_CREAT first: in a sticky folder, Linux refuses to "create" what
            # another user has made (fs.protected_regular).
            return os.open(path, flags)
        except FileNotFoundError:
            descriptor = os.open(path, flags | os.O_CREAT, _FOR_ALL)
            with contextlib.suppress(PermissionError):  # somebody was faster
                os.fchmod(descriptor, _FOR_ALL)  # whatever our umask is
            return descriptor
    except OSError as error:
        raise UserError(f"cannot lock {path}: {error.strerror}") from None


def _take(descriptor: int, *, wait: bool) -> None:
    if _is_free(descriptor):
        return
    holder = _holder(descriptor)
    if not wait:
        raise Taken(
            f"another measurement runs here: {holder}: wait for its end, or "
            "WAIT=1 waits"
        )
    print(f"waiting for another measurement: {holder}", file=sys.stderr, flush=True)
    # To let the kernel wait would lose a Ctrl-C that comes just before that: Python
    # hears of it only when the call returns.
    while not _is_free(descriptor):
        time.sleep(_LOOK_EVERY_S)


def _is_free(descriptor: int) -> bool:
    """Whether nobody measures; then it is ours."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _entry(what: str) -> str:
    return f"{what} (pid {os.getpid()}, since {datetime.now():%H:%M})"


def _holder(descriptor: int) -> str:
    """Who measures, as the file says; any user of the machine may have written it."""
    text = os.pread(descriptor, _LINE, 0).decode(errors="replace")
    return "".join(filter(str.isprintable, text)) or "one that has just begun"
