"""The table of all stacks, and the result in one line."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from loadtests.records.beside_cells import SelfRecovery
from loadtests.records.cell import Cell, Fates
from loadtests.records.run import Run
from loadtests.report.prose import text
from loadtests.report.sections import headline, summary
from loadtests.report.values import written
from tests import runs
from tests.report.shown import cut, rendered


def holding(stack: str, scenario: str = "slow-body", held: int = 8, **at: Any) -> Cell:
    """A cell of a stack that holds so many; `at`: what its last step recorded."""
    cell = runs.cell(stack, scenario, answered={0: 150, held: 150, held + 1: 0})
    out = dataclasses.replace(cell.steps[-1], **{"lost": {"late": 150}} | at)
    return dataclasses.replace(cell, steps=[*cell.steps[:-1], out])


def row(run: Run) -> dict[str, str]:
    first = summary.table(run).rows[0]
    return {key: written(value) for key, value in first.items()}


def test_held_is_the_least_with_a_note_where_it_was_much_more() -> None:
    run = runs.run([holding("a", held=8), holding("a", "idle", 900)])
    assert row(run)["held"] == "8 (900 if idle)"


def test_stack_that_no_step_harmed_holds_at_least_the_largest() -> None:
    assert row(runs.run([runs.cell()]))["held"] == "≥ 512"


@pytest.mark.parametrize(
    ("at", "says"),
    [
        ({}, "wait in vain"),
        ({"lost": {"closed": 9, "late": 1}}, "are dropped"),
        ({"lost": {"refused": 9}}, "are refused"),
        ({"lost": {"wrong": 9}}, "are answered wrong"),
        ({"server_cores": 0.8}, "wait in vain"),
        ({"server_cores": 0.99}, "wait in vain (spins on 1.0 cores)"),
        (
            {"server_cores": 2.0, "log_mb_per_s": 48.0},
            "wait in vain (spins on 2.0 cores, logs 48 MB/s)",
        ),
    ],
)
def test_table_says_what_becomes_of_a_request_at_the_limit(
    at: dict[str, Any], says: str
) -> None:
    assert row(runs.run([holding("a", **at)]))["then"] == says


def test_table_says_how_a_stack_frees_itself() -> None:
    run = runs.run([holding("a"), holding("a", "idle")])
    recovery = SelfRecovery("a", "idle", 9, 40.0, 9, 9, 31.4, Fates(), 0, 0, True)
    never = dataclasses.replace(recovery, freed_s=None)
    faster = dataclasses.replace(recovery, scenario="slow-body", freed_s=6.0)
    for some, says in (
        ([recovery], "31 s"),
        ([recovery, faster], "31 s (under idle)"),
        ([never, faster], "not in 40 s (under idle)"),
        ([never], "not in 40 s"),
    ):
        assert row(dataclasses.replace(run, self_recoveries=some))["freed"] == says


def test_columns_of_which_a_run_knows_nothing_are_left_out() -> None:
    shown = summary.table(runs.run([runs.cell()]))
    assert [column.key for column in shown.columns] == ["stack", "held"]
    said = text(summary.words(runs.run([runs.cell()]), shown))
    assert said.startswith("held: so many slow clients, and still")
    assert "frees itself" not in said


def test_headline_is_the_result() -> None:
    few, many = holding("few", held=1), holding("many", held=900)
    capacity = dataclasses.replace(many.capacity, ran_out="descriptors")
    many = dataclasses.replace(many, capacity=capacity)
    assert text(headline.headline(runs.run([few, many]))) == (
        "Two slow clients stop few; many holds 900, then runs out of descriptors"
    )


@pytest.mark.parametrize(
    "cells",
    [
        [],
        [holding("a")],
        [runs.cell("a"), runs.cell("b")],
        [runs.cell(valid=False)],
        [holding("a", held=8), holding("b", held=8)],
    ],
)
def test_no_headline_without_one_that_stops_and_one_that_holds(
    cells: list[Cell],
) -> None:
    assert headline.headline(runs.run(cells)) == ()


@pytest.mark.parametrize("width", [40, 60, 80, 120, 200])
def test_terminal_leaves_out_columns_and_cuts_none(width: int) -> None:
    cells = [
        holding(stack, scenario, 1234, server_cores=2.0)
        for stack in runs.EIGHT_STACKS
        for scenario in ("slow-body", "handler-wait", "loop-block")
    ]
    costs = [runs.cost(stack, us=33.0) for stack in runs.EIGHT_STACKS]
    run = dataclasses.replace(runs.run(cells), costs=costs)
    lines = rendered(run, width).splitlines()
    table = lines[1 : 2 + len(runs.EIGHT_STACKS)]
    assert max(map(len, table)) <= width
    assert "…" not in "".join(table)
    assert table[0].split()[:3] == ["stack", "slow", "clients"]
    assert ("µs CPU" in table[0]) is (width >= 80)
    held = [written(row["held"]) for row in summary.table(run).rows]
    assert cut(held, "\n".join(table)) == []


def test_headline_names_the_stack_that_was_out_first() -> None:
    """Not the one that held fewer: a stack may degrade long before it is out."""
    early = runs.cell("early", answered={0: 150, 1605: 150, 1806: 90, 2057: 0})
    late = holding("late", held=1820)
    first = holding("first", held=20)
    said = text(headline.headline(runs.run([early, late, first])))
    assert said == "21 slow clients stop first; late holds 1,820"


def test_nothing_is_said_of_the_limit_of_a_stack_that_only_degraded() -> None:
    cell = runs.cell("a", answered={0: 150, 8: 140})
    worse = dataclasses.replace(cell.steps[-1], lost={"late": 10}, server_cores=1.9)
    cell = dataclasses.replace(cell, steps=[cell.steps[0], worse])
    assert row(runs.run([cell]))["then"] == "–"


def test_terminal_that_is_narrower_than_any_table_gets_the_narrowest() -> None:
    lines = rendered(runs.run([holding("a"), holding("b", "handler-wait")]), 12)
    assert "stack" in lines
    assert "then" not in lines


def test_terminal_says_where_no_stack_is_to_be_chosen() -> None:
    cells = [holding("a", s) for s in ("slow-headers", "slow-body")]
    text = " ".join(rendered(runs.run(cells), 120).split())
    assert "no proxy in front: none of these held 500 or more." in text


def test_run_of_slow_handlers_alone_names_no_slow_clients() -> None:
    run = runs.run([runs.cell(scenario="handler-wait")])
    assert "within 1 s; the least of every repeat." in text(summary.held(run))
