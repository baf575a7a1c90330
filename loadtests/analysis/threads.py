"""Where the threads of a server are in its app, from what py-spy saw of them.

The one rule: only the app's own code says what holds a thread. What a package or Python
itself does below that says how: it waits for a lock, or it works.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from loadtests.records.threads import Call, ThreadSeen

_LOOPS = ("/asyncio/", "/uvloop/", "/twisted/internet/")
_LOCKS = ("/threading.py", "/queue.py")
_BOTTOM = "/threading.py"  # of the calls of every thread but the first


@dataclass(frozen=True)
class Place:
    """Where so many `threads` are in the app: in `function`, at that line of the file;
    and how many of one process, the one that has most. `waits_in` is the call there
    that waits for a lock; empty: none does."""

    function: str
    file: str
    line: int
    threads: int
    each: int
    waits_in: str = ""


def places(
    threads: Sequence[ThreadSeen], at_rest: Sequence[ThreadSeen] = ()
) -> Iterator[Place]:
    """Where threads are in the app, the most first; not where some are `at_rest`."""
    usual = {where for thread in at_rest if (where := _where(thread))}
    found = Counter(
        (where, thread.pid)
        for thread in threads
        if (where := _where(thread)) and where not in usual
    )
    every: Counter[tuple[Call, str]] = Counter()
    for (where, _), number in found.items():
        every[where] += number
    for where, number in every.most_common():
        call, waits_in = where
        each = max(n for (there, _), n in found.items() if there == where)
        yield Place(call.function, call.file, call.line, number, each, waits_in)


def blocks_a_loop(thread: ThreadSeen) -> bool:
    """Whether an event loop is in the app's code, and does nothing else meanwhile."""
    calls = _inner(thread)
    looping = any(part in call.file for call in calls for part in _LOOPS)
    of_a_pool = bool(calls) and calls[-1].file.endswith(_BOTTOM)
    return looping and not of_a_pool and _where(thread) is not None


def _where(thread: ThreadSeen) -> tuple[Call, str] | None:
    """The innermost call of the app, and the call below it that waits for a lock."""
    calls = _inner(thread)
    own = next((n for n, call in enumerate(calls) if call.own), None)
    return None if own is None else (calls[own], _waits_in(calls[:own]))


def _waits_in(inner: Sequence[Call]) -> str:
    """The call with which the app waits for a lock, of those that it is in."""
    if not inner or not inner[0].file.endswith(_LOCKS):
        return ""
    return inner[-1].function


def _inner(thread: ThreadSeen) -> list[Call]:
    """The calls without the script that started the process: it is in its own code for
    as long as it runs."""
    calls = list(thread.calls)
    while calls and calls[-1].own:
        calls.pop()
    return calls
