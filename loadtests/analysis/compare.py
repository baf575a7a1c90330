"""Two runs, cell by cell: what became better, what worse, and what has no answer.

The costs of each stack's requests are compared too. Pure functions of two runs. A cell
that cannot be compared has its reasons, and never counts as equal.
"""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Sequence
from dataclasses import dataclass

from loadtests.analysis import comparable, differences
from loadtests.analysis.changes import BETTER, SAME, WORSE, Difference
from loadtests.analysis.comparable import Reason
from loadtests.analysis.outcomes import Outcome, key_of, outcomes
from loadtests.records.run import Run

INCOMPARABLE = "not comparable"
THRESHOLD = 0.25


@dataclass(frozen=True)
class Comparison:
    """One stack under one scenario in both runs: `reasons` why they cannot be compared,
    or the differences. Without a scenario: what a request costs that stack.

    `times_doubtful`: response times were not compared, because those of one are not to
    be relied on. `machines`: in what the machines differ, so that only numbers of slow
    clients were compared.
    """

    stack: str
    scenario: str = ""
    reasons: Sequence[Reason] = ()
    differences: tuple[Difference, ...] = ()
    times_doubtful: bool = False
    machines: Sequence[Reason] = ()

    @property
    def verdict(self) -> str:
        """Worse if any figure is, whatever else became better."""
        if self.reasons:
            return INCOMPARABLE
        found = {difference.verdict for difference in self.differences}
        return next((v for v in (WORSE, BETTER) if v in found), SAME)


@dataclass(frozen=True)
class FalseAlarms:
    """Of so many pairs of repeats of one cell, how many came out as different."""

    pairs: int
    alarms: int


def compare(base: Run, new: Run, threshold: float = THRESHOLD) -> list[Comparison]:
    """Every cell of either run, its repeats pooled, and the costs of each stack."""
    everywhere = comparable.different_runs(base, new)
    machines = comparable.different_machines(base, new)
    of_base = {(o.stack, o.scenario): o for o in outcomes(base)}
    of_new = {(o.stack, o.scenario): o for o in outcomes(new)}
    found = []
    for key in dict.fromkeys(key_of(cell) for cell in (*base.cells, *new.cells)):
        old, now = of_base.get(key), of_new.get(key)
        if old is None or now is None:
            found.append(Comparison(*key, reasons=comparable.absence(base, new, key)))
        elif reasons := everywhere + comparable.different_parts(base, new, old, now):
            found.append(Comparison(*key, reasons=reasons))
        else:
            found.append(_compared(old, now, threshold, machines))
    stacks = sorted({cost.stack for run in (base, new) for cost in run.costs})
    why = [*everywhere, *(m for m in machines if m not in everywhere)]
    paid = [_costs(base, new, stack, why, threshold) for stack in stacks]
    return [*found, *paid]


def _costs(
    base: Run, new: Run, stack: str, everywhere: list[Reason], threshold: float
) -> Comparison:
    if absent := comparable.absent_costs(base, new, stack):
        return Comparison(stack, reasons=absent)
    if reasons := everywhere + comparable.different_costs(base, new, stack):
        return Comparison(stack, reasons=reasons)
    old, now = ([c for c in run.costs if c.stack == stack] for run in (base, new))
    return Comparison(stack, differences=differences.of_costs(old, now, threshold))


def status(found: Sequence[Comparison]) -> int:
    """For a script: 0, 1 if a cell is worse, 2 if not one can be compared."""
    verdicts = {comparison.verdict for comparison in found}
    if verdicts <= {INCOMPARABLE}:
        return 2
    return int(WORSE in verdicts)


def false_alarms(run: Run, threshold: float = THRESHOLD) -> FalseAlarms:
    """How often repeats of one cell, compared with each other, come out as different.

    They should not: nothing was changed between them. This is what the verdicts of
    `compare` are worth on the machine of this run.
    """
    verdicts = [
        _compared(one, other, threshold).verdict
        for outcome in outcomes(run)
        for one, other in itertools.combinations(_each_repeat(outcome), 2)
        if not comparable.different_shapes(one, other)
    ]
    return FalseAlarms(len(verdicts), sum(v in (BETTER, WORSE) for v in verdicts))


def _each_repeat(outcome: Outcome) -> list[Outcome]:
    return [dataclasses.replace(outcome, cells=(cell,)) for cell in outcome.cells]


def _compared(
    base: Outcome, new: Outcome, threshold: float, machines: Sequence[Reason] = ()
) -> Comparison:
    if machines:
        counted = differences.of_capacities(base, new)
        return Comparison(
            base.stack, base.scenario, differences=counted, machines=machines
        )
    found = differences.of_cell(base, new, threshold)
    return Comparison(
        base.stack,
        base.scenario,
        differences=found,
        times_doubtful=differences.doubtful(base, new),
    )
