"""Each stack by itself, over the scenarios and repeats of a run."""

from __future__ import annotations

import dataclasses

import pytest

from loadtests.analysis.outcomes import outcomes
from loadtests.analysis.summary import AtLimit, Summary, at_limit, summaries
from loadtests.records.beside_cells import SelfRecovery
from loadtests.records.cell import Cell, Fates
from tests import runs


def holding(stack: str, scenario: str, held: int, repeat: int = 1) -> Cell:
    """A cell of a stack that holds so many, and is out with one more."""
    answered = {0: 150, held: 150, held + 1: 0}
    return runs.cell(stack, scenario, repeat=repeat, answered=answered)


def only(*cells: Cell) -> Summary:
    (found,) = summaries(runs.run(list(cells)))
    return found


def test_least_of_all_scenarios_and_repeats_is_what_a_stack_holds() -> None:
    found = only(
        holding("a", "idle", 900),
        holding("a", "slow-body", 20, repeat=1),
        holding("a", "slow-body", 15, repeat=2),
        holding("a", "slow-read", 16),
    )
    assert found.least
    assert (found.least.scenario, found.least.held_by_all) == ("slow-body", 15)
    assert [o.scenario for o in found.much_more] == ["idle"]


def test_slow_handlers_are_none_of_the_slow_clients() -> None:
    cells = [holding("a", s, 8) for s in ("slow-body", "handler-wait", "loop-block")]
    found = only(*cells)
    assert [o.scenario for o in found.clients] == ["slow-body"]
    assert found.waiting
    assert found.blocking
    assert (found.waiting.scenario, found.blocking.scenario) == (
        "handler-wait",
        "loop-block",
    )


def test_stacks_come_in_the_order_of_what_they_hold() -> None:
    held = {"b": 15, "c": 900, "a": 15, "d": 1}
    found = summaries(runs.run([holding(s, "idle", n) for s, n in held.items()]))
    assert [one.stack for one in found] == ["c", "a", "b", "d"]


@pytest.mark.parametrize(
    ("freed_s", "slowest"), [((1.0, 31.0), 31.0), ((31.0, None), None)]
)
def test_stack_frees_itself_as_fast_as_in_its_worst_scenario(
    freed_s: tuple[float | None, ...], slowest: float | None
) -> None:
    scenarios = ("slow-body", "slow-read")
    recoveries = [
        SelfRecovery("a", scenario, 2, 40.0, 9, 9, after, Fates(), 0, 0, True)
        for scenario, after in zip(scenarios, freed_s, strict=True)
    ]
    run = runs.run([holding("a", scenario, 1) for scenario in scenarios])
    (found,) = summaries(dataclasses.replace(run, self_recoveries=recoveries))
    assert found.freed
    assert found.freed.freed_s == slowest


def test_cost_is_that_of_the_request_that_all_apps_were_asked() -> None:
    costs = [
        runs.cost("a", us=30.0, repeat=1),
        runs.cost("a", us=50.0, repeat=2),
        runs.cost("a", us=40.0, repeat=3),
        runs.cost("a", us=90.0, kept_alive=False),
        runs.cost("a", us=900.0, target="/stream"),
        runs.cost("a", app="flask", us=70.0),
    ]
    run = dataclasses.replace(runs.run([holding("a", "idle", 1)]), costs=costs)
    (found,) = summaries(run)
    assert found.cpu_us == {True: 40.0, False: 90.0}


def test_what_happens_at_the_limit_is_what_most_lost_requests_met() -> None:
    cell = holding("a", "idle", 8)
    lost = {"late": 40, "closed": 110}
    out = dataclasses.replace(
        cell.steps[-1], lost=lost, server_cores=1.9, log_mb_per_s=40.0
    )
    cell = dataclasses.replace(cell, steps=[*cell.steps[:-1], out])
    (outcome,) = outcomes(runs.run([cell]))
    assert at_limit(outcome) == AtLimit("closed", 1.9, 40.0)


def test_nothing_is_known_of_a_limit_that_no_step_reached_or_recorded() -> None:
    for cell in (runs.cell(), holding("a", "idle", 8)):
        (outcome,) = outcomes(runs.run([cell]))
        assert at_limit(outcome) is None


def test_run_without_cells_has_no_summaries() -> None:
    assert summaries(runs.run([])) == []
