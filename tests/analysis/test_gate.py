"""Limits that a run must keep: met, missed, or not known."""

from __future__ import annotations

import dataclasses

import pytest

from loadtests.analysis.compare import compare
from loadtests.analysis.gate import (
    CHANGE,
    MET,
    MISSED,
    SUSTAINED,
    UNKNOWN,
    AtLeast,
    Limits,
    checks,
    unmeasured,
    verdict,
)
from loadtests.records.cell import Cell
from loadtests.records.facts import TIMES, Fact, fact
from tests import runs
from tests.analysis.pairs import climb
from tests.analysis.test_rates import RATE, step

VOID = dataclasses.replace(runs.cell("void"), valid=False, faults=runs.facts("why"))


def holding(
    stack: str, held: int, scenario: str = "slow-body", repeat: int = 1
) -> Cell:
    answered = {0: 150, held: 150, held + 1: 0}
    return runs.cell(stack, scenario, answered=answered, repeat=repeat)


def at_least(number: int, stack: str = "") -> Limits:
    return Limits((AtLeast("slow-body", number, stack),))


@pytest.mark.parametrize(("wanted", "state"), [(8, MET), (9, MISSED), (0, MET)])
def test_stack_must_hold_so_many(wanted: int, state: str) -> None:
    [check] = checks(runs.run([holding("a", 8)]), at_least(wanted))
    assert (check.state, check.found, check.wanted) == (state, 8, wanted)


def test_least_of_all_repeats_counts() -> None:
    cells = [holding("a", 9, repeat=1), holding("a", 7, repeat=2)]
    [check] = checks(runs.run(cells), at_least(8))
    assert (check.state, check.found) == (MISSED, 7)


def test_stack_that_no_step_harmed_holds_the_largest() -> None:
    [check] = checks(runs.run([runs.cell("a")]), at_least(512))
    assert check.state == MET


def test_limit_is_about_its_own_stack_and_scenario() -> None:
    cells = [holding("a", 8), holding("b", 8), holding("a", 1, "idle")]
    found = checks(runs.run(cells), at_least(8, stack="b"))
    assert [(check.stack, check.scenario) for check in found] == [("b", "slow-body")]


def test_void_cell_is_not_known_and_a_missing_one_is_named() -> None:
    run = runs.run([holding("a", 8), VOID])
    assert [c.state for c in checks(run, at_least(1))] == [MET, UNKNOWN]
    other = AtLeast("idle", 1)
    assert unmeasured(run, Limits((other, *at_least(1).at_least))) == [other]


@pytest.mark.parametrize(
    ("per_s", "state"), [(100, MET), (150, MET), (160, UNKNOWN), (176, MISSED)]
)
def test_stack_must_sustain_such_a_rate(per_s: int, state: str) -> None:
    """What held above the limit counts, and what failed below."""
    rate = dataclasses.replace(RATE, steps=[step(150.0), step(176.0, 0)])
    other = dataclasses.replace(rate, stack="b")
    run = dataclasses.replace(runs.run([]), rates=[rate, other])
    wanted = AtLeast("backend-wait", per_s, stack="a")
    [check] = checks(run, Limits((wanted,)))
    assert (check.kind, check.state, check.found) == (SUSTAINED, state, 144.0)
    void = dataclasses.replace(rate, faults=runs.facts("why"))
    run = dataclasses.replace(run, rates=[void])
    [check] = checks(run, Limits((wanted,)))
    assert (check.state, check.found) == (UNKNOWN, None)
    assert verdict([]) == UNKNOWN
    missing = AtLeast("backend-def", 9)
    assert unmeasured(run, Limits((wanted, missing))) == [missing]


@pytest.mark.parametrize(
    ("p99_ms", "doubts", "state"),
    [
        (40.0, [], MET),
        (50.0, [], MISSED),
        (50.0, [fact(TIMES)], UNKNOWN),
        (40.0, [fact(TIMES)], MET),
        (None, [], UNKNOWN),
    ],
)
def test_response_time_beside_slow_clients_must_be_under(
    p99_ms: float | None, doubts: list[Fact], state: str
) -> None:
    plain = holding("a", 8)
    steps = [dataclasses.replace(step, p99_ms=p99_ms) for step in plain.steps]
    cell = dataclasses.replace(plain, steps=steps, doubts=doubts)
    [check] = checks(runs.run([cell]), Limits(p99_under_ms=50.0))
    assert check.state == state
    assert check.slow_clients == (None if p99_ms is None else 8)


@pytest.mark.parametrize(("out_at", "state"), [(32, MET), (64, MET), (4, MISSED)])
def test_cell_must_not_be_worse_than_before(out_at: int, state: str) -> None:
    base, new = runs.run([climb(32)]), runs.run([climb(out_at)])
    [check] = checks(new, Limits(), compare(base, new))
    assert (check.kind, check.state) == (CHANGE, state)


def test_cell_that_cannot_be_compared_is_not_known() -> None:
    base, new = runs.run([climb(16)]), runs.run([holding("b", 8)])
    found = checks(new, Limits(), compare(base, new))
    assert {check.state for check in found} == {UNKNOWN}


@pytest.mark.parametrize(
    ("wanted", "said"), [([1, 2], MET), ([1, 99], MISSED), ([1], UNKNOWN)]
)
def test_one_limit_that_is_missed_is_enough(wanted: list[int], said: str) -> None:
    cells = [holding("a", 8), *([VOID] if said == UNKNOWN else [])]
    limits = Limits(tuple(AtLeast("slow-body", number) for number in wanted))
    assert verdict(checks(runs.run(cells), limits)) == said
