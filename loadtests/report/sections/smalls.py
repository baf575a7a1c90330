"""The small plots of a page, each with the stacks that are named beside it."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from markupsafe import Markup

from loadtests.analysis.outcomes import Outcome, outcomes
from loadtests.records.run import Run
from loadtests.report.charts import inline, multiples, style
from loadtests.report.charts.drawing import Picture
from loadtests.report.charts.multiples import Plot
from loadtests.report.sections import tables
from loadtests.report.sections.matrix import Entry, entry, in_order

MOST_NAMED = 12
ORDER = ("out", "degraded", "unharmed")


@dataclass(frozen=True)
class Named:
    """A stack beside a plot, and what became of it there."""

    stack: str
    look: style.Look
    entry: Entry


@dataclass(frozen=True)
class Small:
    """One small plot; of the stacks in it, those that were hurt first come first."""

    id: str
    scenario: str
    svg: Markup
    named: list[Named]
    more: int


def looks(run: Run) -> dict[str, style.Look]:
    """How each stack is drawn: as in the charts beside the page."""
    return style.looks(dict.fromkeys(o.stack for o in outcomes(run)))


def answered(run: Run) -> list[Small]:
    return _smalls(run, "answered", multiples.answered)


def response_times(run: Run) -> list[Small]:
    """None where no percentile is known."""
    steps = [step for outcome in outcomes(run) for step in outcome.steps]
    known = [ms for s in steps for ms in (s.p50_ms, s.p90_ms) if ms and ms > 0]
    if not known:
        return []
    bottom = 10.0 ** math.floor(math.log10(min(known)))
    top = 1.6 * max(1000 * run.method.deadline_s, *known)

    def draw(scenario: str, plot: Plot) -> Picture:
        return multiples.response_times(scenario, plot, bottom, top)

    return _smalls(run, "times", draw)


def _smalls(run: Run, name: str, draw: Callable[[str, Plot], Picture]) -> list[Small]:
    found, shown = tables.by_scenario(run), looks(run)
    levels = multiples.levels(found)
    smalls = []
    for number, scenario in enumerate(in_order(o.scenario for o in found), 1):
        under = [o for o in found if o.scenario == scenario]
        plot = Plot(under, shown, levels, run.method.deadline_s)
        key = f"{name}-{number}"
        svg = inline.embedded(draw(scenario, plot), f"{key}-plot", tips=True)
        named = [Named(o.stack, shown[o.stack], entry(o)) for o in _hurt_first(under)]
        more = max(0, len(named) - MOST_NAMED)
        smalls.append(Small(key, scenario, svg, named[:MOST_NAMED], more))
    return smalls


def _hurt_first(under: list[Outcome]) -> list[Outcome]:
    def order(outcome: Outcome) -> tuple[int, int]:
        state = ORDER.index(entry(outcome).state)
        return state, min([*outcome.out_at.steps, *outcome.degrades_at.steps, 10**9])

    return sorted(under, key=order)
