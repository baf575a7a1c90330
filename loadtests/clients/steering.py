"""Steering: how the harness leads a Locust process, by lines on its standard input.

The one rule: what to do comes as lines, and the end of the input is the end. A harness
that dies closes the pipe, so that no load goes on without it.
"""

from __future__ import annotations

import contextlib
import errno
import os
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import gevent
from gevent import socket
from locust import LoadTestShape, User

from loadtests.records.samples import UNWRITTEN, SampleWriter

_STDIN = 0
_LOOK_EVERY_S = 0.02
_LEAVE_AT_ONCE = 500


def say(words: object) -> None:
    """One line to the harness."""
    print(words, flush=True)


def lines() -> Iterator[str]:
    """What the harness says, as it says it; other greenlets go on meanwhile."""
    rest = b""
    while True:
        socket.wait_read(_STDIN)
        piece = os.read(_STDIN, 4096)
        if not piece:
            return
        *whole, rest = (rest + piece).split(b"\n")
        yield from (line.decode() for line in whole)


class Records(SampleWriter):
    """The raw records of this process, which ends where one cannot be written: a full
    disk would else look like requests that were not sent, or like fates that were not
    met. Locust goes on after an error in a greenlet."""

    def __init__(self, folder: str, name: str, kind: type[Any]) -> None:
        with _or_the_end():
            super().__init__(folder, name, kind)

    def write(self, record: tuple[Any, ...]) -> None:
        with _or_the_end():
            super().write(record)


@contextlib.contextmanager
def _or_the_end() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        with contextlib.suppress(OSError):  # the log may be on the same disk
            print(error, file=sys.stderr, flush=True)
        os._exit(UNWRITTEN + (error.errno or errno.EIO))


class Steered(LoadTestShape):
    """As many users as the harness says, and no others.

    Each line is a number of users. The answer is a line with the number of those that
    are in place, once `bring` has brought them.
    """

    def __init__(self, bring: Callable[[int], int]) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # of Locust
        self._bring = bring

    def tick(self) -> None:
        """Locust asks once; the answer, that the test is over, comes at its end."""
        say("ready")
        for line in lines():
            say(self._bring(int(line)))


class Crowd:
    """The users of this process. They come one after another, and leave all at once,
    those that came last first: so a server that frees what they held is back where it
    was before they came."""

    def __init__(
        self, spawn: Callable[[], User], in_place: Callable[[User], bool], wait_s: float
    ) -> None:
        self._spawn, self._in_place, self._wait_s = spawn, in_place, wait_s
        self._users: list[User] = []

    def bring(self, wanted: int, arrive_per_s: float) -> int:
        """Let so many be there. How many are in place once all are, or once `wait_s`
        seconds have passed since the last of them came."""
        self._leave(self._users[wanted:])
        del self._users[wanted:]
        began_s = time.monotonic()
        for n in range(wanted - len(self._users)):
            due_s = began_s + n / arrive_per_s
            gevent.sleep(max(0.0, due_s - time.monotonic()))
            self._users.append(self._spawn())
        return self._await_all_in_place()

    def _leave(self, leaving: Sequence[User]) -> None:
        # User.stop waits for the event loop once for each user. On a busy machine,
        # beside 2,000 others, that was half a minute. Nor all in one turn: thousands
        # take so long that a fleet's master would miss this process.
        going = [user.greenlet for user in reversed(leaving)]
        for some in range(0, len(going), _LEAVE_AT_ONCE):
            gevent.killall(going[some : some + _LEAVE_AT_ONCE])

    def _await_all_in_place(self) -> int:
        ends_s = time.monotonic() + self._wait_s
        while (there := sum(map(self._in_place, self._users))) < len(self._users):
            if time.monotonic() > ends_s:
                break
            gevent.sleep(_LOOK_EVERY_S)
        return there
