"""Cells and pages that several tests of the report use."""

from __future__ import annotations

import io

from rich.console import Console

from loadtests.records.cell import Cell
from loadtests.records.run import Run
from loadtests.report import reports
from loadtests.report.charts import drawing
from loadtests.report.picture import Picture
from tests import runs


def drawn(run: Run) -> list[Picture]:
    """The charts for which the run has data, in the order of a report."""
    makers = (drawing.capacity, drawing.distributions, drawing.fates)
    return [picture for make in makers if (picture := make(run))]


def sync_out(repeat: int = 1, predicted: int = 2) -> Cell:
    return runs.cell(
        "wsgi-gunicorn-sync",
        repeat=repeat,
        answered={0: 150, 1: 150, 2: 0, 512: 0},
        predicted=predicted,
        recovery_s=0.01,
    )


def rendered(run: Run, width: int = 80) -> str:
    console = Console(width=width, no_color=True, record=True, file=io.StringIO())
    console.print(reports.table(run))
    return console.export_text()
