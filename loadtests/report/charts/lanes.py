"""How a trace is drawn: time to the right, a lane for each kind of call, WSGI above.

A bar is a stretch of time; a tick begins each, so that a call that comes back at once
can be seen too. Warm holds a thread, cool lets the event loop serve others: the two
colours of the other charts.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from loadtests.records.traces import BY_SERVER, Crossing, Side, Trace
from loadtests.report.charts import style
from loadtests.report.words import amount, figure, plain

THREAD, OPEN, CLIENT = "a thread is held", "the event loop serves others", "the client"
COLOURS = {
    THREAD: style.COLOURS["wsgi"][0],
    OPEN: style.COLOURS["asgi"][0],
    CLIENT: style.FAINT,
}
BETWEEN = "server sends"
ROW_HEIGHT = 26
WIDTH = style.WIDTH - 40
Stretch = tuple[float, float]


@dataclass(frozen=True)
class Lane:
    """The stretches of one kind of call, and their number and sum in words."""

    name: str
    kind: str
    stretches: Sequence[Stretch]
    noun: str = "call"

    @property
    def sum_ms(self) -> float:
        return sum(end - start for start, end in self.stretches)

    @property
    def said(self) -> str:
        some = f"{amount(len(self.stretches), self.noun)}, " if self.noun else ""
        return f"{some}{figure(self.sum_ms, 'ms')}"


def wsgi(side: Side) -> list[Lane]:
    """The lanes of WSGI: whatever is under way, there or between, holds the thread."""
    lanes = [Lane("the thread", THREAD, [(0, side.lasted_ms)], noun="")]
    lanes += _calls(side, THREAD)
    sends = Lane(BETWEEN, THREAD, between(side), noun="time")
    return [*lanes, *([sends] if sends.stretches else []), *_rests(side)]


def asgi(side: Side) -> list[Lane]:
    """The lanes of ASGI: who awaits holds nothing."""
    return [*_calls(side, OPEN), *_rests(side)]


def between(side: Side) -> list[Stretch]:
    """When a WSGI call was in the server's hands: between two calls of the server."""
    calls = [(c.start_ms, end(c, side)) for c in side.crossings if c.by == BY_SERVER]
    return [(one[1], other[0]) for one, other in pairwise(calls) if one[1] < other[0]]


def end(crossing: Crossing, side: Side) -> float:
    """When it came back; a call that is still out lasts to the end."""
    return side.lasted_ms if crossing.end_ms is None else crossing.end_ms


def _calls(side: Side, kind: str) -> list[Lane]:
    found: dict[str, list[Stretch]] = {}
    for call in side.crossings:
        found.setdefault(call.name, []).append((call.start_ms, end(call, side)))
    return [Lane(_called(name), kind, some) for name, some in found.items()]


def _called(name: str) -> str:
    shown = plain(name)[:24]
    return shown if shown.endswith(")") else f"{shown}()"


def _rests(side: Side) -> list[Lane]:
    """The rests of a slow reader, from the moment at which the app was called."""
    found = [
        (max(0.0, one.at_ms), other.at_ms)
        for one, other in pairwise(side.client)
        if one.what == "rests" and other.at_ms > 0
    ]
    return [Lane("client rests", CLIENT, found, noun="rest")] if found else []


def chart(trace: Trace, title: str) -> style.Spec:
    """Both sides of a trace on one time axis."""
    sides = ((trace.wsgi, wsgi(trace.wsgi)), (trace.asgi, asgi(trace.asgi)))
    lanes = [lane for _, some in sides for lane in some]
    until = max(stop for lane in lanes for _, stop in lane.stretches)
    used = [kind for kind in COLOURS if any(lane.kind == kind for lane in lanes)]
    subtitle = "a bar: under way; ms since the application was called"
    return {
        "title": {"text": title, "subtitle": subtitle},
        "vconcat": [_panel(side, some, until, used) for side, some in sides],
        "spacing": 18,
    }


def _panel(
    side: Side, lanes: Sequence[Lane], until: float, used: list[str]
) -> style.Spec:
    rows = [*_rows(lanes)]
    sums = [{"lane": lane.name, "said": lane.said} for lane in lanes]
    x, y, colour = _time(until), _lanes(lanes), _colour(used)
    told = {"align": "left", "fontSize": 12, "color": style.INK}
    long = {"opacity": 0.45, "height": 12}
    tick = {"thickness": 2, "height": 16, "opacity": 1}
    beside, said = {"value": WIDTH + 12}, style.text("said")
    layers = [
        style.marks(rows, "bar", long, x=x, x2={"field": "end"}, y=y, color=colour),
        style.marks(rows, "tick", tick, x=x, y=y, color=colour),
        style.marks(sums, "text", told, x=beside, y=y, text=said),
    ]
    title = {"text": plain(side.stack), "fontSize": 14, "frame": "bounds", "offset": 6}
    panel = style.layered(layers, WIDTH, ROW_HEIGHT * len(lanes))
    return {"title": title, **panel}


def _lanes(lanes: Sequence[Lane]) -> style.Spec:
    shown = {"ticks": False, "domain": False, "minExtent": 130, "labelPadding": 8}
    scale = {"domain": [lane.name for lane in lanes]}
    axis = {"title": None, **shown}
    return {**style.text("lane"), "sort": None, "scale": scale, "axis": axis}


def _rows(lanes: Sequence[Lane]) -> Iterable[dict[str, Any]]:
    for lane in lanes:
        for start, stop in lane.stretches:
            yield {"lane": lane.name, "kind": lane.kind, "start": start, "end": stop}


def _time(until: float) -> style.Spec:
    scale = {"domain": [0, until], "nice": False}
    return style.number("start", scale=scale, axis={"title": None, "tickCount": 6})


def _colour(used: list[str]) -> style.Spec:
    shown = {"labelFontSize": 13, "symbolSize": 140, "labelLimit": 300}
    legend = {"title": None, "orient": "top", **shown}
    scale = {"domain": used, "range": [COLOURS[kind] for kind in used]}
    return {**style.text("kind"), "scale": scale, "legend": legend}
