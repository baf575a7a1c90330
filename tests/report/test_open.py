"""The report is open: a section or a format is added without touching another."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from loadtests.analysis import compare
from loadtests.analysis.outcomes import outcomes
from loadtests.records.facts import TIMES, fact
from loadtests.records.run import Run
from loadtests.report import facts, reports
from loadtests.report.blocks import (
    Block,
    Chart,
    Column,
    Heading,
    Section,
    Source,
    Table,
    Text,
)
from loadtests.report.formats import files
from loadtests.report.picture import Picture
from loadtests.report.prose import prose, stack
from loadtests.report.sections import order
from loadtests.report.values import Count, Figure, Name, written
from tests import runs
from tests.report.page import Structure


def drawn() -> dict[str, object]:
    return {"data": {"values": [{"x": 1}]}, "mark": "point", "encoding": {}}


def weather(source: Source) -> Sequence[Block]:
    """A section of every common kind of block; nothing where there are no cells."""
    names = dict.fromkeys(cell.stack for cell in source.run.cells)
    if not names:
        return []
    columns = [Column("stack", "stack", name=True), Column("rain", "rain, mm")]
    rows = [{"stack": Name(name), "rain": Figure(1.25)} for name in names]
    return [
        Heading("Yesterday", 1),
        Text(prose("It *rained* on {}.", stack("asgi-uvicorn"))),
        Table("Rain", columns, rows),
        Chart(Picture("rain", "Rain", "It rained.", drawn), "Rain, chart"),
    ]


WEATHER = Section("weather", "The weather", weather)


@pytest.fixture
def added(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(order, "SECTIONS", [*order.SECTIONS, WEATHER])


@pytest.mark.usefixtures("added")
def test_section_that_is_added_is_in_the_page_and_its_contents(tmp_path: Path) -> None:
    reports.write(runs.quick(), tmp_path)
    page = Structure((tmp_path / "report.html").read_text())
    assert page.values("id", "section")[-1] == "weather"
    assert "#weather" in page.values("href", "a")
    assert "Yesterday (1)" in page.text
    assert "It rained on asgi-uvicorn" in page.text
    assert "rain-title rain-desc" in page.values("aria-labelledby", "svg")


@pytest.mark.usefixtures("added")
def test_section_that_is_added_is_in_the_markdown_with_its_chart(
    tmp_path: Path,
) -> None:
    reports.write(runs.quick(), tmp_path)
    section = (tmp_path / "report.md").read_text().partition("## The weather\n\n")[2]
    assert section.startswith(
        "### Yesterday (1)\n\nIt *rained* on asgi-uvicorn.\n\n"
        "| stack | rain, mm |\n| --- | ---: |\n| wsgi-gunicorn-sync | 1.2 |\n"
    )
    assert section.endswith("![It rained.](charts/rain.svg)\n")
    assert (tmp_path / "charts" / "rain.svg").exists()


@pytest.mark.usefixtures("added")
def test_section_that_is_added_is_left_out_without_data(tmp_path: Path) -> None:
    reports.write(runs.run([]), tmp_path)
    for name in ("report.html", "report.md"):
        assert "weather" not in (tmp_path / name).read_text()


def test_format_that_is_added_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def listing(source: Source) -> dict[str, str]:
        titles = [section.title for section, _ in order.filled(source)]
        return {"contents.txt": "\n".join(titles)}

    monkeypatch.setattr(files, "FORMATS", [*files.FORMATS, listing])
    written = reports.write(runs.quick(), tmp_path)
    assert tmp_path / "contents.txt" in written
    titles = (tmp_path / "contents.txt").read_text().splitlines()
    assert titles[0] == "All stacks in one table"
    assert titles[-1] == "Commands"


def test_value_that_no_one_counted_is_a_dash() -> None:
    assert written(Count(None)) == written(Figure(None)) == "–"


def gibberish(kind: str) -> Callable[[facts.Figures], str]:
    return lambda _: f"zxq {len(kind)}"


def doubtful(p90_ms: float) -> Run:
    """One cell that counts with a doubt, one without, and one that is void."""
    doubt = fact(TIMES, stolen_percent=9, lag_p99_ms=6)
    lagging = fact("requests-left-late", lag_p99_ms=9, limit_ms=5)
    slow = [
        dataclasses.replace(step, p90_ms=p90_ms, p90_low_ms=p90_ms, p90_high_ms=p90_ms)
        for step in runs.cell().steps
    ]
    return runs.run(
        [
            runs.cell("a", doubts=[doubt], steps=slow),
            runs.cell("b", steps=slow),
            runs.cell("c", valid=False, faults=[lagging]),
        ]
    )


def judged(base: Run, new: Run) -> list[object]:
    """Everything that is decided about two runs."""
    found = compare.compare(base, new)
    return [
        compare.status(found),
        [(c.stack, c.verdict, c.reasons, c.differences) for c in found],
        [(o.stack, o.doubtful, o.verdict, o.verdicts) for o in outcomes(new)],
    ]


def test_nothing_is_decided_by_reading_a_sentence(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    base, new = doubtful(20.0), doubtful(90.0)
    before = judged(base, new)
    assert before[0] == 1, "b became slower, and is found to be worse"
    for kind in facts.SENTENCES:
        monkeypatch.setitem(facts.SENTENCES, kind, gibberish(kind))
    # Outcomes are kept for the run they were asked of last.
    assert judged(*map(dataclasses.replace, (base, new))) == before
    text = facts.sentences(new.cells[0].doubts)
    assert text.startswith("zxq"), "the sentence is another"
