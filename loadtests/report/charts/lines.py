"""The line charts: what healthy requests saw, step by step, one line a stack."""

from __future__ import annotations

import math
from collections.abc import Iterator

from loadtests.analysis.outcomes import Outcome, share
from loadtests.records.cell import Step
from loadtests.report.charts import axis, style
from loadtests.report.charts.panel import LABEL_GAP, Panel, Row
from loadtests.report.charts.style import Spec, by_stack, marks, number

FAMILIES = "squares, dashed: WSGI; circles, solid: ASGI"
PREDICTED = "triangles: predicted out at (two, joined: a range)"
FONT_SIZE = 13
APART = 0.3  # between two predictions in a row
MARK: Spec = {"filled": True, "size": 60, "opacity": 1}
TEXT: Spec = {"align": "left", "fontSize": 13, "color": style.INK}
NAME = style.text("stack")


def answered(title: str, outcomes: list[Outcome], looks: dict[str, style.Look]) -> Spec:
    """The share of healthy requests answered within the deadline, in percent."""
    height = _height(outcomes, 300)
    panel = Panel(outcomes, looks, _percent, -4, 104, height, bounds=_bounds)
    percents = {"values": [0, 25, 50, 75, 100], "labelExpr": "datum.label + ' %'"}
    x, y = _x(panel, axis.TITLE), _y(panel, percents, "answered")
    subtitle = f"{FAMILIES}; {PREDICTED}; upright bars: 95 % interval"
    return {
        "title": {"text": title, "subtitle": subtitle},
        **_plot(panel, [*_predictions(panel, x), *_layers(panel, y, x)]),
    }


def response_time(
    title: str,
    outcomes: list[Outcome],
    looks: dict[str, style.Look],
    deadline_ms: float,
) -> Spec:
    """p50 above p90, on a logarithmic axis that ends above the deadline."""
    steps = [step for outcome in outcomes for step in outcome.steps]
    known = [v for step in steps for v in (_p50(step), _p90(step)) if v is not None]
    bottom, top = _decade(min(known)), 1.6 * max([deadline_ms, *known])
    height = _height(outcomes, 210)
    p50 = Panel(outcomes, looks, _p50, bottom, top, height, log=True)
    p90 = Panel(outcomes, looks, _p90, bottom, top, height, log=True)
    subtitle = f"{FAMILIES}; a line ends where its percentile is late or unknown"
    panels = [
        _times(p50, "p50, ms", None, deadline_ms),
        _times(p90, "p90, ms", axis.TITLE, deadline_ms),
    ]
    subject = {"text": title, "subtitle": subtitle}
    return {"title": subject, "vconcat": panels, "spacing": 20}


def _times(panel: Panel, title: str, x_title: str | None, deadline_ms: float) -> Spec:
    decades = range(math.ceil(math.log10(panel.bottom)), 1 + int(math.log10(panel.top)))
    values = {"values": [10.0**n for n in decades], "format": ",~r"}
    x, y = _x(panel, x_title), _y(panel, values, title)
    late = [{"y": deadline_ms, "name": f"deadline, {deadline_ms:,.0f} ms"}]
    line = {"color": style.INK, "strokeWidth": 1.5}
    name = {"x": {"value": 4}, "y": y, "text": style.text("name")}
    deadline = [
        marks(late, "rule", line, y=y),
        marks(late, "text", {"dy": -9, **TEXT}, **name),
    ]
    return _plot(panel, [*deadline, *_layers(panel, y, x)])


def _layers(panel: Panel, y: Spec, x: Spec) -> Iterator[Spec]:
    """Lines with their marks, then the names."""
    points = panel.rows()
    at = {"x": x, "y": y, "color": by_stack(panel.looks, "colour")}
    dash, shape = by_stack(panel.looks, "dash"), by_stack(panel.looks, "shape")
    yield marks(points, "line", {"strokeWidth": 2.5}, strokeDash=dash, **at)
    within = [row for row in points if row.get("low") is not None]
    upright = at | {"y": number("low"), "y2": {"field": "high"}}
    yield marks(within, "rule", {"strokeWidth": 1.5, "opacity": 0.6}, **upright)
    known = [row for row in points if row["y"] is not None]
    yield marks(known, "point", MARK, shape=shape, **at)
    yield from _names_beside(panel, x, y)
    yield from _names_within(panel, x, y)


def _names_beside(panel: Panel, x: Spec, y: Spec) -> Iterator[Spec]:
    ends = panel.ends()
    colour, shape = by_stack(panel.looks, "colour"), by_stack(panel.looks, "shape")
    to: Spec = {"x2": {"value": style.WIDTH + 14}, "y2": {"field": "label_y"}}
    yield marks(ends, "rule", {"opacity": 0.6}, x=x, y=y, color=colour, **to)
    at: Spec = {"x": {"value": style.WIDTH + 20}, "y": number("label_y")}
    yield marks(ends, "point", MARK, color=colour, shape=shape, **at)
    yield marks(ends, "text", {"dx": 10, **TEXT}, text=NAME, **at)


def _names_within(panel: Panel, x: Spec, y: Spec) -> Iterator[Spec]:
    ends = panel.early_ends()
    colour, to = by_stack(panel.looks, "colour"), {"field": "label_y"}
    yield marks(ends, "rule", {"opacity": 0.6}, x=x, y=y, color=colour, y2=to)
    halo = {"stroke": style.BACKGROUND, "strokeWidth": 4}
    for drawn in (TEXT | halo, TEXT):
        form = {"dx": 3, "dy": -2, **drawn}
        yield marks(ends, "text", form, x=x, y=number("label_y"), text=NAME)


def _predictions(panel: Panel, x: Spec) -> Iterator[Spec]:
    """A mark above the plot and a thin rule through it where "out at" was predicted; of
    a range, at both ends, with a bar between them."""
    rows, colour = _predicted(panel), by_stack(panel.looks, "colour")
    ends = axis.ends(rows)
    thin = {"strokeWidth": 1.5, "strokeDash": [1, 3]}
    yield marks(ends, "rule", thin, x=x, color=colour)
    at = {"x": x, "y": number("above"), "color": colour}
    until = {"field": "until"}
    yield marks(axis.ranges(rows), "rule", {"strokeWidth": 2.5}, x2=until, **at)
    yield marks(ends, "point", {**MARK, "shape": "triangle-down"}, **at)


def _predicted(panel: Panel) -> list[Row]:
    """Predictions on the axis, each above those that it would overlap."""
    rows: list[Row] = []
    lanes: list[float] = []  # up to where each is taken
    for outcome in sorted(panel.outcomes, key=lambda o: o.predicted.low or 0):
        along = axis.predicted(outcome.predicted, panel.top_step)
        if along is None:
            continue
        free = [n for n, until in enumerate(lanes) if until < along["x"]]
        lane = free[0] if free else len(lanes)
        lanes[lane : lane + 1] = [along["until"] + APART]
        above = panel.at_pixel(-7 - 11 * lane)
        rows.append({"stack": outcome.stack, **along, "above": above})
    return rows


def _x(panel: Panel, title: str | None) -> Spec:
    return axis.x(panel.top_step, style.WIDTH, FONT_SIZE, title)


def _y(panel: Panel, shown: Spec, title: str) -> Spec:
    scale = {
        "type": "log" if panel.log else "linear",
        "domain": [panel.bottom, panel.top],
        "nice": False,
        "zero": False,
    }
    return number("y", scale=scale, axis=shown, title=title)


def _plot(panel: Panel, layers: list[Spec]) -> Spec:
    return style.layered(layers, style.WIDTH, panel.height)


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
