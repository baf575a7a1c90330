"""Signals and processes: which are put off, and which is sent when we are gone."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
from collections.abc import Callable, Iterator

_LIBC = ctypes.CDLL(None)
_PR_SET_PDEATHSIG = 1  # prctl(2)


@contextlib.contextmanager
def uninterrupted() -> Iterator[None]:
    """Put signals that end us off to the end of the block: a process that is just being
    started must not be forgotten, and one that is being ended must be seen to its end.
    """
    pending: list[int] = []
    before = {
        number: signal.signal(number, lambda number, _: pending.append(number))
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    }
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        if pending:
            signal.raise_signal(pending[0])


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
