"""What is said of scale, and of figures that missed."""

from __future__ import annotations

import dataclasses

import pytest

from loadtests.analysis.scale_answer import Answer
from loadtests.analysis.scale_checks import Figure
from loadtests.analysis.scale_limits import Setting
from loadtests.records.cell import GeneratorFigures
from loadtests.records.run import Run
from loadtests.report import scale, scale_checked
from loadtests.report.blocks import Points, Table, Text
from loadtests.report.prose import text
from loadtests.report.values import written
from tests import thousands


def answer(found: list[Run]) -> tuple[list[str], dict[str, list[list[str]]]]:
    """The sentences, and the rows of each table."""
    points: list[str] = []
    tables = {}
    for block in scale.answer(million(found)):
        if isinstance(block, Table):
            tables[block.title] = rows(block)
        elif isinstance(block, Points):
            points += map(text, block.items)
        elif isinstance(block, Text):
            points.append(text(block.said))
    return points, tables


def million(found: list[Run], clients: int = 1_000_000) -> Answer:
    return Answer(found, "asgi-uvicorn", clients, seed=1)


def rows(table: Table) -> list[list[str]]:
    return [[written(row[c.key]) for c in table.columns] for row in table.rows]


def test_answer_says_machines_and_the_first_limit() -> None:
    points, tables = answer(thousands.small_and_large())
    assert points[0].startswith(
        "What ends a machine of 32 GB first, with the settings of Linux: nofile of a "
        "worker"
    )
    assert "give each worker room for 33 % of all clients." in points[0]
    assert points[1] == (
        "1,000,000 slow clients of asgi-uvicorn have room in the memory of so many "
        "machines of 32 GB: 1 for slow-headers."
    )
    assert "of these runs held: 15,000 under slow-headers." in points[2]
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
    assert row[5] == "2,500,000"
    assert row[7:] == ["25,000,000", "250,000,000"]


def test_answer_says_that_slow_readers_filled_the_memory_of_tcp() -> None:
    points, tables = answer([thousands.run(thousands.slow_readers(10_000, 80.0))])
    assert points[2:4] == [
        "Under slow-read, 12 machines have room for all buffers of the kernel, 80 kB "
        "for each client. With the tcp_mem that Linux sets, all clients share 3/32 of "
        "the memory. Then their buffers shrink, and the memory of the server decides. "
        "It takes 10 machines.",
        "With 10,000 slow clients under slow-read, tcp_mem was full, as its default "
        "says: 781 of 768 MB. While they came, 10 of 1,000 healthy requests were lost, "
        "1.0 %. Once all were held, 0 of 150 were lost.",
    ]
    limits = tables["With how many slow clients a machine of 32 GB is at a limit"]
    assert "memory of TCP (net.ipv4.tcp_mem)" in {row[0] for row in limits}


def test_answer_says_where_no_healthy_request_was_lost() -> None:
    found = thousands.slow_readers(10_000, 80.0)
    idle, held = found.steps
    assert held.arrival is not None
    came = dataclasses.replace(held.arrival, answered=held.arrival.attempted)
    steps = [idle, dataclasses.replace(held, arrival=came)]
    points, _ = answer([thousands.run(dataclasses.replace(found, steps=steps))])
    assert points[3].endswith("781 of 768 MB. No healthy request was lost.")


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
    summary, made, table, missed = scale_checked.checked(million([small, large]))
    assert isinstance(table, Table)
    assert isinstance(missed, Points)
    assert isinstance(made, Points)
    assert isinstance(summary, Text)
    shown = {row[1]: row[2:] for row in rows(table)}
    assert shown[Figure.ADDED] == ["352", "293", "1.20 ?"]
    assert shown[Figure.CORES] == ["0.120", "0.120", "1.00"]
    assert text(missed.items[0]) == (
        "memory that slow clients added, MB: missed, with a ratio of 1.20 for 50,000 "
        "slow-headers, 10 workers. A likely reason: the server kept memory otherwise "
        "than the smaller run did."
    )
    assert text(summary.said) == (
        "2 of 4 figures are within 15 % of what smaller runs predict, in 1 cell. Of "
        "memory alone: 0 of 1."
    )


def test_runs_are_named_with_neighbours_that_were_busy() -> None:
    def said(foreign: float) -> str:
        generator = GeneratorFigures(1.0, 20.0, foreign_cpu_percent=foreign)
        run = thousands.run(thousands.cell(generator=generator))
        _, made = scale_checked.checked(million([run]))
        assert isinstance(made, Points)
        return text(made.items[0]).partition(". ")[0].rstrip(".")

    run = "Measured by quick of 9 May 2026, 07:35 UTC, on AMD EPYC, 2 cores"
    assert said(9.0) == run
    assert said(80.0) == f"{run}, beside others that used 80 % of a core"


