"""The line charts: what healthy requests saw, step by step, one line a stack."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any, TypeVar

import altair as alt

from loadtests.report import style
from loadtests.report.outcomes import Outcome, share
from loadtests.report.panel import LABEL_GAP, Panel, Row
from loadtests.report.text import count
from loadtests.results import Step

FAMILIES = "squares, dashed: WSGI; circles, solid: ASGI"
X_TITLE = "slow clients (the steps of the staircase, evenly spaced)"
MARK: dict[str, Any] = {"filled": True, "size": 60, "opacity": 1}
TEXT: dict[str, Any] = {"align": "left", "fontSize": 13, "color": style.INK}
Channel = TypeVar("Channel", alt.Color, alt.Shape, alt.StrokeDash)


def answered(
    title: str, outcomes: list[Outcome], looks: dict[str, style.Look]
) -> alt.LayerChart:
    """The share of healthy requests answered within the deadline, in percent."""
    height = _height(outcomes, 300)
    panel = Panel(outcomes, looks, _percent, -4, 104, height, bounds=_bounds)
    axis = alt.Axis(values=[0, 25, 50, 75, 100], labelExpr="datum.label + ' %'")
    x, y = _x(panel, X_TITLE), _y(panel, axis, "answered")
    chart = alt.layer(*_predictions(panel, x), *_layers(panel, y, x))
    subtitle = f"{FAMILIES}; triangles: predicted out at; bars: 95 % interval"
    return _sized(chart, panel).properties(title=alt.Title(title, subtitle=subtitle))


def response_time(
    title: str,
    outcomes: list[Outcome],
    looks: dict[str, style.Look],
    deadline_ms: float,
) -> alt.VConcatChart:
    """p50 above p90, on a logarithmic axis that ends above the deadline."""
    steps = [step for outcome in outcomes for step in outcome.steps]
    known = [v for step in steps for v in (_p50(step), _p90(step)) if v is not None]
    bottom, top = _decade(min(known)), 1.6 * max([deadline_ms, *known])
    height = _height(outcomes, 210)
    p50 = Panel(outcomes, looks, _p50, bottom, top, height, log=True)
    p90 = Panel(outcomes, looks, _p90, bottom, top, height, log=True)
    subtitle = f"{FAMILIES}; a line ends where its percentile is late or unknown"
    return alt.vconcat(
        _times(p50, "p50, ms", None, deadline_ms),
        _times(p90, "p90, ms", X_TITLE, deadline_ms),
        spacing=20,
    ).properties(title=alt.Title(title, subtitle=subtitle))


def _times(
    panel: Panel, title: str, x_title: str | None, deadline_ms: float
) -> alt.LayerChart:
    decades = range(math.ceil(math.log10(panel.bottom)), 1 + int(math.log10(panel.top)))
    axis = alt.Axis(values=[10.0**n for n in decades], format=",~r")
    x, y = _x(panel, x_title), _y(panel, axis, title)
    row = {"y": deadline_ms, "name": f"deadline, {deadline_ms:,.0f} ms"}
    deadline = style.marks([row])
    rule = deadline.mark_rule(color=style.INK, strokeWidth=1.5).encode(y)
    name = deadline.mark_text(dy=-9, **TEXT).encode(y, x=alt.value(4), text="name:N")
    return _sized(alt.layer(rule, name, *_layers(panel, y, x)), panel)


def _layers(panel: Panel, y: alt.Y, x: alt.X) -> Iterable[alt.Chart]:
    """Lines with their marks, then the names."""
    points = style.marks(panel.rows())
    colour, shape = _look(alt.Color, "colour", panel), _look(alt.Shape, "shape", panel)
    dash = _look(alt.StrokeDash, "dash", panel)
    yield points.mark_line(strokeWidth=2.5).encode(x, y, colour, strokeDash=dash)
    yield (
        points.transform_filter("isValid(datum.low)")
        .mark_rule(strokeWidth=1.5, opacity=0.6)
        .encode(x, alt.Y("low:Q"), colour, y2="high")
    )
    yield (
        points.transform_filter("isValid(datum.y)")
        .mark_point(**MARK)
        .encode(x, y, colour, shape)
    )
    yield from _names_beside(panel, x, y)
    yield from _names_within(panel, x, y)


def _names_beside(panel: Panel, x: alt.X, y: alt.Y) -> Iterable[alt.Chart]:
    ends = style.marks(panel.ends())
    colour, shape = _look(alt.Color, "colour", panel), _look(alt.Shape, "shape", panel)
    label_y, at = alt.Y("label_y:Q"), alt.value(style.WIDTH + 20)
    yield ends.mark_rule(opacity=0.6).encode(
        x, y, colour, x2=alt.value(style.WIDTH + 14), y2="label_y"
    )
    yield ends.mark_point(**MARK).encode(label_y, colour, shape, x=at)
    yield ends.mark_text(dx=10, **TEXT).encode(label_y, x=at, text="stack:N")


def _names_within(panel: Panel, x: alt.X, y: alt.Y) -> Iterable[alt.Chart]:
    ends = style.marks(panel.early_ends())
    colour, label_y = _look(alt.Color, "colour", panel), alt.Y("label_y:Q")
    yield ends.mark_rule(opacity=0.6).encode(x, y, colour, y2="label_y")
    halo: Row = {"stroke": style.BACKGROUND, "strokeWidth": 4}
    for drawn in (TEXT | halo, TEXT):
        yield ends.mark_text(dx=3, dy=-2, **drawn).encode(x, label_y, text="stack:N")


def _predictions(panel: Panel, x: alt.X) -> Iterable[alt.Chart]:
    """A mark above the plot and a thin rule through it where "out at" was predicted."""
    rows = style.marks(_predicted(panel))
    colour = _look(alt.Color, "colour", panel)
    yield rows.mark_rule(strokeWidth=1.5, strokeDash=[1, 3]).encode(x, colour)
    yield rows.mark_point(**{**MARK, "shape": "triangle-down"}).encode(
        x, alt.Y("above:Q"), colour
    )


def _predicted(panel: Panel) -> list[Row]:
    """Predictions within the staircase; several at one step stand above each other."""
    rows: list[Row] = []
    at: dict[int, int] = {}
    for outcome in panel.outcomes:
        level = outcome.predicted
        if level is None or level > panel.levels[-1]:
            continue
        at[level] = at.get(level, 0) + 1
        rows.append(
            {
                "stack": outcome.stack,
                "x": style.place(level, panel.levels),
                "above": panel.at_pixel(4 - 11 * at[level]),
            }
        )
    return rows


def _x(panel: Panel, title: str | None) -> alt.X:
    levels = panel.levels
    names = ", ".join(f"'{count(level)}'" for level in levels)
    return alt.X(
        "x:Q",
        scale=alt.Scale(domain=[-0.3, len(levels) - 0.7], nice=False, zero=False),
        axis=alt.Axis(
            values=list(range(len(levels))),
            labelExpr=f"[{names}][datum.value]",
            labelOverlap="greedy",
            grid=False,
            title=title,
        ),
    )


def _y(panel: Panel, axis: alt.Axis, title: str) -> alt.Y:
    scale = alt.Scale(
        type="log" if panel.log else "linear",
        domain=[panel.bottom, panel.top],
        nice=False,
        zero=False,
    )
    return alt.Y("y:Q", scale=scale, axis=axis, title=title)


def _look(channel: type[Channel], part: str, panel: Panel) -> Channel:
    """The colour, dash or shape of each stack, as that channel of a chart."""
    looks = panel.looks
    shown = [getattr(look, part) for look in looks.values()]
    scale = alt.Scale(domain=list(looks), range=shown)
    return channel("stack:N", legend=None, scale=scale)


def _sized(chart: Any, panel: Panel) -> alt.LayerChart:
    sized: alt.LayerChart = chart.properties(width=style.WIDTH, height=panel.height)
    return sized


def _height(outcomes: list[Outcome], least: int) -> int:
    return max(least, LABEL_GAP * len(outcomes))


def _percent(step: Step) -> float | None:
    part = share(step)
    return None if part is None else 100 * part


def _bounds(step: Step) -> Row:
    low, high = step.answered_low_percent, step.answered_high_percent
    return {} if low is None else {"low": low, "high": high}


def _p50(step: Step) -> float | None:
    return step.p50_ms if step.p50_ms and step.p50_ms > 0 else None


def _p90(step: Step) -> float | None:
    return step.p90_ms if step.p90_ms and step.p90_ms > 0 else None


def _decade(value: float) -> float:
    return float(10 ** math.floor(math.log10(value)))
