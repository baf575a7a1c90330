"""Who waits for whom: the records of two calls, laid on one time axis.

The one rule: a moment is a handful of crossings with no gap between them, and what lies
between two moments is waiting. A call that begins in one moment and comes back in a
later one is what was waited in.
"""

from __future__ import annotations

from bisect import bisect
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise
from math import inf

from loadtests.analysis.spans import (
    FROM_SERVER,
    Span,
    Watched,
    back_text,
    blocked,
    call_text,
    returned_text,
    spans,
)

# Shorter ones are the machine's own: it was busy with something else.
LEAST_GAP_MS = 10.0
LEAST_SHARE = 0.05
BLOCKED = "the event loop is blocked: all other clients of this worker wait"


@dataclass(frozen=True)
class Entry:
    """A line of the picture. `kind`: call (by the server), ask (by the app), back,
    fault, or client."""

    at_ms: float
    kind: str
    text: str


@dataclass(frozen=True)
class Moment:
    """What happened on both sides, with no gap; then the wait up to the next moment.

    `waits` says in words who waits for whom on either side, "" for one that is over;
    `is_blocked`: that on ASGI's side the event loop is what waits.
    """

    at_ms: float
    last_ms: float
    sides: tuple[Sequence[Entry], Sequence[Entry]]
    wait_ms: float
    waits: tuple[str, str]
    is_blocked: bool = False


def moments(left: Watched, right: Watched) -> list[Moment]:
    """Both calls, from the moment in which each application was called."""
    both = (spans(left), spans(right))
    others = (_others(left), _others(right))
    blocks = blocked(right)
    starts = _starts(
        [time for side in both for span in side for time in _times(span)]
        + [entry.at_ms for side in others for entry in side]
        + [start_ms for start_ms, _ in blocks]
    )
    entries = [
        _entries(side, starts, more) for side, more in zip(both, others, strict=True)
    ]
    ends = [*(start for start, _ in starts[1:]), inf]
    found = []
    for (start, last), end in zip(starts, ends, strict=True):
        one, other = (
            _folded(entry for entry in side if start <= entry.at_ms < end)
            for side in entries
        )
        middle = (last + end) / 2
        is_blocked = any(start <= middle < end for start, end in blocks)
        loop = BLOCKED if is_blocked else _asgi_wait(both[1], middle)
        wait_ms = end - last if end < inf else 0.0
        waits = (_wsgi_wait(both[0], middle), loop) if wait_ms else ("", "")
        found.append(Moment(start, last, (one, other), wait_ms, waits, is_blocked))
    return found


def _times(span: Span) -> list[float]:
    return [span.start_ms] if span.end_ms is None else [span.start_ms, span.end_ms]


def _others(watched: Watched) -> list[Entry]:
    """What is no crossing: what the client did, and an event loop that was blocked."""
    return [
        *(Entry(a.at_ms, "client", f"client {a.what}") for a in watched.actions),
        *(
            Entry(end, "fault", f"event loop blocked for {end - start:.0f} ms")
            for start, end in blocked(watched)
        ),
    ]


def _starts(times: Iterable[float]) -> list[tuple[float, float]]:
    """First and last time of every moment."""
    ordered = sorted(times)
    gap_ms = max(LEAST_GAP_MS, LEAST_SHARE * (ordered[-1] - ordered[0]))
    found = [(ordered[0], ordered[0])]
    for before, after in pairwise(ordered):
        first = after if after - before > gap_ms else found.pop()[0]
        found.append((first, after))
    return found


def _entries(
    side: Sequence[Span], starts: Sequence[tuple[float, float]], others: list[Entry]
) -> list[Entry]:
    """A line for a call that comes back in its moment, and two for one that waits."""
    found = list(others)
    for span in side:
        kind = "call" if span.name in FROM_SERVER else "ask"
        called = call_text(span)
        if span.name == "app" or _between(span, starts):
            found.append(Entry(span.start_ms, kind, called))
            if span.end_ms is not None:
                kind = "fault" if _is_fault(span) else "back"
                found.append(Entry(span.end_ms, kind, returned_text(span)))
        else:
            came_back = back_text(span)
            text = f"{called}: {came_back}" if came_back else called
            found.append(
                Entry(span.start_ms, "fault" if _is_fault(span) else kind, text)
            )
    return sorted(found, key=lambda entry: entry.at_ms)


def _between(span: Span, starts: Sequence[tuple[float, float]]) -> bool:
    """Whether another moment begins after the call and before its return."""
    end_ms = inf if span.end_ms is None else span.end_ms
    return bisect(starts, (span.start_ms, inf)) != bisect(starts, (end_ms, inf))


def _is_fault(span: Span) -> bool:
    return span.raised and span.got not in ("<StopIteration()>", "<CancelledError()>")


def _folded(entries: Iterable[Entry]) -> list[Entry]:
    """Lines that repeat as one, with their number."""
    found = []
    for _, same in groupby(entries, key=lambda entry: (entry.kind, entry.text)):
        first, *more = same
        times = f" ({len(more) + 1} times)" if more else ""
        found.append(Entry(first.at_ms, first.kind, first.text + times))
    return found


def _wsgi_wait(side: Sequence[Span], at_ms: float) -> str:
    out = {span.name for span in side if span.is_open(at_ms)}
    if any(name.startswith(("wsgi.input", "next(wsgi")) for name in out):
        return "app waits for the client's body"
    if "write" in out:
        return "app waits for the server, in write"
    if out:
        what = "next(body)" if "next(body)" in out else "the app"
        return f"server waits for {what}"
    # A body that has no close() ends with its last piece.
    ended = any(
        span.name == "body.close" or (span.raised and span.name in FROM_SERVER)
        for span in side
        if span.start_ms < at_ms
    )
    return "" if ended else "app waits for the server to send"


def in_server_ms(side: Sequence[Span]) -> float:
    """For how long, in all, a WSGI call was in the server's hands between two calls."""
    ends = [span.end_ms or span.start_ms for span in side]
    made = [s for s in side if s.name in FROM_SERVER and s.end_ms is not None]
    return max(ends) - sum((span.end_ms or 0) - span.start_ms for span in made)


def _asgi_wait(side: Sequence[Span], at_ms: float) -> str:
    out = {span.name: span for span in side if span.is_open(at_ms)}
    if "send" in out:
        return "app waits for the server, in send"
    if "receive" not in out:
        return "app works or sleeps" if out else ""
    # In a task of its own, receive only watches for the client to leave.
    if "app" in out and out["receive"].runner != out["app"].runner:
        return "app works or sleeps, its receive watches the client"
    return "app waits for the client, in receive"
