"""Where the threads of a server are in its app, from what py-spy saw of them.

The one rule: a thread tells something if it is in the app's own code at every look, and
was not there at rest. What a package or Python itself does below that says how: it
waits for a lock, or it works.
"""

from __future__ import annotations

import functools
import operator
import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from loadtests.records.threads import Call, ThreadSeen

_LOOPS = ("/asyncio/", "/uvloop/", "/twisted/internet/")
_LOCKS = ("/threading.py", "/queue.py")
# Who waits for a call that it gave to another thread waits for nothing of a pool.
_GIVEN_AWAY = re.compile(r"/concurrent/futures/|/from_thread\.py|Thread\.join")


@dataclass(frozen=True)
class Where:
    """A thread's innermost call of the app, in a process. `waits_in` is the call there
    that waits for a lock; empty: none does."""

    pid: int
    call: Call
    waits_in: str = ""


@dataclass(frozen=True)
class Place:
    """Where so many threads of all processes are in the app; `waits_in` as above."""

    function: str
    file: str
    line: int
    threads: int
    waits_in: str = ""


Standing = Counter[Where]


def standing(
    looks: Sequence[Iterable[ThreadSeen]], at_rest: Iterable[ThreadSeen] = ()
) -> Standing:
    """Where threads are at each look, and how many; not where some are `at_rest`."""
    return _in_each(looks, at_rest, lambda _: True)


def blocked_loops(
    looks: Sequence[Iterable[ThreadSeen]], at_rest: Iterable[ThreadSeen] = ()
) -> Standing:
    """Of these, where an event loop is that does nothing else meanwhile."""
    return _in_each(looks, at_rest, _is_called_by_a_loop)


def most_in_a_process(found: Standing, *, waiting: bool) -> int:
    """How many threads wait there for a lock, or how many do not, in the process that
    has most of them."""
    by_pid: Counter[int] = Counter()
    for where, number in found.items():
        by_pid[where.pid] += number if bool(where.waits_in) == waiting else 0
    return max(by_pid.values(), default=0)


def places(found: Standing) -> list[Place]:
    """The same over all processes, the most threads first."""
    every: Counter[tuple[Call, str]] = Counter()
    for where, number in found.items():
        every[where.call, where.waits_in] += number
    return [
        Place(call.function, call.file, call.line, number, waits_in)
        for (call, waits_in), number in every.most_common()
    ]


def _in_each(
    looks: Sequence[Iterable[ThreadSeen]],
    at_rest: Iterable[ThreadSeen],
    counts: Callable[[ThreadSeen], bool],
) -> Standing:
    each = [
        Counter(where for thread in look if counts(thread) if (where := _where(thread)))
        for look in looks
    ]
    found = functools.reduce(operator.and_, each) if each else Counter()
    usual = {(where.call, where.waits_in) for t in at_rest if (where := _where(t))}
    kept = {w: n for w, n in found.items() if (w.call, w.waits_in) not in usual}
    return Counter(kept)


def _where(thread: ThreadSeen) -> Where | None:
    calls = _inner(thread)
    own = next((n for n, call in enumerate(calls) if call.own), None)
    if own is None:
        return None
    return Where(thread.pid, calls[own], _waits_in(calls[:own]))


def _is_called_by_a_loop(thread: ThreadSeen) -> bool:
    """Whether the app's innermost call runs inside an event loop, and is not what has
    started that loop."""
    calls = _inner(thread)
    own = next((n for n, call in enumerate(calls) if call.own), len(calls))
    return any(loop in call.file for call in calls[own:] for loop in _LOOPS)


def _waits_in(inner: Sequence[Call]) -> str:
    """The call with which the app waits for a lock, of those that it is in."""
    if not inner or not inner[0].file.endswith(_LOCKS):
        return ""
    away = any(_GIVEN_AWAY.search(f"{call.file} {call.function}") for call in inner)
    return "" if away else inner[-1].function


def _inner(thread: ThreadSeen) -> list[Call]:
    """The calls without the script that started the process: it is in its own code for
    as long as it runs."""
    calls = list(thread.calls)
    while calls and calls[-1].own:
        calls.pop()
    return calls
