"""The calls of a fast client and of a slow reader: what to look at, and the pictures.

Every figure in a sentence is summed up from the trace that the picture is drawn from.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from loadtests.records.traces import FAST, SLOW, Side, Trace
from loadtests.report.blocks import (
    Block,
    Chart,
    Heading,
    Points,
    Section,
    Source,
    Text,
)
from loadtests.report.charts import lanes
from loadtests.report.picture import Picture
from loadtests.report.prose import code, prose
from loadtests.report.words import amount, figure

TITLE = "The calls, one by one"
LEAD = (
    "The same visits to both apps, traced at the end of this run. Each app had one "
    "worker and no other client. Noting a call takes a part of each time. A bar lasts "
    "as long as the call; a tick is where a call begins. {} shows such calls in the "
    "terminal, with what each carries."
)
NAMES = {FAST: "A fast client", SLOW: "A slow reader"}
NEXT = "next(body)"
PARKED_MS = 5.0  # more than to hand over a piece and to note it in the trace


def title(trace: Trace) -> str:
    return f"{NAMES[trace.id]}: {trace.visit}"


def sentences(trace: Trace) -> list[str]:
    """What to look at, for WSGI and for ASGI."""
    return [_of_wsgi(trace.wsgi), _of_asgi(trace.asgi)]


def _of_wsgi(side: Side) -> str:
    pulled = [c for c in side.crossings if c.name == NEXT]
    sent_ms = sum(stop - start for start, stop in lanes.between(side))
    app_ms = sum(lanes.end(c, side) - c.start_ms for c in pulled)
    take = "takes" if len(pulled) == 1 else "take"
    told = f"{take} {figure(app_ms, 'ms')} in all"
    return (
        f"WSGI, {side.stack}: the thread is held for "
        f"{figure(side.lasted_ms, 'ms')}. The server iterates over the body: "
        f"{amount(len(pulled), 'call')} of {NEXT} {told}. "
        f"Between the calls the server sends, for {figure(sent_ms, 'ms')}."
    )


def _of_asgi(side: Side) -> str:
    (app, *_) = side.crossings
    sends = [c for c in side.crossings if c.name == "send"]
    sent_ms = [lanes.end(c, side) - c.start_ms for c in sends]
    said = f"{figure(sum(sent_ms), 'ms')} in await send ({amount(len(sends), 'call')})"
    parked = [took_ms for took_ms in sent_ms if took_ms > PARKED_MS]
    meanwhile = (
        f"The app waited there {amount(len(parked), 'time')}, and meanwhile the event "
        "loop served others."
        if parked
        else "No send had to wait for the client."
    )
    return (
        f"ASGI, {side.stack}: the app is open for "
        f"{figure(lanes.end(app, side) - app.start_ms, 'ms')}, of which {said}. "
        f"{meanwhile}"
    )


def picture(trace: Trace) -> Picture:
    """Traces have one of two ids, which are checked when they are read."""
    return Picture(
        name=f"trace-{trace.id}",
        title=title(trace),
        alternative=" ".join([f"{title(trace)}.", *sentences(trace)]),
        draw=partial(lanes.chart, trace, title(trace)),
    )


def blocks(source: Source) -> Sequence[Block]:
    found: list[Block] = []
    for trace in source.beside.traces:
        found += [
            Heading(NAMES[trace.id]),
            Points([prose("{}", said) for said in sentences(trace)]),
            Chart(picture(trace), f"{NAMES[trace.id]}, chart"),
        ]
    return [Text(prose(LEAD, code("make trace"))), *found] if found else []


SECTION = Section("calls", TITLE, blocks)
