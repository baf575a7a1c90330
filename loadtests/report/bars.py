"""The charts with a row for each stack: capacity (predicted, measured) and fates."""

from __future__ import annotations

import dataclasses
from typing import Any

import altair as alt

from loadtests.report import style
from loadtests.report.outcomes import Outcome
from loadtests.report.reached import NEVER
from loadtests.report.text import amount, count
from loadtests.results import Fates

ROW_HEIGHT = 24
WIDTH = style.WIDTH - 60
BESIDE = alt.value(WIDTH + 12)
BAR: dict[str, Any] = {"size": 330, "strokeWidth": 2.5, "color": style.INK}
TEXT: dict[str, Any] = {"align": "left", "fontSize": 12, "color": style.INK}
LEAST_NAMED = 12  # percent of a bar that is wide enough for a word
Row = dict[str, Any]


def capacity(
    title: str, found: list[Outcome], looks: dict[str, style.Look]
) -> alt.VConcatChart:
    """For each stack: where it was predicted to be out, and where it was."""
    columns = _columns(found)
    panels = [
        _capacity_panel(scenario, under, columns, looks)
        for scenario, under in _by_scenario(found).items()
    ]
    subtitle = "black: predicted (a line: a range); mark: measured (pale line: repeats)"
    return _stacked(panels).properties(title=alt.Title(title, subtitle=subtitle))


def _columns(found: list[Outcome]) -> list[str]:
    """The numbers that occur, in order and evenly spaced; "not reached" is the last."""
    ends = [(*o.out_at.steps, o.predicted, o.predicted_by) for o in found]
    numbers = {number for some in ends for number in some if number is not None}
    return [*map(count, sorted(numbers)), NEVER]


def _name(level: int | None) -> str:
    return NEVER if level is None else count(level)


def _capacity_panel(
    scenario: str,
    under: list[Outcome],
    columns: list[str],
    looks: dict[str, style.Look],
) -> alt.LayerChart:
    base = style.marks([_capacity_row(o) for o in under])
    names, shown = list(looks), looks.values()
    colours = alt.Scale(domain=names, range=[look.colour for look in shown])
    shapes = alt.Scale(domain=names, range=[look.shape for look in shown])
    colour = alt.Color("stack:N", legend=None, scale=colours)
    shape = alt.Shape("stack:N", legend=None, scale=shapes)
    y = _y(under)
    layers = (
        base.mark_rule(strokeWidth=4, opacity=0.4).encode(
            _column("first", columns), y, colour, x2="last"
        ),
        base.mark_point(filled=True, size=110, opacity=1).encode(
            _column("measured", columns), y, colour, shape
        ),
        base.mark_rule(strokeWidth=1.5, color=style.INK).encode(
            _column("predicted", columns), y, x2="predicted_by"
        ),
        base.mark_point(shape="stroke", angle=90, **BAR).encode(
            _column("predicted", columns), y
        ),
        base.mark_text(**TEXT).encode(y, x=BESIDE, text="verdict:N"),
    )
    return _panel(alt.layer(*layers), scenario, under)


def _column(name: str, columns: list[str]) -> alt.X:
    axis = alt.Axis(
        title=None,
        labelAngle=0,
        labelAlign="center",
        labelBaseline="top",
        labelOverlap="greedy",
        grid=True,
    )
    scale = alt.Scale(type="point", domain=columns, padding=0.5)
    return alt.X(f"{name}:N", scale=scale, axis=axis)


def _capacity_row(outcome: Outcome) -> Row:
    names = [_name(level) for level in _ordered(outcome)]
    return {
        "stack": outcome.stack,
        "predicted": _name(outcome.predicted),
        "predicted_by": _name(outcome.predicted_by),
        "measured": _name(outcome.out_at.middle),
        "first": names[0],
        "last": names[-1],
        "verdict": outcome.verdict,
    }


def _ordered(outcome: Outcome) -> list[int | None]:
    reached = outcome.out_at
    missing = len(reached.repeats) - len(reached.steps)
    return [*reached.steps, *[None] * missing]


def fates(title: str, found: list[Outcome]) -> alt.VConcatChart:
    """For each stack: what became of its slow clients, as shares of their visits."""
    used = [n for n in style.FATES if any(getattr(o.fates, n) for o in found)]
    panels = [
        _fates_panel(scenario, under, used)
        for scenario, under in _by_scenario(found).items()
    ]
    return _stacked(panels).properties(
        title=alt.Title(title, subtitle="shares of all visits (a slow client returns)")
    )


def _fates_panel(
    scenario: str, under: list[Outcome], used: list[str]
) -> alt.LayerChart:
    bars = style.marks([row for o in under for row in _segments(o)])
    totals = [{"stack": o.stack, "visits": amount(o.visits, "visit")} for o in under]
    axis = alt.Axis(
        title=None,
        grid=False,
        values=[0, 25, 50, 75, 100],
        labelExpr="datum.label + ' %'",
    )
    x = alt.X("from:Q", scale=alt.Scale(domain=[0, 100], nice=False), axis=axis)
    colours = alt.Scale(domain=used, range=[style.FATES[name] for name in used])
    legend = alt.Legend(title=None, orient="top", labelFontSize=13, symbolSize=140)
    colour, y = alt.Color("fate:N", scale=colours, legend=legend), _y(under)
    layers = (
        bars.mark_bar(stroke=style.BACKGROUND, strokeWidth=1).encode(
            x, y, colour, x2="to"
        ),
        bars.transform_filter(f"datum.share >= {LEAST_NAMED}")
        .mark_text(fontSize=12, color=style.INK)
        .encode(alt.X("middle:Q"), y, text="fate:N"),
        style.marks(totals).mark_text(**TEXT).encode(y, x=BESIDE, text="visits:N"),
    )
    return _panel(alt.layer(*layers), scenario, under)


def _segments(outcome: Outcome) -> list[Row]:
    rows: list[Row] = []
    done = 0
    for fate in dataclasses.fields(Fates):
        number = getattr(outcome.fates, fate.name)
        share = 100 * number / outcome.visits
        start = 100 * done / outcome.visits
        done += number
        row = {"stack": outcome.stack, "fate": fate.name, "share": share}
        row |= {"from": start, "to": start + share, "middle": start + share / 2}
        rows.append(row)
    return [row for row in rows if row["share"]]


def _y(under: list[Outcome]) -> alt.Y:
    stacks = [o.stack for o in under]
    axis = alt.Axis(
        title=None, ticks=False, domain=False, minExtent=150, labelPadding=8
    )
    return alt.Y("stack:N", sort=None, scale=alt.Scale(domain=stacks), axis=axis)


def _panel(chart: Any, scenario: str, under: list[Outcome]) -> alt.LayerChart:
    title = alt.Title(scenario, fontSize=14, frame="bounds", offset=6)
    panel: alt.LayerChart = chart.properties(
        width=WIDTH, height=ROW_HEIGHT * len(under), title=title
    )
    return panel


def _stacked(panels: list[alt.LayerChart]) -> alt.VConcatChart:
    together = alt.vconcat(*panels, spacing=18)
    stacked: alt.VConcatChart = together.resolve_scale(y="independent")
    return stacked


def _by_scenario(found: list[Outcome]) -> dict[str, list[Outcome]]:
    scenarios = sorted({o.scenario for o in found})
    return {s: [o for o in found if o.scenario == s] for s in scenarios}
