"""The charts of a run, as SVG. Which there are: `plan`. How they look: `style`.

Each chart is one Vega-Lite specification, compiled by vl-convert; nothing is fetched.
Everything that needs thought (which points, where a label goes) is decided here, in
Python: the specification only draws.
"""

from __future__ import annotations

import contextlib
import functools
import json
import subprocess
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from loadtests.analysis.outcomes import Outcome, by_family, outcomes
from loadtests.analysis.summary import summaries
from loadtests.analysis.sweeps import Sweep
from loadtests.catalog.stacks import HTTP1
from loadtests.records.run import Run
from loadtests.report.charts import bars, capacity_rows, engine, style
from loadtests.report.charts import capacity as capacities
from loadtests.report.charts import distributions as spread
from loadtests.report.charts import sweep as sweep_chart
from loadtests.report.picture import Picture
from loadtests.report.words import plain

_DRAWN: dict[str, str] = {}  # SVG by specification
_AHEAD: list[engine.Engine] = []
BELOW = "The table below has the figures."
_MOST_TOLD = 8  # stacks: nobody listens to the figures of more


def fates(run: Run) -> Picture | None:
    """None where all slow clients were held: the table says that too."""
    told = [o for o in outcomes(run) if o.fates.held < o.visits]
    return _fates(told) if told else None


def run_looks(run: Run) -> dict[str, style.Look]:
    """How each stack is drawn in every chart of every run."""
    return style.looks(dict.fromkeys([*HTTP1, *(o.stack for o in outcomes(run))]))


def svg(picture: Picture) -> str:
    """One chart; the same one again costs nothing."""
    return svgs([picture])[0]


def svgs(pictures: Sequence[Picture]) -> list[str]:
    """Several charts, made together by the engine that was started ahead, if any."""
    texts = [json.dumps(specification(picture)) for picture in pictures]
    if missing := [text for text in dict.fromkeys(texts) if text not in _DRAWN]:
        _DRAWN.update(zip(missing, _made(missing), strict=True))
    return [_DRAWN[text] for text in texts]


@contextlib.contextmanager
def started_ahead() -> Iterator[None]:
    """Start the engine of the charts now, in a process of its own, to be asked once."""
    started = engine.Engine(style.VEGA_LITE)
    _AHEAD.append(started)
    try:
        yield
    finally:
        _AHEAD.clear()
        _DRAWN.clear()
        started.close()


def _made(specifications: Sequence[str]) -> Iterable[str]:
    """By the engine that was started ahead; by our own without one, or if it failed."""
    if _AHEAD:
        with contextlib.suppress(subprocess.CalledProcessError):
            return _AHEAD.pop().svgs(specifications)
    return map(_svg, specifications)


def _svg(specification: str) -> str:
    return engine.svg(specification, style.VEGA_LITE)


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
    few = len({outcome.stack for outcome in found}) <= _MOST_TOLD
    predicted = ", predicted and measured" * any(o.predicted for o in found)
    title = f"How many slow clients it takes{predicted}"
    return Picture(
        name="capacity",
        title=title,
        alternative=f"{title}. {capacity_rows.said(found) if few else BELOW}",
        draw=functools.partial(capacities.draw, title, found, run_looks(run)),
    )


def by_mechanism(found: list[Outcome]) -> list[Outcome]:
    """Those that run out of least first, as their predictions have it."""
    return sorted(found, key=lambda o: (_least(o), by_family(o.stack)))


def _least(outcome: Outcome) -> int:
    low = outcome.predicted.low if outcome.predicted else None
    return low or 10**9


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


def sweep(run: Run, found: Sweep, costs: sweep_chart.Costs) -> Picture | None:
    """A stack at several values of one option; None where there is nothing to draw."""
    look = run_looks(run)[found.points[0].stack]
    if not sweep_chart.panels(found, costs, look):
        return None
    title = f"{found.name}: {found.option} at several values"
    return Picture(
        name=f"sweep-{found.name}-{found.option}",
        title=title,
        alternative=f"{title}. {sweep_chart.said(found)}",
        draw=functools.partial(
            sweep_chart.draw,
            title,
            found,
            costs,
            look,
        ),
    )


def _fates(visited: list[Outcome]) -> Picture:
    title = "Fates of the slow clients, where not all were held"
    return Picture(
        name="fates",
        title=title,
        alternative=f"{title}, as shares of their visits. {BELOW}",
        draw=functools.partial(bars.fates, title, visited),
    )
