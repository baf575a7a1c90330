"""The charts of a run, as SVG. Which there are: `plan`. How they look: `style`.

Each chart is one Vega-Lite specification, compiled by vl-convert; nothing is fetched.
Everything that needs thought (which points, where a label goes) is decided here, in
Python: the specification only draws.
"""

from __future__ import annotations

import functools
import json
from typing import Any

import vl_convert

from loadtests.analysis.outcomes import Outcome, by_family, outcomes
from loadtests.analysis.summary import summaries
from loadtests.catalog.stacks import HTTP1
from loadtests.records.run import Run
from loadtests.report.charts import bars, capacity_rows, style
from loadtests.report.charts import capacity as capacities
from loadtests.report.charts import distributions as spread
from loadtests.report.picture import Picture
from loadtests.report.words import plain

BELOW = "The table below has the figures."


def fates(run: Run) -> Picture | None:
    """None where all slow clients were held: the table says that too."""
    told = [o for o in outcomes(run) if o.fates.held < o.visits]
    return _fates(told) if told else None


def run_looks(run: Run) -> dict[str, style.Look]:
    """How each stack is drawn in every chart of every run."""
    return style.looks(dict.fromkeys([*HTTP1, *(o.stack for o in outcomes(run))]))


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


def capacity(run: Run) -> Picture | None:
    """How many slow clients each stack took, and how many it was predicted to take."""
    found = by_mechanism(outcomes(run))
    if not found:
        return None
    title = "How many slow clients it takes, predicted and measured"
    return Picture(
        name="capacity",
        title=title,
        alternative=f"{title}. {capacity_rows.said(found)}",
        draw=functools.partial(capacities.draw, title, found, run_looks(run)),
    )


def by_mechanism(found: list[Outcome]) -> list[Outcome]:
    """Those that run out of least first, as their predictions have it."""
    return sorted(found, key=lambda o: (o.predicted.low or 10**9, by_family(o.stack)))


def distributions(run: Run) -> Picture | None:
    """Response times of each stack under the scenario that moved them most."""
    pairs = [p for s in summaries(run) if (p := spread.pair(s.slowest))]
    if not pairs:
        return None
    title = "Response times, alone and beside slow clients that are held"
    return Picture(
        name="response-times",
        title=title,
        alternative=f"{title}. {spread.said(pairs)}",
        draw=functools.partial(spread.draw, title, pairs, run_looks(run)),
    )


def _fates(visited: list[Outcome]) -> Picture:
    title = "Fates of the slow clients, where not all were held"
    return Picture(
        name="fates",
        title=title,
        alternative=f"{title}, as shares of their visits. {BELOW}",
        draw=functools.partial(bars.fates, title, visited),
    )
