"""The finding: what a run says beside the table of all stacks, in a few sentences.

Each is made from figures, and is not made without them. It names stacks, never the
interface: what decides is the server and its worker class.
"""

from __future__ import annotations

from collections.abc import Sequence

from loadtests.analysis.outcomes import Outcome, outcomes
from loadtests.analysis.predictions import (
    BEYOND,
    CONFIRMED,
    PARTLY,
    REFUTED,
    UNPREDICTED,
    Prediction,
    another_ran_out,
)
from loadtests.catalog.phases import Phase
from loadtests.catalog.scenarios import in_phases
from loadtests.catalog.stacks import HTTP1
from loadtests.records.run import Run
from loadtests.records.target import OtherTarget
from loadtests.report.prose import Prose, joined, prose, text
from loadtests.report.said import measured, prediction, reached, supply
from loadtests.report.sections import changed_times, costs, rate_overload, rates
from loadtests.report.sections.groups import by_words
from loadtests.report.words import amount

MOST_REFUTED = 3
NOTHING_PREDICTED = (
    "Nothing was predicted, because this server is not known, or not with its options. "
    "So there is nothing to confirm or to refute."
)
HANDLERS = in_phases(Phase.HANDLER_WAITS)
IN_THE_APP = (
    "The slow handler of the app may hold something else than a connection. A def of "
    "FastAPI holds one of 40 threads, and a blocking call holds the event loop. make "
    "doctor names the line."
)
NOTHING_COUNTS = "No cell of this run counts, so the run says nothing about any stack."


def points(run: Run) -> list[Prose]:
    """The finding, with the names of stacks marked."""
    found, of_rates = outcomes(run), [*rates.points(run), *rate_overload.points(run)]
    if not found:
        return [*(prose(notice) for notice in _nothing(run)), *of_rates]
    times, memory = changed_times.response_time(found), costs.memory(found)
    in_the_app = prose(IN_THE_APP) if _handler_refuted(run, found) else ()
    some = (predictions(run), in_the_app, times, memory)
    of_cells = [point for point in some if point]
    return [*of_cells, *of_rates]


def _handler_refuted(run: Run, found: Sequence[Outcome]) -> bool:
    """Whether a handler of an ASGI app of the user's may not await."""
    return _is_asgi(run.target) and any(
        outcome.verdict == REFUTED and outcome.scenario in HANDLERS for outcome in found
    )


def _is_asgi(other: OtherTarget | None) -> bool:
    if other is None:
        return False
    known = HTTP1.get(other.command.stack) if other.command else None
    return (known.interface if known else other.interface) == "asgi"


def sentences(run: Run) -> list[str]:
    """The finding in words alone."""
    return [text(point) for point in points(run)]


def notices(run: Run) -> list[str]:
    """What a reader must know before all else: that the run stopped early, or that no
    cell counts."""
    stopped = incomplete(run)
    return [*([stopped] if stopped else []), *_nothing(run)]


def _nothing(run: Run) -> list[str]:
    """That no cell counts; a run may have rates alone."""
    rates_alone = bool(run.rates) and not run.cells
    return [] if outcomes(run) or rates_alone else [NOTHING_COUNTS]


def incomplete(run: Run) -> str:
    """Two sentences when the run stopped early, else nothing."""
    if run.run.complete:
        return ""
    return (
        f"This run is not complete: it stopped after {measured(run)}. Everything below "
        "holds for those alone."
    )


def predictions(run: Run) -> Prose:
    """How many were confirmed, and which were not."""
    every = outcomes(run)
    found = [o for o in every if o.verdict != UNPREDICTED]
    if not found:
        return prose(NOTHING_PREDICTED) if every else ()
    refuted = [o for o in found if o.verdict == REFUTED]
    partly = [o for o in found if o.verdict == PARTLY]
    beyond = sum(o.verdict == BEYOND for o in found)
    confirmed = sum(o.verdict == CONFIRMED for o in found)
    whole = amount(len(found), "prediction")
    said = [prose(f"The measurement confirmed {confirmed} of {whole}.")]
    if refuted:
        said.append(prose(f"It refuted {len(refuted)}."))
        said += _missed(refuted, found)
    if partly:
        said.append(_partly(partly, found))
    if beyond:
        said.append(prose(f"It did not test {beyond}, above the last step."))
    return joined(said)


def _partly(partly: list[Outcome], found: list[Outcome]) -> Prose:
    groups = by_words(partly, found, lambda o: (0, ""))
    named = [prose("{}{}", g.who, g.where) for g in groups[:MOST_REFUTED]]
    more = [prose("others")] if len(groups) > MOST_REFUTED else []
    start = prose(f"It confirmed {len(partly)} in some repeats only: ")
    return (*start, *joined([*named, *more], ", "), ".")


def _missed(refuted: list[Outcome], found: list[Outcome]) -> list[Prose]:
    groups = by_words(refuted, found, lambda o: (_made(o).low or 0, _miss(o)))
    shown = [
        prose("{}{} {} {}.", g.who, g.where, g.were, g.what)
        for g in groups[:MOST_REFUTED]
    ]
    more = [prose("Others missed too.")] if len(groups) > MOST_REFUTED else []
    return [*shown, *more]


def _made(outcome: Outcome) -> Prediction:
    """What was predicted of an outcome that has a verdict."""
    return outcome.predicted or Prediction(None, None)


def _miss(outcome: Outcome) -> str:
    found = [c.capacity for c in outcome.cells if another_ran_out(c.capacity)]
    if found:
        both = (found[0].predicted_ran_out, found[0].ran_out)
        predicted, evidence = (supply(outcome.stack, one) for one in both)
        return f"predicted to run out of {predicted}, but ran out of {evidence}"
    made, first = _made(outcome), outcome.predicted_first
    never = made.never
    said = "not to be out" if never else f"to be out at {prediction(made)}"
    if first:
        out = f"out at {prediction(made)}"
        degrade = f"to degrade at {prediction(first)} and be {out}"
        said = "to be unharmed" if never else degrade
    at = reached(outcome.out_at)
    measured = f"went out at {at}" if outcome.out else "never went out"
    if outcome.unharmed:
        return f"predicted {said}, but held"
    degraded = f"degraded at {reached(outcome.degrades_at)}"
    return f"predicted {said}, but {degraded} and {measured}"
