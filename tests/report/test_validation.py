"""What `make validate` shows."""

from __future__ import annotations

from pathlib import Path

import pytest
from rich.console import Console

from loadtests.analysis.validation import MISSING, Checked, checked
from loadtests.records.validation import Predictions, Validation
from loadtests.report import validation as report
from loadtests.report.blocks import Heading
from tests.report.shown import cut, figures
from tests.validations import draw, measured, stored


def three(folder: Path) -> tuple[Predictions, Validation]:
    """A prediction that is right, one that is wrong, and a void cell."""
    draws = [draw(1, 10), draw(2, 1000, 1200), draw(3, 30)]
    cells = [
        measured(draws[0], 10),
        measured(draws[1], 3000, ran_out="threads"),
        measured(draws[2], 3, valid=False),
    ]
    return stored(draws, cells, folder)


def test_page_shows_predictions_and_measurements_side_by_side(tmp_path: Path) -> None:
    predictions, validation = three(tmp_path)
    page = report.page(predictions, validation)
    assert f"SHA-256 `{validation.sha256}`" in page
    assert "1 of 2 predictions confirmed (50.0 %). 90% are needed. 1 cell void." in page
    [row] = [line for line in page.splitlines() if line.startswith("| asgi")][1:2]
    cells = [cell.strip() for cell in row.split("|")[1:-1]]
    assert cells[:5] == ["asgi-uvicorn", "slow-body", "2", "2", "–"]
    assert cells[8:12] == ["1,000 to 1,200", "3,000", "1,000 to 1,200", "3,000"]
    assert cells[12:] == ["descriptors", "threads", "**refuted**"]


def test_miss_is_shown_with_the_source_of_its_prediction(tmp_path: Path) -> None:
    page = report.page(*three(tmp_path))
    assert "### Misses (1)" in page
    [said] = [line for line in page.splitlines() if line.startswith("- Draw 2, ")]
    assert r"(uv\_\_emfile\_trick)" in said
    assert "degraded at 3,000, out at 3,000, threads ran out" in said


def test_table_fits_a_terminal_of_80_columns(tmp_path: Path) -> None:
    console = Console(width=80, color_system=None)
    with console.capture() as captured:
        console.print(report.shown(*three(tmp_path)))
    shown = captured.get()
    assert "…" not in shown
    first, second = [line for line in shown.splitlines() if "1,000 to" in line][:2]
    assert first.split() == [
        *("asgi-uvicorn", "2", "degrades", "at"),
        *("1,000", "to", "1,200", "3,000", "refuted"),
    ]
    assert second.split()[:3] == ["slow-body", "out", "at"]


@pytest.mark.parametrize("width", [40, 80, 120])
def test_every_figure_is_whole(tmp_path: Path, width: int) -> None:
    predictions, validation = three(tmp_path)
    console = Console(width=width, color_system=None)
    with console.capture() as captured:
        console.print(report.shown(predictions, validation))
    table = report.narrow(checked(predictions, validation))
    assert cut(filter(None, figures([table])), captured.get()) == []


def test_line_of_a_draw_has_its_counts_and_both_numbers() -> None:
    drawn = draw(4, 10, 12)
    said = report.line(Checked(drawn, measured(drawn, 11))).plain
    assert said.strip().startswith("4  asgi-uvicorn under slow-body, 2 workers, nofile")
    assert "degraded at 11, out at 11" in said
    assert "(predicted 10 to 12 and 10 to 12, descriptors): confirmed" in said
    void = report.line(Checked(drawn, measured(drawn, 11, valid=False))).plain
    assert void.endswith(": void")


def test_draw_that_was_not_measured_says_so() -> None:
    assert MISSING in report.line(Checked(draw(1, 2), None)).plain


@pytest.mark.parametrize("at", [300, 400])
def test_misses_have_a_heading_only_where_there_are_some(at: int) -> None:
    drawn = draw(1, 300)
    found = [Checked(drawn, measured(drawn, at))]
    shown = [*report.blocks(found, report.narrow(found))]
    headings = [block.title for block in shown if isinstance(block, Heading)]
    assert headings == ["Misses"] * (at == 400)
