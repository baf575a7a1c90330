"""The history of a cell as a small picture: four lanes over one time axis.

The one rule: these are drawn by hand, as paths that a page puts into its SVG. A run has
dozens of them, and a chart library takes a tenth of a second for each.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from loadtests.analysis.outcomes import Outcome
from loadtests.records.cell import Cell, History
from loadtests.report.said import supply
from loadtests.report.words import amount, count, figure

WIDTH, LEFT, RIGHT = 460, 92, 384
LANE, GAP, TOP, BELOW = 30, 10, 16, 18
SHORTEST_MS = 0.3  # the lower end of the axis of response times
FLOODS_FROM = 1.0  # MB of log a second
ARRIVING, HOLDING, LEAVING = "arriving", "holding", "leaving"
_LABELLED_FROM = 26  # units wide, for the number of slow clients above a step


@dataclass(frozen=True)
class Lane:
    """One line or area, with what it shows and the ends of its axis."""

    name: str
    top: float
    path: str
    ends: tuple[str, str]
    area: bool = False


@dataclass(frozen=True)
class Span:
    """A stretch of time: slow clients arrive, are held, or leave."""

    x: float
    width: float
    kind: str
    says: str
    label: str = ""


@dataclass(frozen=True)
class Event:
    """A moment worth a mark."""

    x: float
    says: str


@dataclass(frozen=True)
class Strip:
    """What a page draws of one cell."""

    stack: str
    says: str
    height: float
    lanes: Sequence[Lane]
    spans: Sequence[Span]
    events: Sequence[Event]
    ticks: Sequence[tuple[float, str]]
    width: int = WIDTH
    left: int = LEFT
    right: int = RIGHT
    top: int = TOP
    lane: int = LANE
    below: int = BELOW


def strip(outcome: Outcome, deadline_s: float) -> Strip | None:
    """The first repeat whose history was recorded; None where none was."""
    known = [(cell, cell.history) for cell in outcome.cells if cell.history]
    if not known:
        return None
    cell, history = known[0]
    axis = _Axis(history)
    lanes = list(_lanes(cell, history, axis, deadline_s))
    events = list(_events(cell, history, axis))
    return Strip(
        stack=cell.stack,
        says=_says(cell, history, events),
        height=lanes[-1].top + LANE + BELOW,
        lanes=lanes,
        spans=list(_spans(history, axis)),
        events=events,
        ticks=[(axis.x(s), f"{s} s") for s in range(0, int(axis.ends_s) + 1, 10)],
    )


class _Axis:
    """Seconds along the picture."""

    def __init__(self, history: History) -> None:
        parts = history.every_s * len(history.attempted)
        self.ends_s = max([parts, *(stage.ends_s for stage in history.stages)])

    def x(self, at_s: float) -> float:
        return round(LEFT + (RIGHT - LEFT) * at_s / self.ends_s, 1)


def _lanes(
    cell: Cell, history: History, axis: _Axis, deadline_s: float
) -> Iterator[Lane]:
    most = max(1, *history.connected)
    cores = max(1.0, *(value or 0.0 for value in history.server_cores))
    late_ms = max(1000 * deadline_s, 2 * SHORTEST_MS)
    shares = [
        100 * answered / attempted if attempted else None
        for answered, attempted in zip(history.answered, history.attempted, strict=True)
    ]
    tops = (TOP + number * (LANE + GAP) for number in itertools.count())

    def lane(
        name: str,
        values: Sequence[float | None],
        low: float,
        high: float,
        ends: tuple[str, str],
        *,
        area: bool = False,
    ) -> Lane:
        top = next(tops)
        heights = [
            None if v is None else top + LANE * (1 - (v - low) / (high - low))
            for v in values
        ]
        return Lane(name, top, _path(heights, history, axis, top, area), ends, area)

    connected = [float(n) for n in history.connected]
    yield lane("slow clients", connected, 0, most, ("0", count(most)), area=True)
    yield lane("answered", shares, 0, 100, ("0 %", "100 %"))
    worst = [_log(ms, late_ms) for ms in history.worst_ms]
    ends = (figure(SHORTEST_MS, "ms"), figure(late_ms, "ms"))
    yield lane("slowest answer", worst, math.log(SHORTEST_MS), math.log(late_ms), ends)
    used = ("0 cores", f"{figure(cores)} cores")
    if set(history.server_cores) == {None}:
        return  # the server's processes are not known
    yield lane("server's CPU", history.server_cores, 0, cores, used, area=True)


def _log(ms: float | None, most: float) -> float | None:
    return None if ms is None else math.log(min(max(ms, SHORTEST_MS), most))


def _path(
    heights: Sequence[float | None],
    history: History,
    axis: _Axis,
    top: float,
    area: bool,
) -> str:
    """Level within each part; broken where a value is not known."""
    parts: list[str] = []
    drawn = False
    for number, y in enumerate(heights):
        from_x, to_x = (axis.x(history.every_s * n) for n in (number, number + 1))
        if y is None:
            drawn = False
            continue
        begins = f"V{y:.1f}" if drawn else f"M{from_x:g} {y:.1f}"
        if area and not drawn:
            begins = f"M{from_x:g} {top + LANE:g}V{y:.1f}"
        ends = f"H{to_x:g}"
        last = number + 1 == len(heights) or heights[number + 1] is None
        parts += [begins, ends, f"V{top + LANE:g}" if area and last else ""]
        drawn = True
    return "".join(parts)


def _spans(history: History, axis: _Axis) -> Iterator[Span]:
    *steps, leaving = history.stages
    for stage in steps:
        clients = amount(stage.slow_clients, "slow client")
        times = (axis.x(at) for at in (stage.asked_s, stage.begins_s, stage.ends_s))
        asked, begins, ends = times
        yield Span(asked, round(begins - asked, 1), ARRIVING, f"arriving: {clients}")
        width = round(ends - begins, 1)
        label = count(stage.slow_clients) if width >= _LABELLED_FROM else ""
        yield Span(begins, width, HOLDING, f"holding: {clients}", label)
    left, ends = axis.x(leaving.asked_s), axis.x(leaving.ends_s)
    yield Span(left, round(ends - left, 1), LEAVING, "all have left")


def _events(cell: Cell, history: History, axis: _Axis) -> Iterator[Event]:
    for at_s in history.replaced_s:
        yield Event(axis.x(at_s), f"a worker was replaced at {figure(at_s)} s")
    harmed = cell.capacity.degrades_at
    for stage in history.stages[:-1]:
        gone = supply(cell.stack, cell.capacity.ran_out)
        if gone and harmed and stage.slow_clients == harmed:
            says = f"{gone} had run out at {figure(stage.begins_s)} s"
            yield Event(axis.x(stage.begins_s), says)
            break
    grown = itertools.pairwise(history.log_mb)
    for number, (before, after) in enumerate(grown, start=1):
        if before is None or after is None:
            continue
        if after - before >= FLOODS_FROM * history.every_s:
            at_s = number * history.every_s
            yield Event(axis.x(at_s), f"the log began to flood at {figure(at_s)} s")
            break


def _says(cell: Cell, history: History, events: Sequence[Event]) -> str:
    """The picture in words, for those who do not see it."""
    attempted, answered = sum(history.attempted), sum(history.answered)
    said = [
        f"{cell.stack} under {cell.scenario}: {count(len(history.stages) - 1)} steps, "
        f"at most {amount(max(history.connected, default=0), 'slow client')} connected",
        f"{count(answered)} of {amount(attempted, 'healthy request')} answered in all",
        *(event.says for event in events),
    ]
    return "; ".join(said) + "."
