"""The chart of fates: what became of the slow clients of each stack."""

from __future__ import annotations

import dataclasses

from loadtests.analysis.outcomes import Outcome
from loadtests.records.cell import Fates
from loadtests.report.charts import style
from loadtests.report.charts.style import Spec, marks
from loadtests.report.words import amount

ROW_HEIGHT = 24
WIDTH = style.WIDTH - 60
BESIDE = {"value": WIDTH + 12}
TEXT: Spec = {"align": "left", "fontSize": 12, "color": style.INK}
LEAST_NAMED = 12  # percent of a bar that is wide enough for a word
Row = Spec


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
