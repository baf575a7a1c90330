"""How charts look: colours and marks of the stacks, spacing of labels.

The colours are those of Okabe and Ito, which colour-blind readers can tell apart, with
brown for their yellow, which is too faint on white. WSGI is warm and square, ASGI is
cool and round: no reader has to rely on colour alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from loadtests.analysis.outcomes import family
from loadtests.report.picture import Look as Look
from loadtests.report.picture import Spec as Spec

INK = "#1a1a1a"
FAINT = "#6b6b6b"
GRID = "#e4e4e4"
BACKGROUND = "#ffffff"
FONT = "sans-serif"
WIDTH = 560
VEGA_LITE = "6.4"

COLOURS = {
    "wsgi": ["#D55E00", "#E69F00", "#CC79A7", "#7F4A00"],
    "asgi": ["#0072B2", "#56B4E9", "#009E73", "#000000"],
    "": ["#6b6b6b"],
}
# One for each time that a family has used up its colours.
SHAPES = {
    "wsgi": ["square", "diamond", "triangle-down"],
    "asgi": ["circle", "cross", "triangle-up"],
    "": ["triangle-up"],
}
FATES = {
    "served": "#009E73",
    "rejected": "#F0E442",
    "reset": "#D55E00",
    "closed": "#E69F00",
    "refused": "#CC79A7",
    "held": "#56B4E9",
}

# The background is drawn, not left out: these files are shown on dark pages too.
COMMON: dict[str, Any] = {
    "background": BACKGROUND,
    "padding": 16,
    "config": {
        "font": FONT,
        "view": {"stroke": None},
        "axis": {
            "labelFontSize": 13,
            "titleFontSize": 13,
            "titleFontWeight": "normal",
            "titlePadding": 8,
            "labelColor": INK,
            "titleColor": INK,
            "gridColor": GRID,
            "domainColor": FAINT,
            "tickColor": FAINT,
            "labelLimit": 400,
        },
        "title": {
            "anchor": "start",
            "frame": "bounds",
            "fontSize": 16,
            "subtitleFontSize": 13,
            "subtitlePadding": 5,
            "color": INK,
            "subtitleColor": FAINT,
            "offset": 12,
        },
    },
}


def looks(stacks: Iterable[str]) -> dict[str, Look]:
    """A look for each stack; beyond four of a family the colours come again."""
    found: dict[str, Look] = {}
    seen = dict.fromkeys(COLOURS, 0)
    for stack in stacks:
        kind = family(stack)
        lap, place = divmod(seen[kind], len(COLOURS[kind]))
        seen[kind] += 1
        found[stack] = Look(
            colour=COLOURS[kind][place],
            shape=SHAPES[kind][lap % len(SHAPES[kind])],
        )
    return found


def marks(
    rows: Sequence[Spec], mark: str, form: Spec | None = None, **encoding: Spec
) -> Spec:
    """A layer of a chart: one mark for each row, or a line through the rows.

    Specifications are written as Vega-Lite has them, not with a library of classes:
    that took twice as long as to draw them.
    """
    return {
        "data": {"values": rows},
        "mark": {"type": mark, **(form or {})},
        "encoding": encoding,
    }


def layered(layers: Sequence[Spec], width: int, height: int) -> Spec:
    """One plot; a layer without rows would still take its time."""
    drawn = [layer for layer in layers if layer["data"]["values"]]
    return {"layer": drawn, "width": width, "height": height}


def number(name: str, **rest: Any) -> Spec:
    """A position, from a column of the rows that has numbers."""
    return {"field": name, "type": "quantitative", **rest}


def by_stack(looks: dict[str, Look], part: str) -> Spec:
    """The colour or shape of each stack."""
    shown = [getattr(look, part) for look in looks.values()]
    scale = {"domain": list(looks), "range": shown}
    return {"field": "stack", "type": "nominal", "legend": None, "scale": scale}


def text(name: str) -> Spec:
    """Words to write, or to describe a mark with, from a column of the rows."""
    return {"field": name, "type": "nominal"}
