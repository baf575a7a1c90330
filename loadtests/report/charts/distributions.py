"""Distributions of response times: a panel a stack, alone and beside slow clients.

The one rule: an unanswered request is slower than every answered one. A line goes to
99 %, and ends earlier where more than 1 % were not answered.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from loadtests.analysis.outcomes import Outcome
from loadtests.records.cell import QUANTILES, Step
from loadtests.report.charts import style
from loadtests.report.charts.style import Spec, marks, number
from loadtests.report.words import amount, figure

WIDTH, HEIGHT, COLUMNS = 196, 120, 4
SUBTITLE = (
    "share of healthy requests answered so fast, in percent; grey: alone; coloured: "
    "beside the slow clients that the panel names"
)


@dataclass(frozen=True)
class Pair:
    """A stack alone, and beside the most slow clients that it held for long."""

    outcome: Outcome
    alone: Step
    beside: Step


def pair(outcome: Outcome | None) -> Pair | None:
    """None where either distribution was not recorded."""
    if outcome is None or outcome.baseline is None or outcome.largest_timed is None:
        return None
    alone, beside = outcome.baseline, outcome.largest_timed
    if not (_known(alone) and _known(beside)):
        return None
    return Pair(outcome, alone, beside)


def _known(step: Step) -> bool:
    return len(step.quantiles_ms) == len(QUANTILES)


def draw(title: str, pairs: Sequence[Pair], looks: dict[str, style.Look]) -> Spec:
    times = [ms for pair in pairs for ms in _times(pair)] or [1.0]
    low = 10 ** math.floor(math.log10(min(times)))
    domain = [low, 1.1 * max(times)]
    return {
        "title": {"text": title, "subtitle": SUBTITLE},
        "concat": [_panel(pair, domain, looks[pair.outcome.stack]) for pair in pairs],
        "columns": COLUMNS,
        "spacing": 18,
    }


def _times(pair: Pair) -> list[float]:
    both = (*pair.alone.quantiles_ms, *pair.beside.quantiles_ms)
    return [ms for ms in both if ms]


def _panel(pair: Pair, domain: list[float], look: style.Look) -> Spec:
    decades = range(math.ceil(math.log10(domain[0])), 1 + int(math.log10(domain[1])))
    form = {
        "values": [10.0**n for n in decades],
        "format": ",~r",
        "title": "ms",
        "labelOverlap": False,
    }
    scale = {"type": "log", "domain": domain, "nice": False}
    x = number("ms", scale=scale, axis=form)
    percents = {"values": [0, 50, 100], "title": None}
    y = number("percent", scale={"domain": [0, 100]}, axis=percents)
    line = {"strokeWidth": 2}
    layers = [
        marks(_rows(pair.alone), "line", {**line, "color": style.FAINT}, x=x, y=y),
        marks(_rows(pair.beside), "line", {**line, "color": look.colour}, x=x, y=y),
    ]
    clients = amount(pair.beside.slow_clients, "slow client")
    title = {
        "text": pair.outcome.stack,
        "subtitle": f"beside {clients}, {pair.outcome.scenario}",
        "fontSize": 13,
        "subtitleFontSize": 12,
        "offset": 6,
    }
    return {"title": title, **style.layered(layers, WIDTH, HEIGHT)}


def _rows(step: Step) -> list[Spec]:
    return [
        {"ms": ms, "percent": 100 * share}
        for share, ms in zip(QUANTILES, step.quantiles_ms, strict=True)
        if ms
    ]


def said(pairs: Sequence[Pair]) -> str:
    """Each panel in words."""
    return "; ".join(_said(pair) for pair in pairs) + "."


def _said(pair: Pair) -> str:
    alone, beside = (figure(step.p99_ms, "ms") for step in (pair.alone, pair.beside))
    clients = amount(pair.beside.slow_clients, "slow client")
    return (
        f"{pair.outcome.stack}: p99 {alone} alone, {beside} beside {clients} under "
        f"{pair.outcome.scenario}"
    )
