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
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import vl_convert

from loadtests.analysis.outcomes import Outcome, outcomes
from loadtests.records.run import Run
from loadtests.report.charts import bars, lines, style
from loadtests.report.said import prediction, reached, verdict
from loadtests.report.words import count, listed, percent, plain

FOLDER = "charts"
BELOW = "The table below has the figures."


@dataclass(frozen=True)
class Picture:
    """A chart that a report can show: its file, what it says, and how to draw it."""

    file: str
    title: str
    alternative: str
    draw: Callable[[], style.Spec]


def plan(run: Run) -> list[Picture]:
    """The charts for which the run has data, in the order of a report."""
    found = outcomes(run)
    looks = style.looks(dict.fromkeys(o.stack for o in found))
    pictures = [_capacity(found, looks)] if found else []
    names: set[str] = set()
    for scenario in dict.fromkeys(sorted(o.scenario for o in found)):
        under = [o for o in found if o.scenario == scenario]
        name = _file_name(scenario, names)
        pictures.append(_answered(run, scenario, name, under, looks))
        if any(step.p50_ms or step.p90_ms for o in under for step in o.steps):
            pictures.append(_response_time(run, scenario, name, under, looks))
    # Where all were held there is nothing to see that the table does not say.
    told = [o for o in found if o.fates.held < o.visits]
    return [*pictures, _fates(told)] if told else pictures


def render(run: Run) -> dict[str, str]:
    """Every chart of the run as SVG, by file name."""
    return {picture.file: svg(picture) for picture in plan(run)}


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
        file=f"{FOLDER}/answered-{name}.svg",
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
        file=f"{FOLDER}/response-time-{name}.svg",
        title=title,
        alternative=f"{title}: p50 and p90 of {stacks}. {BELOW}",
        draw=functools.partial(
            lines.response_time, title, under, looks, 1000 * run.method.deadline_s
        ),
    )


def _capacity(found: list[Outcome], looks: dict[str, style.Look]) -> Picture:
    title = "Slow clients at which each stack was out: predicted and measured"
    verdicts = Counter(map(verdict, found))
    said = ", ".join(f"{number} {name}" for name, number in verdicts.items())
    return Picture(
        file=f"{FOLDER}/capacity.svg",
        title=title,
        alternative=f"{title}: {said}. The table above has the figures.",
        draw=functools.partial(bars.capacity, title, found, looks),
    )


def _fates(visited: list[Outcome]) -> Picture:
    title = "Fates of the slow clients, where not all were held"
    return Picture(
        file=f"{FOLDER}/fates.svg",
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
