"""The calls of a fast client and of a slow reader: what to look at, and the pictures.

Every figure in a sentence is summed up from the trace that the picture is drawn from.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from loadtests.records.traces import FAST, SLOW, Side, Trace
from loadtests.report.charts import drawing, lanes
from loadtests.report.charts.drawing import Picture
from loadtests.report.words import amount, figure, plain

TITLE = "The calls, one by one"
LEAD = (
    "The same visits to both apps, with one worker and nobody else asking, traced at "
    "the end of this run; to note a call takes some of each time. A bar lasts as long "
    "as the call; a tick is where one begins. make trace shows such calls in the "
    "terminal, each with what it carries."
)
NAMES = {FAST: "A fast client", SLOW: "A slow reader"}
NEXT = "next(body)"
PARKED_MS = 5.0  # more than to hand over a piece and to note it in the trace


def title(trace: Trace) -> str:
    return f"{NAMES[trace.id]}: {plain(trace.visit)}"


def file(trace: Trace) -> str:
    """Of its ids there are two, checked when they are read."""
    return f"{drawing.FOLDER}/trace-{trace.id}.svg"


def sentences(trace: Trace) -> list[str]:
    """What to look at, for WSGI and for ASGI."""
    return [_of_wsgi(trace.wsgi), _of_asgi(trace.asgi)]


def _of_wsgi(side: Side) -> str:
    pulled = [c for c in side.crossings if c.name == NEXT]
    sent_ms = sum(stop - start for start, stop in lanes.between(side))
    app_ms = sum(lanes.end(c, side) - c.start_ms for c in pulled)
    return (
        f"WSGI, {plain(side.stack)}: the thread is held for "
        f"{figure(side.lasted_ms, 'ms')}. It sits in the server's iteration over the "
        f"body: {amount(len(pulled), 'call')} of {NEXT}, {figure(app_ms, 'ms')} in "
        f"all, and between calls {figure(sent_ms, 'ms')} in which the server sends."
    )


def _of_asgi(side: Side) -> str:
    (app, *_) = side.crossings
    sends = [c for c in side.crossings if c.name == "send"]
    sent_ms = [lanes.end(c, side) - c.start_ms for c in sends]
    said = f"{figure(sum(sent_ms), 'ms')} in await send ({amount(len(sends), 'call')})"
    parked = [took_ms for took_ms in sent_ms if took_ms > PARKED_MS]
    meanwhile = (
        f"It was parked there {amount(len(parked), 'time')}, and meanwhile the event "
        "loop served others."
        if parked
        else "No send had to wait for the client."
    )
    return (
        f"ASGI, {plain(side.stack)}: the app is open for "
        f"{figure(lanes.end(app, side) - app.start_ms, 'ms')}, of which {said}. "
        f"{meanwhile}"
    )


def pictures(traces: Sequence[Trace]) -> list[Picture]:
    return [
        Picture(
            file=file(trace),
            title=title(trace),
            alternative=" ".join([f"{title(trace)}.", *sentences(trace)]),
            draw=partial(lanes.chart, trace, title(trace)),
        )
        for trace in traces
    ]


def render(traces: Sequence[Trace]) -> dict[str, str]:
    """The pictures as SVG, by file name."""
    return {picture.file: drawing.svg(picture) for picture in pictures(traces)}
