"""What healthy requests meet when a stack is out: told apart, and by whom."""

from __future__ import annotations

import dataclasses

import pytest

from loadtests.clients.answers import unlike
from loadtests.records.cell import LOST, Cell
from loadtests.report.blocks import Points, Source
from loadtests.report.prose import text
from loadtests.report.sections import overload
from loadtests.report.values import written
from tests import runs


def lost(stack: str, scenario: str = "slow-body", **ways: int) -> Cell:
    cell = runs.cell(stack, scenario, answered={0: 150, 2: 150, 3: 0})
    named = {how.replace("_", "-"): number for how, number in ways.items()}
    out = dataclasses.replace(cell.steps[-1], lost=named)
    return dataclasses.replace(cell, steps=[*cell.steps[:-1], out])


@pytest.mark.parametrize(
    ("status", "headers", "how"),
    [
        (503, {}, "rejected"),
        (503, {"retry-after": "3"}, "rejected-for-now"),
        (404, {}, "rejected"),
        (200, {}, "wrong"),
        (302, {"retry-after": "3"}, "wrong"),
    ],
)
def test_answer_that_is_not_the_right_one_is_told_apart(
    status: int, headers: dict[str, str], how: str
) -> None:
    assert unlike(status, headers) == how
    assert how in LOST


def test_every_way_to_be_lost_is_one_way_here() -> None:
    ways = [how for way in overload.WAYS for how in way.of]
    assert sorted(ways) == sorted(LOST)


def test_stacks_are_grouped_by_what_most_requests_meet() -> None:
    cells = [
        lost("a", late=150),
        lost("b", reset=90, late=60),
        lost("c", rejected=150),
        lost("d", rejected_for_now=150),
        lost("e", reset=150),
    ]
    [points, _] = overload.blocks(Source(runs.run(cells)))
    assert isinstance(points, Points)
    assert [text(item) for item in points.items] == [
        "Requests wait in vain: a under slow-body.",
        "Connections are dropped: b and e under slow-body.",
        "Requests are answered with an error: c under slow-body.",
        "Requests are answered with an error and Retry-After: d under slow-body.",
    ]


def test_table_shows_the_ways_that_were_met() -> None:
    table = overload.table(runs.run([lost("b", reset=90, closed=30, late=30)]))
    assert [column.heading for column in table.columns] == [
        *("scenario", "stack", "slow clients", "queued", "dropped")
    ]
    [row] = table.rows
    shown = [written(row[column.key]) for column in table.columns]
    assert shown == ["slow-body", "b", "3", "20.0 %", "80.0 %"]


def test_stack_that_was_not_out_and_a_run_without_the_ways_say_nothing() -> None:
    assert not overload.blocks(Source(runs.run([runs.cell()])))
    silent = runs.cell(answered={0: 150, 2: 150, 3: 0})
    assert not overload.blocks(Source(runs.run([silent])))
