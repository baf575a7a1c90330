"""The charts with a row for each stack: capacity (predicted, measured) and fates."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

from loadtests.analysis.outcomes import Outcome
from loadtests.records.cell import Fates
from loadtests.report.charts import axis, style
from loadtests.report.charts.style import Spec, by_stack, marks
from loadtests.report.said import NEVER, verdict
from loadtests.report.words import amount

ROW_HEIGHT = 24
WIDTH = style.WIDTH - 60
BESIDE = {"value": WIDTH + 12}
BAR: Spec = {"size": 330, "strokeWidth": 2.5, "color": style.INK}
TEXT: Spec = {"align": "left", "fontSize": 12, "color": style.INK}
FONT_SIZE = 13
NEVER_AFTER = 1.8  # how far behind the last number "not reached" stands
LEAST_NAMED = 12  # percent of a bar that is wide enough for a word
Row = Spec


def capacity(title: str, found: list[Outcome], looks: dict[str, style.Look]) -> Spec:
    """For each stack: where it was predicted to be out, and where it was."""
    along = _along(found)
    panels = [
        _capacity_panel(scenario, under, along, looks)
        for scenario, under in _by_scenario(found).items()
    ]
    subtitle = "black: predicted (a line: a range); mark: measured (pale line: repeats)"
    return _stacked(panels, title, subtitle)


@dataclass(frozen=True)
class Along:
    """The axis of slow clients, up to `top`; "not reached" has a place behind that."""

    top: int
    never: bool

    def place(self, number: int | None) -> float:
        return (
            axis.place(self.top) + NEVER_AFTER if number is None else axis.place(number)
        )

    def x(self, name: str) -> Spec:
        last = self.place(None if self.never else self.top)
        unit = WIDTH / (last + 2 * axis.BESIDE)
        numbers = axis.ticks(self.top, unit * axis.place(self.top), FONT_SIZE)
        names = f"datum.value > {axis.place(self.top) + 0.1} ? '{NEVER}' : {axis.BACK}"
        form = {
            "title": None,
            "values": [*map(self.place, numbers), *[last] * self.never],
            "labelExpr": names,
            "labelOverlap": False,
            "grid": True,
        }
        domain = [-axis.BESIDE, last + axis.BESIDE]
        scale = {"domain": domain, "nice": False, "zero": False}
        return style.number(name, scale=scale, axis=form)


def _along(found: list[Outcome]) -> Along:
    ends = [
        at
        for o in found
        for at in (*o.out_at.repeats, o.predicted.low, o.predicted.high)
    ]
    return Along(max((n for n in ends if n is not None), default=1), None in ends)


def _capacity_panel(
    scenario: str, under: list[Outcome], along: Along, looks: dict[str, style.Look]
) -> Spec:
    rows, y = [_capacity_row(o, along) for o in under], _y(under)
    look = {"y": y, "color": by_stack(looks, "colour")}
    shape = by_stack(looks, "shape")
    first, measured, predicted = map(along.x, ("first", "measured", "predicted"))
    pale = {"strokeWidth": 4, "opacity": 0.4}
    mark = {"filled": True, "size": 110, "opacity": 1}
    thin = {"strokeWidth": 1.5, "color": style.INK}
    by, upright = {"field": "predicted_by"}, {"shape": "stroke", "angle": 90}
    layers = [
        marks(rows, "rule", pale, x=first, x2={"field": "last"}, **look),
        marks(rows, "point", mark, x=measured, shape=shape, **look),
        marks(rows, "rule", thin, x=predicted, x2=by, y=y),
        marks(rows, "point", upright | BAR, x=predicted, y=y),
        marks(rows, "point", upright | BAR, x=along.x("predicted_by"), y=y),
        marks(rows, "text", TEXT, x=BESIDE, y=y, text=style.text("verdict")),
    ]
    return _panel(layers, scenario, under)


def _capacity_row(outcome: Outcome, along: Along) -> Row:
    places = [along.place(number) for number in outcome.out_at.repeats]
    return {
        "stack": outcome.stack,
        "predicted": along.place(outcome.predicted.low),
        "predicted_by": along.place(outcome.predicted.high),
        "measured": along.place(outcome.out_at.middle),
        "first": min(places),
        "last": max(places),
        "verdict": verdict(outcome),
    }


def fates(title: str, found: list[Outcome]) -> Spec:
    """For each stack: what became of its slow clients, as shares of their visits."""
    used = [n for n in style.FATES if any(getattr(o.fates, n) for o in found)]
    panels = [
        _fates_panel(scenario, under, used)
        for scenario, under in _by_scenario(found).items()
    ]
    return _stacked(panels, title, "shares of all visits (a slow client returns)")


def _fates_panel(scenario: str, under: list[Outcome], used: list[str]) -> Spec:
    bars = [row for o in under for row in _segments(o)]
    named = [row for row in bars if row["share"] >= LEAST_NAMED]
    totals = [{"stack": o.stack, "visits": amount(o.visits, "visit")} for o in under]
    y, edge = _y(under), {"stroke": style.BACKGROUND, "strokeWidth": 1}
    word, middle = {"fontSize": 12, "color": style.INK}, style.number("middle")
    from_to = {"x": _shares(), "x2": {"field": "to"}, "color": _fate_colours(used)}
    layers = [
        marks(bars, "bar", edge, y=y, **from_to),
        marks(named, "text", word, x=middle, y=y, text=style.text("fate")),
        marks(totals, "text", TEXT, x=BESIDE, y=y, text=style.text("visits")),
    ]
    return _panel(layers, scenario, under)


def _shares() -> Spec:
    axis = {
        "title": None,
        "grid": False,
        "values": [0, 25, 50, 75, 100],
        "labelExpr": "datum.label + ' %'",
    }
    return style.number("from", scale={"domain": [0, 100], "nice": False}, axis=axis)


def _fate_colours(used: list[str]) -> Spec:
    scale = {"domain": used, "range": [style.FATES[name] for name in used]}
    legend = {"title": None, "orient": "top", "labelFontSize": 13, "symbolSize": 140}
    return {"field": "fate", "type": "nominal", "scale": scale, "legend": legend}


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


def _y(under: list[Outcome]) -> Spec:
    axis = {
        "title": None,
        "ticks": False,
        "domain": False,
        "minExtent": 150,
        "labelPadding": 8,
    }
    scale = {"domain": [o.stack for o in under]}
    return {**style.text("stack"), "sort": None, "scale": scale, "axis": axis}


def _panel(layers: list[Spec], scenario: str, under: list[Outcome]) -> Spec:
    title = {"text": scenario, "fontSize": 14, "frame": "bounds", "offset": 6}
    height = ROW_HEIGHT * len(under)
    return {"title": title, "layer": layers, "width": WIDTH, "height": height}


def _stacked(panels: list[Spec], title: str, subtitle: str) -> Spec:
    return {
        "title": {"text": title, "subtitle": subtitle},
        "vconcat": panels,
        "spacing": 18,
        "resolve": {"scale": {"y": "independent"}},
    }


def _by_scenario(found: list[Outcome]) -> dict[str, list[Outcome]]:
    scenarios = sorted({o.scenario for o in found})
    return {s: [o for o in found if o.scenario == s] for s in scenarios}
