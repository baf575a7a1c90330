"""Sections: what their tables and sentences say of a run."""

from __future__ import annotations

import dataclasses

import pytest

from loadtests.records.cell import Cell
from loadtests.records.run import Run
from loadtests.report import prose, reports
from loadtests.report.blocks import Source
from loadtests.report.formats import html, markdown
from loadtests.report.sections import capacity, commands, costs, method
from loadtests.report.values import written
from tests import runs
from tests.report.shown import sync_out


def test_reasons_of_predictions_name_whom_they_are_given_for() -> None:
    def held(stack: str, scenario: str, because: str) -> Cell:
        cell = runs.cell(stack, scenario)
        said = dataclasses.replace(cell.capacity, predicted_because=because)
        return dataclasses.replace(cell, capacity=said)

    cells = [
        held("a", "idle", "a thread"),
        held("a", "slow-read", "a thread"),
        held("b", "idle", "a socket"),
        held("b", "slow-read", "a thread"),
        runs.cell("c", "idle"),
    ]
    assert capacity.reasons(runs.run(cells)) == {
        "a; b (slow-read)": "a thread",
        "b (idle)": "a socket",
    }
    assert "a; b (slow-read)" in html.render(Source(runs.run(cells)))[reports.PAGE]
    assert (
        "- b (idle): a socket." in markdown.render(Source(runs.run(cells)))["report.md"]
    )


def test_method_says_in_which_order_the_cells_were_measured() -> None:
    def said(run: Run) -> str:
        return prose.text(prose.joined(method.lines(run)))

    assert "measured in the order of the tables." in said(runs.quick())
    assert "measured in shuffled order, seed 7." in said(runs.full(repeats=2))
    assert "the server has core 1" in said(
        dataclasses.replace(
            runs.quick(),
            method=dataclasses.replace(
                runs.METHOD, cores="the server has core 1, the load generator core 0"
            ),
        )
    )


@pytest.mark.parametrize(
    ("argv", "says"),
    [
        (["load", "--stacks", "a"], "python -m loadtests load --stacks a --seed 7"),
        (["load", "--seed", "3"], "python -m loadtests load --seed 3"),
        (["load", "--seed=3"], "python -m loadtests load --seed=3"),
        (["load", "--resume", "x"], "make load PROFILE=quick"),
        (["load", "--resume=x"], "make load PROFILE=quick"),
        ([], "make load PROFILE=quick"),
    ],
)
def test_command_to_repeat_measures_the_same(argv: list[str], says: str) -> None:
    assert commands.again(runs.run([], argv=argv)) == says


def test_memory_of_a_slow_client_is_not_told_where_the_stack_was_out() -> None:
    for cell, told in ((runs.cell(), "12"), (sync_out(), "–")):
        (row,) = costs.table(runs.run([cell])).rows
        assert written(row["slow_client"]) == told


def test_reasons_are_left_out_where_no_cell_has_one() -> None:
    assert capacity.reasons(runs.quick()) == {}
