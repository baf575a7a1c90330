"""Cells and pages that several tests of the report use."""

from __future__ import annotations

import io
import re
from collections import Counter
from collections.abc import Iterable, Iterator

from rich.console import Console

from loadtests.records.cell import Cell
from loadtests.records.run import Run
from loadtests.report import reports
from loadtests.report.blocks import Block, Table
from loadtests.report.charts import drawing
from loadtests.report.picture import Picture
from loadtests.report.values import without_note
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


def cut(figures: Iterable[str], text: str) -> list[str]:
    """Those figures that a text does not show whole, as often as they are named."""
    said = " ".join(text.split())
    alone = r"(?<![\w.,]){}(?![\w]|[.,]\d)"
    return [
        figure
        for figure, times in Counter(figures).items()
        if len(re.findall(alone.format(re.escape(figure)), said)) < times
    ]


def figures(some: Iterable[Block]) -> Iterator[str]:
    """What stands in the tables among these blocks, in columns that are never left
    out; names and words may be folded, and are none."""
    for table in some:
        if isinstance(table, Table):
            for column in table.columns:
                if not column.folds and not column.rank:
                    yield from (without_note(row[column.key]) for row in table.rows)


def rendered(run: Run, width: int = 80) -> str:
    console = Console(width=width, no_color=True, record=True, file=io.StringIO())
    console.print(reports.table(run))
    return console.export_text()
