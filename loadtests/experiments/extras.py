"""What a full run measures beside its cells: how a stack that is held at its capacity
frees itself, and what a request costs. Saved after each, and gone on with, like cells.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from loadtests.analysis.self_recovery import analyse_self_recovery
from loadtests.experiments.cell import Plan, measure_cell
from loadtests.experiments.costs import CostPlan, measure_costs, plans
from loadtests.experiments.run import Order, method_of, subject_of
from loadtests.records.run import Freeing, Run, save_run
from loadtests.servers.processes import Guard, ProcessError

Extra = Plan | CostPlan


def planned(order: Order) -> list[Extra]:
    """What there is to measure beside the cells; nothing for most profiles."""
    extras = order.profile.extras
    if not extras:
        return []
    top = order.profile.levels[-1]
    held = [
        Plan(stack, scenario, 1, order.profile.freeing(extras.watch_s))
        for scenario in order.scenarios
        # A handler ends by itself, whatever the timeouts are.
        if scenario.phase.client_is_slow
        for stack in order.stacks
        if 0 < (stack.predicted_out_by(scenario.id) or 0) <= top
    ]
    return [*held, *plans(order.stacks, extras.cost_repeats, extras.cost_s, order.seed)]


def missing(extras: Sequence[Extra], run: Run) -> list[Extra]:
    """Those of which the run knows nothing yet."""
    known = {one.name for one in run.freeings} | {cost.name for cost in run.costs}
    return [extra for extra in extras if extra.name not in known]


def go_on(
    run: Run,
    folder: Path,
    extras: Sequence[Extra],
    guard: Guard,
    tell: Callable[[Extra, float], None],
) -> Iterator[tuple[Extra, Run]]:
    """Measure what is missing; yields the run, already saved, after each.

    What cannot be measured is among its `failures`, with the reason.
    """
    for extra in missing(extras, run):
        tell(extra, 0.0)
        before = [s for s in run.failures if not s.startswith(f"{extra.name}: ")]
        run = dataclasses.replace(run, failures=before)
        try:
            run = _with(run, extra, folder, guard, tell)
        except ProcessError as error:
            line = f"{extra.name}: {error}"
            run = dataclasses.replace(run, failures=[*run.failures, line])
        save_run(run, folder)
        yield extra, run


def _with(
    run: Run,
    extra: Extra,
    folder: Path,
    guard: Guard,
    tell: Callable[[Extra, float], None],
) -> Run:
    if isinstance(extra, CostPlan):
        costs = measure_costs(extra, folder, guard)
        return dataclasses.replace(run, costs=[*run.costs, *costs])
    found = _freeing(extra, folder, guard, tell)
    if not found.valid:  # once more: whatever disturbed the generator may be over
        found = _freeing(extra, folder, guard, tell)
    return dataclasses.replace(run, freeings=[*run.freeings, found])


def _freeing(
    plan: Plan, folder: Path, guard: Guard, tell: Callable[[Extra, float], None]
) -> Freeing:
    log = folder / "logs" / f"{plan.name}.server.log"
    log.unlink(missing_ok=True)  # the kills of a first try are not those of this one
    recording = measure_cell(plan, folder, guard, lambda s: tell(plan, s))
    told = log.read_text(encoding="utf-8", errors="replace")
    return analyse_self_recovery(
        subject_of(plan), recording, method_of(plan.profile), told
    )
