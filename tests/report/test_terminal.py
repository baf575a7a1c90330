"""What the terminal shows of a run."""

from __future__ import annotations

import dataclasses

import pytest

from loadtests.records.cell import Cell
from loadtests.report import reports
from tests import runs
from tests.report.shown import rendered, sync_out


def degraded_against_all_predictions() -> Cell:
    cell = runs.cell(answered={0: 150, 4: 100})
    said = dataclasses.replace(cell.capacity, predicted_because="a socket")
    return dataclasses.replace(cell, capacity=said)


@pytest.mark.parametrize(
    ("cell", "says"),
    [
        (sync_out(), "out at 2 slow clients (predicted 2)"),
        (runs.cell(), "unharmed up to 512 (as predicted)"),
        (
            runs.cell(answered={0: 150, 4: 0}),
            "out at 4 slow clients (predicted: not reached)",
        ),
        (
            degraded_against_all_predictions(),
            "degraded at 4, not out at 4 slow clients (predicted: not reached)",
        ),
        (
            runs.cell(answered={0: 150, 4: 100}, predicted=4),
            "degraded at 4, not out at 4 slow clients (predicted 4)",
        ),
        (runs.cell(valid=False, faults=runs.facts("late\x1b[2J")), "void: late"),
    ],
)
def test_line_of_a_cell_says_what_was_found(cell: Cell, says: str) -> None:
    line = reports.cell_line(cell).plain
    assert line.startswith(f"{cell.stack}")
    assert line.endswith(f"slow-body     {says}")


@pytest.mark.parametrize("width", [80, 120])
def test_table_fits_the_terminal(width: int) -> None:
    text = rendered(runs.quick(), width)
    assert max(map(len, text.splitlines())) <= width
    assert "…" not in text
    assert "wsgi-gunicorn-gthread" in text
