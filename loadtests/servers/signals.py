"""Signals and processes: which are put off, which make keeps to itself, and which is
sent when we are gone."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from queue import Empty, SimpleQueue
from types import FrameType
from typing import Any

_LIBC = ctypes.CDLL(None)
_PR_SET_PDEATHSIG = 1  # prctl(2)
_ENDS_US = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
# make hands on SIGTERM. At these it waits for what it has started, because a terminal
# sends them to the whole group (GNU make, src/commands.c, fatal_error_signal).
_KEPT = (signal.SIGINT, signal.SIGHUP)
_LOOK_EVERY_S = 0.25

Handler = Callable[[int, FrameType | None], Any]
# A handler may interrupt another, or the end of the block: no other queue bears that.
Told = SimpleQueue[int]


@contextlib.contextmanager
def uninterrupted() -> Iterator[None]:
    """Put signals that end us off to the end of the block: a process that is just being
    started must not be forgotten, and one that is being ended must be seen to its end.
    """
    pending: list[int] = []
    before = {
        number: signal.signal(number, lambda number, _: pending.append(number))
        for number in _ENDS_US
    }
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        if pending:
            signal.raise_signal(pending[0])


@contextlib.contextmanager
def hearing(parent: int) -> Iterator[None]:
    """Get what ends a make above us, if it was sent to make alone."""
    if not _is_make(_status(parent)):
        yield
        return
    told: Told = SimpleQueue()
    before: dict[int, Handler] = {
        number: handler
        for number in _ENDS_US
        if callable(handler := signal.getsignal(number))
    }
    for number, handler in before.items():
        signal.signal(number, _telling(handler, told))
    watching = threading.Thread(target=_hand_on, args=(parent, told), daemon=True)
    watching.start()
    try:
        yield
    finally:
        told.put(0)
        watching.join()
        for number, handler in before.items():
            signal.signal(number, handler)


def _telling(handler: Handler, told: Told) -> Handler:
    """The handler, of a signal that also tells that it came."""

    def tell(number: int, frame: FrameType | None) -> None:
        told.put(number)
        handler(number, frame)

    return tell


def _hand_on(parent: int, told: Told) -> None:
    """To the main thread, unless the signal has come to us too. That may take a moment,
    so that two looks have to agree."""
    seen: signal.Signals | None = None
    while not _has_come(told):
        number = ends_by(parent)
        if number and number is seen:
            signal.pthread_kill(threading.main_thread().ident or 0, number)
            return
        seen = number


def _has_come(told: Told) -> bool:
    try:
        told.get(timeout=_LOOK_EVERY_S)
    except Empty:
        return False
    return True


def ends_by(parent: int) -> signal.Signals | None:
    """The signal that make has got, and of which it dies when what it started is over.

    Until then it stays in the handler of that signal: the kernel blocks the signal
    there, and make has set its action back to the default.
    """
    status = _status(parent)
    if not _is_make(status):
        return None
    blocked, ignored, caught = (
        int(status[name], 16) for name in ("SigBlk", "SigIgn", "SigCgt")
    )
    due = blocked & ~ignored & ~caught
    return next((number for number in _KEPT if due >> (number - 1) & 1), None)


def _is_make(status: dict[str, str]) -> bool:
    return "make" in status.get("Name", "")


def _status(pid: int) -> dict[str, str]:
    """/proc/<pid>/status, by name; nothing where that process has ended."""
    try:
        text = Path(f"/proc/{pid}/status").read_text(errors="replace")
    except OSError:  # it has ended, or is hidden from us (proc(5), hidepid)
        return {}
    return dict(line.split(":\t", 1) for line in text.splitlines())


def ending_with_us() -> Callable[[], None]:
    """What a new process runs first, so that the kernel sends it SIGTERM when we die.

    The kernel keeps that promise even if the guards were killed before us. It counts
    the thread that starts the process as its parent: ours live longer than what they
    start. The processes that a server starts in its turn are the server's to end.
    """
    parent = os.getpid()

    def tie() -> None:
        _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
        if os.getppid() != parent:  # we were gone before the kernel was asked
            os._exit(1)

    return tie