def test_runs_are_named_with_the_rate_at_which_clients_came() -> None:
    run = thousands.run(thousands.cell())
    for rate_per_s, said in (
        (1_500.0, " 1,500 slow clients came in a second."),
        (None, ""),
    ):
        method = dataclasses.replace(run.method, arrive_per_s=rate_per_s)
        found = [dataclasses.replace(run, method=method)]
        _, made = scale_checked.checked(million(found))
        assert isinstance(made, Points)
        assert text(made.items[0]).endswith(f"2 cores.{said}")


def test_runs_that_check_nothing_say_what_is_needed() -> None:
    said, made = scale_checked.checked(million([thousands.run(thousands.cell())]))
    assert isinstance(said, Text)
    assert isinstance(made, Points)
    assert text(said.said) == (
        "Nothing of this is checked. It takes two runs that held different counts "
        "under the same scenario, both 5,000 slow clients or more: for example make "
        "load PROFILE=c10k and make load PROFILE=c50k."
    )


def test_cost_that_no_larger_run_checked_is_marked() -> None:
    small, large = thousands.small_and_large()
    cells = [*small.cells, thousands.cell(scenario="idle")]
    found = [dataclasses.replace(small, cells=cells), large]
    points, tables = answer(found)
    for title in (
        "How many slow clients machines have memory for",
        "1,000,000 slow clients",
    ):
        assert [row[0] for row in tables[title]] == ["slow-headers", "idle *"]
    assert points[-1].startswith("*: what a client of this scenario costs")
    assert "*:" not in " ".join(answer([small, large])[0])


def test_workers_are_filled_as_they_were_under_the_same_scenario() -> None:
    small, large = thousands.small_and_large()
    idle = thousands.cell(scenario="idle", by_worker=[5_000, 5_000])
    found = [dataclasses.replace(small, cells=[*small.cells, idle]), large]
    points, tables = answer(found)
    assert "15,000 under slow-headers and 5,000 under idle." in points[2]
    as_measured = [int(row[2]) for row in tables["1,000,000 slow clients"]]
    assert as_measured[1] == pytest.approx(3 * as_measured[0], abs=3)


def test_limits_that_linux_sets_are_exact_and_others_rounded_as_in_the_sentence() -> (
    None
):
    points, tables = answer(thousands.small_and_large())
    rows_of = tables["With how many slow clients a machine of 32 GB is at a limit"]
    limits = {row[0]: row[1] for row in rows_of}
    assert limits[Setting.PORTS] == "28,232"
    assert limits[Setting.CONNTRACK] == "262,144"
    assert f"at {limits[Setting.NOFILE]} slow clients" in points[0]
    assert limits[Setting.NOFILE].endswith("0")


def test_figures_that_all_hold_need_no_reason() -> None:
    blocks = scale_checked.checked(million(thousands.small_and_large()))
    assert [type(block) for block in blocks] == [Text, Points, Table]


def test_figure_that_missed_in_several_cells_has_one_reason() -> None:
    """As where clients come faster, and the first in line gets more of them."""
    uneven = [19_000, 12_500, 7_500, 4_500, 2_500, 1_600, 1_000, 700, 400, 300]
    scenarios = ("idle", "slow-headers", "slow-body")
    even = [5_280, 4_720]
    small = [thousands.cell(by_worker=even, scenario=s) for s in scenarios]
    large = [
        thousands.cell(50_000, 10, by_worker=uneven, scenario=s) for s in scenarios
    ]
    found = [thousands.run(*small), thousands.run(*large)]
    summary, _, _, missed = scale_checked.checked(million(found))
    assert isinstance(summary, Text)
    assert isinstance(missed, Points)
    assert "in 3 cells. Of memory alone: 3 of 3." in text(summary.said)
    [busiest] = [p for p in map(text, missed.items) if p.startswith(Figure.BUSIEST)]
    ratio = busiest.partition("a ratio of ")[2][:4]
    assert 1.15 < float(ratio) < 1.25
    assert busiest == (
        f"{Figure.BUSIEST}: missed, with a ratio of {ratio} for 50,000 idle, 10 "
        f"workers, {ratio} for 50,000 slow-headers, 10 workers and {ratio} for 50,000 "
        "slow-body, 10 workers. A likely reason: the model has workers as busy as in "
        "the smaller run, however fast clients come."
    )
