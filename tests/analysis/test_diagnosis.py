"""Which cause a diagnosis names: what was seen, before what was predicted."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from loadtests.analysis.diagnosis import (
    BLOCKED_LOOP,
    HANDLER_THREADS,
    POOL,
    PREDICTED,
    SEEN,
    UNKNOWN,
    Examined,
    Finding,
    Mended,
    Trial,
    examined,
    is_short,
    is_sound,
)
from loadtests.catalog.stacks import Supply
from loadtests.records.cell import Cell
from loadtests.records.threads import Look
from tests import runs
from tests.analysis import seen_threads
from tests.analysis.seen_threads import (
    BOTTOM,
    IDLE_LOOP,
    IN_A_POOL,
    POOLED,
    WAITING,
    look,
    thread,
)

NEED = 100


def cell(scenario: str = "handler-wait", **at: Any) -> Cell:
    """One that holds 4 and is out at 8, but for what `at` says of its capacity."""
    plain = runs.cell("command", scenario, answered={0: 150, 4: 150, 8: 0})
    return dataclasses.replace(
        plain, capacity=dataclasses.replace(plain.capacity, **at)
    )


def found(one: Cell, *looks: Look) -> Examined:
    return examined([one], {one.task.name: looks}, NEED)


def finding(one: Cell, *looks: Look) -> Finding:
    [only] = found(one, *looks).findings
    return only


@pytest.mark.parametrize(
    ("looks", "cause", "number"),
    [
        ([look(8, seen_threads.BLOCKED_LOOP)] * 2, BLOCKED_LOOP, 0),
        ([look(8, IN_A_POOL, IN_A_POOL, *[WAITING] * 3)] * 2, POOL, 2),
        ([look(8, IN_A_POOL, WAITING, WAITING)] * 2, HANDLER_THREADS, 3),
        ([look(8, *[IN_A_POOL] * 40)], HANDLER_THREADS, 40),
        ([look(8, *[WAITING] * 40)], HANDLER_THREADS, 40),
        ([look(0, WAITING), look(8, WAITING, *[IN_A_POOL] * 3)], HANDLER_THREADS, 3),
        # A loop that was once seen in the app, and then not, is only busy.
        ([look(8, seen_threads.BLOCKED_LOOP), look(8, IDLE_LOOP)], UNKNOWN, 0),
        ([look(0, *[IN_A_POOL] * 40)], UNKNOWN, 0),
        ([], UNKNOWN, 0),
    ],
)
def test_threads_name_the_cause(looks: list[Look], cause: str, number: int) -> None:
    one = finding(cell(), *looks)
    assert (one.cause, one.number) == (cause, number)
    assert one.known_by == (SEEN if cause != UNKNOWN else "")


def test_look_at_the_most_slow_clients_counts() -> None:
    one = finding(cell(degrades_at=8), look(8, IN_A_POOL), look(16, *[IN_A_POOL] * 9))
    assert one.number == 9


def test_look_that_failed_says_why() -> None:
    assert finding(cell(), Look(8, failed="no permission")).unseen == "no permission"


@pytest.mark.parametrize(
    ("supply", "number"),
    [
        (Supply.WORKERS, 1),
        (Supply.THREADS, 8),
        (Supply.WORKER_CONNECTIONS, 15),
        (Supply.DESCRIPTORS, 128),
    ],
)
def test_supply_that_was_seen_to_run_out_is_the_cause(
    supply: Supply, number: int
) -> None:
    one = dataclasses.replace(
        cell(ran_out=supply), threads=8, worker_connections=15, nofile=128
    )
    assert finding(one) == Finding(
        "handler-wait", 4, 8, 8, supply, known_by=SEEN, number=number
    )


@pytest.mark.parametrize(
    ("predicted", "cause"),
    [
        ({"predicted_out_at": 8}, Supply.WORKERS),
        ({"predicted_out_at": 4, "predicted_out_by": 9}, Supply.WORKERS),
        ({"predicted_out_at": 80}, UNKNOWN),
        ({"predicted_out_at": None}, UNKNOWN),
    ],
)
def test_prediction_counts_where_it_came_true_and_nothing_was_seen(
    predicted: dict[str, Any], cause: str
) -> None:
    one = finding(cell(predicted_ran_out=Supply.WORKERS, **predicted))
    assert one.cause == cause
    assert one.known_by == (PREDICTED if cause != UNKNOWN else "")


def test_event_loops_that_ran_out_are_explained_by_threads() -> None:
    one = finding(cell(ran_out=Supply.EVENT_LOOPS), look(8, *[IN_A_POOL] * 5))
    assert one.cause == HANDLER_THREADS


def test_place_of_a_blocked_loop_is_the_loops_own() -> None:
    busy = thread(seen_threads.SLEEPS, POOLED, BOTTOM)
    looks = [look(8, seen_threads.BLOCKED_LOOP, *[busy] * 9)] * 2
    [place] = finding(cell(), *looks).places
    assert place.function == seen_threads.HANDLER.function


def test_worst_is_first_and_what_holds_enough_or_is_void_is_no_finding() -> None:
    cells = [
        cell("slow-body"),
        runs.cell("command", "idle", answered={0: 150, 400: 150}),
        runs.cell("command", "slow-headers", answered={0: 150, 100: 150, 200: 0}),
        runs.cell("command", "slow-read", answered={0: 150, 2: 150, 3: 0}),
        dataclasses.replace(cell(), valid=False),
    ]
    seen = examined(cells, {}, NEED)
    assert [one.scenario for one in seen.findings] == ["slow-read", "slow-body"]
    assert seen.cells == tuple(cells)


def test_number_between_the_last_that_was_held_and_the_first_harm_is_short() -> None:
    assert is_short(cell(held=64, degrades_at=128), NEED)
    assert not is_short(cell(held=NEED, degrades_at=128), NEED)


def test_cell_that_was_not_tried_so_far_is_neither_short_nor_sound() -> None:
    few = runs.cell("command", "idle", answered={0: 150, 64: 150})
    assert not is_short(few, NEED)
    assert not is_sound(few, NEED)
    void = dataclasses.replace(cell("slow-read"), valid=False)
    assert examined([few, void, cell()], {}, NEED).unclear == [few, void]


@pytest.mark.parametrize("predicted", [Supply.DESCRIPTORS, Supply.EVENT_LOOPS])
def test_worker_that_is_an_event_loop_is_named_so_without_threads(
    predicted: Supply,
) -> None:
    one = cell(ran_out=Supply.WORKERS, predicted_ran_out=predicted)
    assert finding(one, Look(8, failed="no permission")).cause == Supply.EVENT_LOOPS


def test_trial_helps_where_all_that_was_short_holds_enough() -> None:
    well = runs.cell("command", "handler-wait", answered={0: 150, 100: 150})
    void = dataclasses.replace(well, valid=False)
    for after, helps in ((well, True), (cell(), False), (void, False)):
        trial = Trial("", "", (Mended(cell(), after),))
        assert trial.helps(NEED) is helps
        assert trial.counts is after.valid
    assert not Trial("", "", ()).helps(NEED)
