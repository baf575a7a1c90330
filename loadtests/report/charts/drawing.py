"""The charts of a run, as SVG. Which there are: `plan`. How they look: `style`.

Each chart is one Vega-Lite specification, compiled by vl-convert; nothing is fetched.
Everything that needs thought (which points, where a label goes) is decided here, in
Python: the specification only draws.
"""

from __future__ import annotations

import functools
import json
import re
from collections import Counter
from typing import Any

import vl_convert

from loadtests.analysis.outcomes import Outcome, outcomes
from loadtests.records.run import Run
from loadtests.report.charts import bars, lines, style
from loadtests.report.picture import Picture
from loadtests.report.said import prediction, reached, verdict
from loadtests.report.words import count, listed, percent, plain

BELOW = "The table below has the figures."


def plan(run: Run) -> list[Picture]:
    """The charts for which the run has data, in the order of a report."""
    times = response_times(run)
    pairs = [
        [picture, *([times[scenario]] if scenario in times else [])]
        for scenario, picture in answered(run).items()
    ]
    lines = [picture for pair in pairs for picture in pair]
    return [*filter(None, [capacity(run)]), *lines, *filter(None, [fates(run)])]


def answered(run: Run) -> dict[str, Picture]:
    """The share of healthy requests answered, a chart for each scenario."""
    looks = run_looks(run)
    return {
        scenario: _answered(run, scenario, name, under, looks)
        for scenario, name, under in _by_scenario(run)
    }


def response_times(run: Run) -> dict[str, Picture]:
    """Response times, a chart for each scenario in which some are known."""
    looks = run_looks(run)
    return {
        scenario: _response_time(run, scenario, name, under, looks)
        for scenario, name, under in _by_scenario(run)
        if any(step.p50_ms or step.p90_ms for o in under for step in o.steps)
    }


def fates(run: Run) -> Picture | None:
    """None where all slow clients were held: the table says that too."""
    told = [o for o in outcomes(run) if o.fates.held < o.visits]
    return _fates(told) if told else None


def run_looks(run: Run) -> dict[str, style.Look]:
    """How each stack is drawn in every chart of the run."""
    return style.looks(dict.fromkeys(o.stack for o in outcomes(run)))


def _by_scenario(run: Run) -> list[tuple[str, str, list[Outcome]]]:
    """Each scenario with its outcomes and a name for its files."""
    found = outcomes(run)
    names: set[str] = set()
    return [
        (s, _file_name(s, names), [o for o in found if o.scenario == s])
        for s in dict.fromkeys(sorted(o.scenario for o in found))
    ]


def svg(picture: Picture) -> str:
    return _compiled(json.dumps(specification(picture)))


@functools.lru_cache(maxsize=64)
def _compiled(vega_lite: str) -> str:
    return str(vl_convert.vegalite_to_svg(vega_lite, vl_version=style.VEGA_LITE))


def specification(picture: Picture) -> style.Spec:
    """The Vega-Lite specification, with what all charts have in common."""
    return {**_cleaned(picture.draw()), **style.COMMON}


def _cleaned(spec: Any) -> Any:
    """The specification with every name in it made fit to be shown."""
    if isinstance(spec, dict):
        return {_cleaned(key): _cleaned(value) for key, value in spec.items()}
    if isinstance(spec, list):
        return [_cleaned(value) for value in spec]
    return plain(spec) if isinstance(spec, str) else spec


def _answered(
    run: Run,
    scenario: str,
    name: str,
    under: list[Outcome],
    looks: dict[str, style.Look],
) -> Picture:
    title = (
        f"{scenario}: healthy requests answered within {run.method.deadline_s:g} s, "
        "by slow clients"
    )
    return Picture(
        name=f"answered-{name}",
        title=title,
        alternative=f"{title}. " + " ".join(map(_fall, under)),
        draw=functools.partial(lines.answered, title, under, looks),
    )


def _fall(outcome: Outcome) -> str:
    last = outcome.last
    out = f"out at {reached(outcome.out_at)}" if outcome.out else "not out"
    return (
        f"{outcome.stack}: {percent(last.answered, last.attempted)} at "
        f"{count(last.slow_clients)}, {out}, predicted {prediction(outcome.predicted)}."
    )


def _response_time(
    run: Run,
    scenario: str,
    name: str,
    under: list[Outcome],
    looks: dict[str, style.Look],
) -> Picture:
    title = f"{scenario}: response time of healthy requests, by slow clients"
    stacks = listed([o.stack for o in under])
    return Picture(
        name=f"response-time-{name}",
        title=title,
        alternative=f"{title}: p50 and p90 of {stacks}. {BELOW}",
        draw=functools.partial(
            lines.response_time, title, under, looks, 1000 * run.method.deadline_s
        ),
    )


def capacity(run: Run) -> Picture | None:
    """Where each stack was predicted to be out, and where it was."""
    found = outcomes(run)
    if not found:
        return None
    title = "Slow clients at which each stack was out: predicted and measured"
    verdicts = Counter(map(verdict, found))
    said = ", ".join(f"{number} {name}" for name, number in verdicts.items())
    return Picture(
        name="capacity",
        title=title,
        alternative=f"{title}: {said}. The table above has the figures.",
        draw=functools.partial(bars.capacity, title, found, run_looks(run)),
    )


def _fates(visited: list[Outcome]) -> Picture:
    title = "Fates of the slow clients, where not all were held"
    return Picture(
        name="fates",
        title=title,
        alternative=f"{title}, as shares of their visits. {BELOW}",
        draw=functools.partial(bars.fates, title, visited),
    )


def _file_name(scenario: str, taken: set[str]) -> str:
    """A file name for whatever the run calls a scenario, used once."""
    base = re.sub(r"[^a-z0-9]+", "-", scenario.lower())[:60].strip("-") or "scenario"
    name, number = base, 1
    while name in taken:
        number += 1
        name = f"{base}-{number}"
    taken.add(name)
    return name
