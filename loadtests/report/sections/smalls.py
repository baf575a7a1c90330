"""The small plots of a page, each with the stacks that are named beside it."""

from __future__ import annotations

import math
from collections.abc import Callable

from loadtests.analysis.outcomes import Outcome, outcomes
from loadtests.catalog.scenarios import SCENARIOS
from loadtests.records.run import Run
from loadtests.report.charts import drawing, multiples
from loadtests.report.charts.multiples import Plot
from loadtests.report.picture import Picture
from loadtests.report.sections.matrix import by_scenario, entry, in_order
from loadtests.report.special_blocks import Named, Small

MOST_NAMED = 12
ORDER = ("out", "degraded", "unharmed")
Draw = Callable[[str, str, Plot], Picture]


def anchors(run: Run) -> dict[str, str]:
    """Where on a page the answered requests of each scenario are shown."""
    scenarios = in_order(o.scenario for o in outcomes(run))
    return {s: f"answered-{number}" for number, s in enumerate(scenarios, 1)}


def answered(run: Run) -> list[Small]:
    """The share of healthy requests answered, with the stacks by name."""
    ids = anchors(run)
    return _smalls(run, ids, multiples.answered, named=True)


def response_times(run: Run) -> list[Small]:
    """None where no percentile is known."""
    steps = [step for outcome in outcomes(run) for step in outcome.steps]
    known = [ms for s in steps for ms in (s.p50_ms, s.p90_ms) if ms and ms > 0]
    if not known:
        return []
    bottom = 10.0 ** math.floor(math.log10(min(known)))
    top = 1.6 * max(1000 * run.method.deadline_s, *known)

    def draw(name: str, scenario: str, plot: Plot) -> Picture:
        return multiples.response_times(name, scenario, plot, bottom, top)

    ids = {s: f"times-{number}" for number, s in enumerate(anchors(run), 1)}
    return _smalls(run, ids, draw, named=False)


def _smalls(run: Run, ids: dict[str, str], draw: Draw, *, named: bool) -> list[Small]:
    found, looks = by_scenario(run), drawing.run_looks(run)
    top_step = max((o.last.slow_clients for o in found), default=0)
    smalls = []
    for scenario, key in ids.items():
        under = [o for o in found if o.scenario == scenario]
        plot = Plot(under, looks, top_step, run.method.deadline_s)
        beside = [Named(o.stack, looks[o.stack], entry(o)) for o in _hurt_first(under)]
        small = Small(
            id=key,
            scenario=scenario,
            what=SCENARIOS[scenario].what if scenario in SCENARIOS else "",
            picture=draw(f"{key}-plot", scenario, plot),
            named=beside[:MOST_NAMED] if named else (),
            more=max(0, len(beside) - MOST_NAMED) if named else 0,
        )
        smalls.append(small)
    return smalls


def _hurt_first(under: list[Outcome]) -> list[Outcome]:
    def order(outcome: Outcome) -> tuple[int, int]:
        state = ORDER.index(entry(outcome).state)
        return state, min([*outcome.out_at.steps, *outcome.degrades_at.steps, 10**9])

    return sorted(under, key=order)
