"""Two calls as an SVG: a bar for every call across the interface, on one time axis."""

from __future__ import annotations

from typing import Any

import altair as alt
import vl_convert

from loadtests.trace.collect import Watched
from loadtests.trace.spans import FROM_SERVER, Span, back_text, call_text, spans

WIDTH = 640
CALLERS = {"the server calls the app": "#2e7d32", "the app calls the server": "#0277bd"}


def svg(left: Watched, right: Watched) -> str:
    """The drawing, with WSGI above ASGI; a call that waits is a long bar."""
    both = {watched.stack: rows(watched) for watched in (left, right)}
    until = max(row["end_ms"] for side in both.values() for row in side)
    charts = [_chart(title, side, until) for title, side in both.items()]
    chart = alt.vconcat(*charts, title=str(left.visit)).resolve_scale(color="shared")
    drawn: str = vl_convert.vegalite_to_svg(chart.to_dict())
    return drawn


def rows(watched: Watched) -> list[dict[str, Any]]:
    """One row for each call; one that never came back lasts to the end."""
    last_ms = max(record["at_ms"] for record in watched.records)
    return [_row(span, last_ms) for span in spans(watched)]


def _row(span: Span, last_ms: float) -> dict[str, Any]:
    callers = list(CALLERS)
    return {
        "call": span.name,
        "start_ms": span.start_ms,
        "end_ms": last_ms if span.end_ms is None else span.end_ms,
        "caller": callers[0] if span.name in FROM_SERVER else callers[1],
        "text": f"{call_text(span)}: {back_text(span)}",
    }


def _chart(
    title: str, side: list[dict[str, Any]], until: float
) -> alt.LayerChart | alt.FacetChart:
    order = list(dict.fromkeys(row["call"] for row in side))
    colour = alt.Scale(domain=list(CALLERS), range=list(CALLERS.values()))
    base = alt.Chart(alt.InlineData(values=side), title=title, width=WIDTH).encode(
        x=alt.X(
            "start_ms:Q", title="ms since the call", scale=alt.Scale(domain=[0, until])
        ),
        y=alt.Y("call:N", title=None, sort=order),
        color=alt.Color("caller:N", title=None, scale=colour),
        tooltip="text:N",
    )
    # A tick as well: a call that does not wait would be a bar of no width.
    bars = base.mark_bar(opacity=0.5).encode(x2="end_ms:Q")
    return alt.layer(bars, base.mark_tick(thickness=2))
