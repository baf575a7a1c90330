"""What the analysis found, as every report writes it: steps, predictions, verdicts."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from loadtests.analysis import intervals, predictions, steps
from loadtests.analysis.outcomes import Outcome
from loadtests.analysis.over_repeats import Reached
from loadtests.analysis.predictions import (
    CONFIRMED,
    PARTLY,
    REFUTED,
    UNPREDICTED,
    Prediction,
)
from loadtests.catalog.stacks import HTTP1, Supply
from loadtests.records.cell import Cell, Step
from loadtests.records.run import Run
from loadtests.report.words import NOTHING, amount, count, figure, listed, percent

NEVER = "not reached"
RAN_OUT = "{} ran out"


def reached(at: Reached) -> str:
    """`32`, `32 (16 to 64 over 3 repeats)` or `16 in 1 of 3 repeats`."""
    return " ".join(filter(None, [number(at), note(at)])) if at.steps else NEVER


def number(at: Reached) -> str:
    """`32`; `8 to 16` where only some repeats reached it."""
    if len(at.steps) < len(at.repeats):
        return span(at.steps[0], at.steps[-1])
    return count(at.middle or 0)


def note(at: Reached) -> str:
    """What the number leaves out where the repeats differ, else nothing."""
    repeats = len(at.repeats)
    if at.agreed:
        return ""
    if len(at.steps) < repeats:
        return f"in {len(at.steps)} of {repeats} repeats"
    return f"({span(at.steps[0], at.steps[-1])} over {repeats} repeats)"


def span(first: int, last: int) -> str:
    """`8`, or `8 to 16`."""
    return count(first) if first == last else f"{count(first)} to {count(last)}"


def prediction(made: Prediction | None) -> str:
    """`2`, `16 to 32` or `not reached`; a dash where nobody predicted."""
    if made is None:
        return NOTHING
    if made.low is None or made.high is None:
        return NEVER
    return span(made.low, made.high)


MANY = 3  # scenarios; of more, the one that is missing is named instead


def scenarios(some: Sequence[str], every: set[str]) -> str:
    """`idle and slow-read`, of all that a run has; `every scenario but loop-block`."""
    rest = every - set(some)
    if len(every) > 1 and not rest:
        return "every scenario"
    if len(rest) == 1 and len(every) > MANY:
        return f"every scenario but {rest.pop()}"
    return listed(some)


def found(cell: Cell) -> str:
    """`holds 1,857, degrades at 2,007 (predicted 1,405 to 2,007), out at 2,058`."""
    at = cell.capacity
    if at.degrades_at is None:
        return f"holds {count(cell.steps[-1].slow_clients)} {_expected(cell)}"
    parts = [f"holds {count(at.held)}"] if at.held else []
    if at.degrades_at != at.out_at:
        first = _predicted(predictions.predicted_to_degrade(at))
        parts.append(f"degrades at {count(at.degrades_at)}{first}")
    whole = at.degrades_at == at.out_at or predictions.verdict(cell) == REFUTED
    out = _predicted(predictions.predicted_out(at)) if whole else ""
    if at.out_at is None:
        parts.append(f"not out at {count(cell.steps[-1].slow_clients)}{out}")
    else:
        parts.append(f"out at {count(at.out_at)}{out}")
    said = ", ".join(parts) + f" ({UNPREDICTED})" * at.unpredicted
    if at.ran_out is None:
        return said
    return f"{said}: {RAN_OUT.format(supply(cell.stack, at.ran_out))}"


def _predicted(made: Prediction | None) -> str:
    if made is None:
        return ""
    return f" (predicted {'never' if made.never else prediction(made)})"


def _expected(cell: Cell) -> str:
    """What was predicted of a cell that was not harmed."""
    made = predictions.predicted_out(cell.capacity)
    if made is None:
        return f"({UNPREDICTED})"
    return "(as predicted)" if made.never else f"(predicted out at {prediction(made)})"


def ran_out(outcome: Outcome) -> str:
    """What ran out, in any repeat; nothing where that is not known."""
    return _either(outcome.stack, (c.capacity.ran_out for c in outcome.cells))


def predicted_ran_out(outcome: Outcome) -> str:
    """What was predicted to run out; nothing where nobody predicted that."""
    found = (cell.capacity.predicted_ran_out for cell in outcome.cells)
    return _either(outcome.stack, found)


def _either(stack: str, names: Iterable[str | None]) -> str:
    named = (supply(stack, name) for name in names if name)
    return " or ".join(dict.fromkeys(named))


def supply(stack: str, name: str | None) -> str:
    """What a stack ran out of; a limit of connections as its server calls it. Nothing
    where that is not known."""
    if not name:
        return ""
    known = HTTP1.get(stack)
    return known.connections if known and name == Supply.WORKER_CONNECTIONS else name


def verdict(outcome: Outcome) -> str:
    """`confirmed`, `refuted`, `not tested`, or `confirmed in 2 of 3 repeats`."""
    if outcome.verdict != PARTLY:
        return outcome.verdict
    confirmed = outcome.verdicts.count(CONFIRMED)
    return f"{CONFIRMED} in {confirmed} of {len(outcome.cells)} repeats"


def share_within(step: Step) -> str:
    """`98.0 % (94.2 to 99.4)`: the share answered, rounded away from certainty."""
    said = percent(step.answered, step.attempted)
    low, high = step.answered_low_percent, step.answered_high_percent
    if low is None or high is None:
        return said
    return f"{said} ({math.floor(10 * low) / 10:g} to {math.ceil(10 * high) / 10:g})"


def time(step: Step, p: int, deadline_s: float) -> str:
    """A percentile in ms; `> 1,000` where it falls on a request without an answer."""
    if steps.late(step, p):
        return f"> {1000 * deadline_s:,.0f}"
    return figure(getattr(step, f"p{p}_ms"))


def repeated(values: Sequence[float]) -> str:
    """`(190 to 230)`: where the mean of three repeats or more lies, else nothing."""
    within = intervals.over_repeats(values)
    return f"({figure(within.low)} to {figure(within.high)})" if within else ""


def measured(run: Run) -> str:
    """`96 cells`, `7 rates`, or both."""
    counted = {"cell": len(run.cells), "rate": len(run.rates)}
    some = [amount(number, noun) for noun, number in counted.items() if number]
    return " and ".join(some) or amount(0, "cell")
