"""A table in terminals of every width: no figure is cut, and none is lost."""

from __future__ import annotations

import io

import pytest
from rich.console import Console
from rich.text import Text

from loadtests.report.blocks import Column
from loadtests.report.formats.fitting import Fitting
from tests.report.shown import cut

COLUMNS = (
    Column("scenario", "scenario", name=True),
    Column("stack", "stack", name=True),
    Column("held", "held"),
    Column("p99", "p99, ms"),
    Column("seen", ""),
    Column("what", "what was seen", words=True),
    Column("rest", "the rest", rank=1),
)
HELD = ("1,234", "12,345 to 67,890", "≈ 98,765")


def table(*held: str) -> Fitting:
    rows = [
        {
            "scenario": Text("slow-body"),
            "stack": Text("wsgi-gunicorn-sync-nginx-unbuffered"),
            "held": Text(one),
            "p99": Text("1.25\n1.10-1.40"),
            "seen": Text("5,432" if place else ""),
            "what": Text("some words, of which any may stand alone"),
            "rest": Text("leave it"),
        }
        for place, one in enumerate(held)
    ]
    return Fitting("Found", COLUMNS, rows)


def shown(what: Fitting, width: int) -> str:
    console = Console(file=io.StringIO(), width=width)
    console.print(what)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


@pytest.mark.parametrize("width", [24, 40, 60, 80, 100, 120, 200])
def test_every_figure_is_whole_at_any_width(width: int) -> None:
    text = shown(table(*HELD), width)
    assert max(len(line.rstrip()) for line in text.splitlines()) <= width
    assert cut([*HELD, *["1.25", "1.10-1.40"] * 3, *["5,432"] * 2], text) == []
    assert text.startswith("Found")
    assert ("leave it" in text) is (width == 200)


def test_long_names_take_two_lines_before_the_table_becomes_paragraphs() -> None:
    name = "wsgi-gunicorn-sync-nginx-unbuffered"
    for width, whole in ((76, False), (110, True)):
        text = shown(table("1,234"), width)
        assert text.splitlines()[1].startswith("scenario   stack")
        assert (name in text) is whole
    assert [line.rstrip() for line in shown(table(*HELD), 60).splitlines()[:4]] == [
        "Found",
        "slow-body, wsgi-gunicorn-sync-nginx-unbuffered",
        "  held: 1,234   p99, ms: 1.25 (1.10-1.40)",
        "  what was seen: some words, of which any may stand alone",
    ]


def test_table_without_headings_or_a_title_has_neither() -> None:
    columns = (Column("a", "", name=True), Column("b", ""))
    found = Fitting("", columns, [{"a": Text("name"), "b": Text("1,234")}])
    assert shown(found, 40).rstrip() == "name  1,234"
    assert [line.rstrip() for line in shown(found, 9).splitlines()] == [
        *("name", "  1,234"),
    ]


def test_figure_that_is_cut_is_found() -> None:
    assert cut(["1,234"], "of 1,23\n4") == ["1,234"]
    assert cut(["234", "1"], "1,234 1.5") == ["234", "1"]
    assert cut(["8", "8"], "at 8.") == ["8"]
    assert cut(["1 to 2", "–"], "1\n  to 2, –") == []
