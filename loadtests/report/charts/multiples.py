"""Small multiples: one small plot for each scenario, all with the same axes.

They are what `lines` draws, small enough to stand side by side on a page; the page
names the lines beside each plot, and each point says what it is (its description).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from loadtests.analysis.outcomes import Outcome, share
from loadtests.records.cell import Step
from loadtests.report.charts import axis, style
from loadtests.report.charts.style import Spec, by_stack, marks, number
from loadtests.report.picture import Picture
from loadtests.report.said import prediction, share_within, time
from loadtests.report.words import amount, percent

WIDTH = 228
HEIGHT = 150
TIME_HEIGHT = 96
FONT_SIZE = 12
APART = 1.2  # percent
MOST_APART = 5
SAYS = style.text("says")
Row = dict[str, Any]
Value = Callable[[Step], float | None]


@dataclass(frozen=True)
class Plot:
    """One plot: of which outcomes, up to which step, and what of each step."""

    outcomes: Sequence[Outcome]
    looks: dict[str, style.Look]
    top_step: int
    deadline_s: float

    def rows(self, value: Value, says: Callable[[Step], str]) -> list[Row]:
        return [
            {
                "stack": o.stack,
                "x": axis.place(step.slow_clients),
                "y": value(step),
                "apart": self.apart(number),
                "says": f"{o.stack}, {_clients(step)}: {says(step)}",
            }
            for number, o in enumerate(self.outcomes)
            for step in o.steps
        ]

    def apart(self, number: int) -> float:
        """How far a line is moved up, in percent, so that equal ones can be told."""
        middle = (len(self.outcomes) - 1) / 2
        return (middle - number) * min(APART, MOST_APART / max(middle, 1))

    def predicted(self) -> list[Row]:
        """Where stacks were predicted to be out, if that is on the axis."""
        return [
            {
                "stack": o.stack,
                **along,
                "says": f"{o.stack}: predicted out at {prediction(o.predicted)}",
            }
            for o in self.outcomes
            if (along := axis.predicted(o.predicted, self.top_step))
        ]


def answered(name: str, scenario: str, plot: Plot) -> Picture:
    """The share of healthy requests answered, step by step."""
    title = f"Share of healthy requests answered under {scenario}"
    falls = (
        f"{o.stack} {_share(o.last)} at {_clients(o.last)}, predicted out at "
        f"{prediction(o.predicted)}"
        for o in plot.outcomes
    )
    alternative = f"{title}, by number of slow clients: {'; '.join(falls)}."
    return Picture(name, title, alternative, partial(_answered, plot))


def response_times(
    name: str, scenario: str, plot: Plot, bottom: float, top: float
) -> Picture:
    """p50 above p90, on a logarithmic axis from `bottom` to `top`."""
    title = f"Response times of healthy requests under {scenario}"
    said = (
        f"{o.stack} p50 {time(o.last, 50, plot.deadline_s)} ms at {_clients(o.last)}"
        for o in plot.outcomes
    )
    alternative = f"{title}, by number of slow clients: {'; '.join(said)}."
    draw = partial(_response_times, plot, bottom, top)
    return Picture(name, title, alternative, draw)


def _answered(plot: Plot) -> Spec:
    percents = _axis(values=[0, 50, 100], labelExpr="datum.label + ' %'")
    scale = {"domain": [-8, 108], "nice": False, "zero": False}
    x, y = _x(plot, "slow clients"), number("y", scale=scale, axis=percents, title=None)
    rows = plot.rows(_percent, lambda step: f"{share_within(step)} answered")
    known = [row for row in rows if row["y"] is not None]
    moved = [row | {"y": row["y"] + row["apart"]} for row in known]
    layers = [*_predictions(plot, x), *_lines(plot, moved, x, y)]
    return style.layered(layers, WIDTH, HEIGHT)


def _predictions(plot: Plot, x: Spec) -> list[Spec]:
    rows, colour = plot.predicted(), by_stack(plot.looks, "colour")
    thin = {"strokeDash": [1, 3], "strokeWidth": 1.5, "aria": False}
    form = {"shape": "triangle-down", "filled": True, "size": 55, "opacity": 1}
    at = {"x": x, "y": {"value": -6}, "color": colour}
    ends, between = axis.ends(rows), {"strokeWidth": 2, "aria": False}
    return [
        marks(ends, "rule", thin, x=x, color=colour),
        marks(axis.ranges(rows), "rule", between, x2={"field": "until"}, **at),
        marks(ends, "point", form, description=SAYS, **at),
    ]


def _response_times(plot: Plot, bottom: float, top: float) -> Spec:
    def panel(p: int, x_title: str | None) -> Spec:
        decades = range(math.ceil(math.log10(bottom)), 1 + int(math.log10(top)))
        values = _axis(values=[10.0**n for n in decades], format=",~r")
        scale = {"type": "log", "domain": [bottom, top], "nice": False}
        y = number("y", scale=scale, axis=values, title=f"p{p}, ms")
        rows = plot.rows(
            lambda step: _positive(getattr(step, f"p{p}_ms")),
            lambda step: f"p{p} {time(step, p, plot.deadline_s)} ms",
        )
        form = {"color": style.INK, "strokeWidth": 1.5, "aria": False}
        late = marks([{"y": 1000 * plot.deadline_s}], "rule", form, y=y)
        layers = [late, *_lines(plot, rows, _x(plot, x_title), y)]
        return style.layered(layers, WIDTH, TIME_HEIGHT)

    return {"vconcat": [panel(50, None), panel(90, "slow clients")], "spacing": 10}


def _lines(plot: Plot, rows: list[Row], x: Spec, y: Spec) -> list[Spec]:
    at = {"x": x, "y": y, "color": by_stack(plot.looks, "colour")}
    dash, shape = by_stack(plot.looks, "dash"), by_stack(plot.looks, "shape")
    line = {"strokeWidth": 2, "aria": False}
    point = {"filled": True, "size": 42, "opacity": 1}
    known = [row for row in rows if row["y"] is not None]
    return [
        marks(rows, "line", line, strokeDash=dash, **at),
        marks(known, "point", point, shape=shape, description=SAYS, **at),
    ]


def _x(plot: Plot, title: str | None) -> Spec:
    form = _axis(labels=title is not None)
    return axis.x(plot.top_step, WIDTH, FONT_SIZE, title, **form)


def _axis(**given: Any) -> Spec:
    return {"labelFontSize": FONT_SIZE, "titleFontSize": FONT_SIZE, **given}


def _percent(step: Step) -> float | None:
    part = share(step)
    return None if part is None else 100 * part


def _share(step: Step) -> str:
    return percent(step.answered, step.attempted)


def _positive(value: float | None) -> float | None:
    return value if value and value > 0 else None


def _clients(step: Step) -> str:
    return amount(step.slow_clients, "slow client")
