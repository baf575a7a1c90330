"""Capacities at a glance: a row for each stack, a column for each scenario."""

from __future__ import annotations

from loadtests.analysis.outcomes import (
    Outcome,
    by_family,
    key_of,
    outcomes,
    void_cells,
)
from loadtests.analysis.over_repeats import Reached
from loadtests.analysis.predictions import BEYOND, CONFIRMED, REFUTED, UNPREDICTED
from loadtests.analysis.summary import ENOUGH
from loadtests.catalog.scenarios import in_order
from loadtests.records.run import Run
from loadtests.report.said import (
    RAN_OUT,
    note,
    number,
    predicted_ran_out,
    prediction,
    ran_out,
    span,
)
from loadtests.report.special_blocks import Entry, Matrix
from loadtests.report.words import count


def by_scenario(run: Run) -> list[Outcome]:
    """The outcomes in the order of every table: by scenario, then by stack."""
    found = outcomes(run)
    order = in_order(o.scenario for o in found)
    return sorted(found, key=lambda outcome: order.index(outcome.scenario))


def matrix(run: Run) -> Matrix:
    """Capacities of all that was measured; void cells are there as void."""
    found = {(o.stack, o.scenario): entry(o) for o in outcomes(run)}
    void = dict.fromkeys(map(key_of, void_cells(run)), Entry("void", "void", ""))
    known = void | found
    scenarios = in_order(scenario for _, scenario in known)
    rows = {
        stack: [known.get((stack, s), Entry("absent")) for s in scenarios]
        for stack in sorted({stack for stack, _ in known}, key=by_family)
    }
    return Matrix(
        scenarios, rows, "Number of slow clients, for each stack and scenario"
    )


def entry(outcome: Outcome) -> Entry:
    """What was found, and what was predicted."""
    predicted, missed = _predicted(outcome), outcome.verdict == REFUTED
    if outcome.unharmed:
        top = count(outcome.last.slow_clients)
        return Entry("unharmed", "held", top, predicted=predicted, missed=missed)
    state, verb = ("out", "out at") if outcome.out else ("degraded", "degrades at")
    reached = outcome.out_at if outcome.out else outcome.degrades_at
    some = len(reached.steps) < len(reached.repeats)
    part = note(reached) if some else ""
    spread = "" if some else _spread(reached)
    return Entry(
        state,
        verb,
        number(reached),
        spread=spread,
        part=part,
        predicted=predicted,
        missed=missed,
        ran_out=_ran_out(outcome),
        first=_first(outcome),
        many=outcome.held_by_all >= ENOUGH,
    )


def _first(outcome: Outcome) -> str:
    """`degrades at 198`, where that is not also where it is out."""
    first, out = outcome.degrades_at.middle, outcome.out_at.middle
    if first is None or out is None or first == out:
        return ""
    return f"degrades at {count(first)}"


def _ran_out(outcome: Outcome) -> str:
    """`descriptors ran out`, and what was predicted to if that is something else."""
    found, made = ran_out(outcome), predicted_ran_out(outcome)
    if not found or not made or found == made:
        return RAN_OUT.format(found) if found else ""
    return f"{RAN_OUT.format(found)} (predicted: {made})"


def _spread(reached: Reached) -> str:
    return "" if reached.agreed else f"({span(reached.steps[0], reached.steps[-1])})"


def _predicted(outcome: Outcome) -> str:
    made = outcome.predicted
    if made is None:
        return UNPREDICTED
    out = "out at " if outcome.degraded else ""
    said = "predicted not out" if made.never else f"predicted {out}{prediction(made)}"
    if outcome.verdict == BEYOND:
        return f"{said}, not tested"
    if outcome.verdict in (CONFIRMED, REFUTED):
        return said
    right = outcome.verdicts.count(CONFIRMED)
    return f"{said}, right in {right} of {len(outcome.cells)}"
