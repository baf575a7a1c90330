"""What is said of scale, and of figures that missed."""

from __future__ import annotations

from loadtests.analysis.scale_checks import Figure
from loadtests.records.cell import GeneratorFigures
from loadtests.records.run import Run
from loadtests.report import scale, scale_checked
from loadtests.report.blocks import Points, Table, Text
from loadtests.report.prose import text
from loadtests.report.values import written
from tests import thousands


def answer(found: list[Run]) -> tuple[list[str], dict[str, list[list[str]]]]:
    """The sentences, and the rows of each table."""
    one = scale.Answer(found, "asgi-uvicorn", 1_000_000, seed=1)
    points: list[str] = []
    tables = {}
    for block in scale.answer(one):
        if isinstance(block, Table):
            tables[block.title] = rows(block)
        elif isinstance(block, Points):
            points += map(text, block.items)
    return points, tables


def rows(table: Table) -> list[list[str]]:
    return [[written(row[c.key]) for c in table.columns] for row in table.rows]


def test_answer_says_machines_and_the_first_limit() -> None:
    points, tables = answer(thousands.small_and_large())
    assert points[0] == (
        "1,000,000 slow clients of asgi-uvicorn have room in the memory of so many "
        "machines of 32 GB: 1 for slow-headers."
    )
    assert points[1].startswith(
        "What ends first, with the settings of Linux: nofile of a worker"
    )
    assert "held more than 15,000 slow clients" in points[2]
    assert points[3] == (
        "A test of 1,000,000 needs 80 processes of Locust, with 12,500 slow clients in "
        "each. They connect from 36 addresses to each port. In these runs, one of them "
        "used at most 20 % of a core."
    )
    assert [*tables] == [
        "How many slow clients machines have memory for",
        "1,000,000 slow clients",
        "With how many slow clients a machine of 32 GB is at a limit",
    ]
    [row] = tables["How many slow clients machines have memory for"]
    assert row[:4] == ["slow-headers", "6.0", "0.0", "4.0"]
    assert row[5] == "2,400,000"
    assert row[7:] == ["24,000,000", "240,000,000"]


def test_answer_says_that_slow_readers_filled_the_memory_of_tcp() -> None:
    points, tables = answer([thousands.run(thousands.slow_readers(10_000, 80.0))])
    assert points[-1] == (
        "10,000 slow clients under slow-read filled tcp_mem: 781 of 768 MB. While they "
        "came, 990 of 1,000 healthy requests were answered. Once all were held, 150 of "
        "150 were."
    )
    limits = tables["With how many slow clients a machine of 32 GB is at a limit"]
    assert "memory of TCP (net.ipv4.tcp_mem)" in {row[0] for row in limits}


def test_answer_shows_other_stacks_if_there_are_some() -> None:
    others = [
        thousands.cell(),
        thousands.cell(stack="asgi-gunicorn", kb=12.0),
        thousands.cell(stack="asgi-gunicorn", kb=10.0, scenario="idle"),
    ]
    _, tables = answer([thousands.run(*others)])
    assert tables["kB of a slow client in all"] == [
        ["asgi-uvicorn", "10", "–"],
        ["asgi-gunicorn", "16", "14"],
    ]


def test_figure_that_missed_is_named_with_a_reason() -> None:
    assert {*scale_checked.MISSED} == {*Figure}
    small, _ = thousands.small_and_large()
    large = thousands.run(thousands.cell(50_000, 10, kb=7.2))
    table, missed, made, summary = scale_checked.checked([small, large], "asgi-uvicorn")
    assert isinstance(table, Table)
    assert isinstance(missed, Points)
    assert isinstance(made, Points)
    assert isinstance(summary, Text)
    shown = {row[1]: row[2:] for row in rows(table)}
    assert shown[Figure.ADDED] == ["352", "293", "1.20 ?"]
    assert shown[Figure.CORES] == ["0.120", "0.120", "1.00"]
    assert text(missed.items[0]) == (
        "50,000 slow-headers, 10 workers, memory that slow clients added, MB, missed "
        "by +20%. A likely reason: the server kept memory otherwise than the smaller "
        "run did."
    )
    assert text(summary.said).startswith("Within 15 %: 3 of 5. Of memory alone: 1 of 2")


def test_runs_are_named_with_neighbours_that_were_busy() -> None:
    def said(foreign: float) -> str:
        generator = GeneratorFigures(1.0, 20.0, foreign_cpu_percent=foreign)
        run = thousands.run(thousands.cell(generator=generator))
        *_, made, _ = scale_checked.checked([run], "asgi-uvicorn")
        assert isinstance(made, Points)
        return text(made.items[0])

    run = "Measured by quick of 9 May 2026, 07:35 UTC, on AMD EPYC, 2 cores"
    assert said(9.0) == f"{run}."
    assert said(80.0) == f"{run}, beside others that used 80 % of a core."


def test_figures_that_all_hold_need_no_reason() -> None:
    blocks = scale_checked.checked(thousands.small_and_large(), "asgi-uvicorn")
    assert [type(block) for block in blocks] == [Table, Points, Text]
