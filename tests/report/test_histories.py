"""The history of a cell, drawn."""

from __future__ import annotations

import dataclasses

from loadtests.analysis.outcomes import outcomes
from loadtests.records.cell import Cell
from loadtests.report.blocks import Source
from loadtests.report.charts.history import (
    ARRIVING,
    HOLDING,
    LEAVING,
    LEFT,
    RIGHT,
    Strip,
    strip,
)
from loadtests.report.formats import html, markdown
from loadtests.report.sections import histories
from tests import recorded, runs
from tests.report.page import Structure


def with_history(**changed: object) -> Cell:
    cell = runs.cell(answered={0: 150, 7: 150, 8: 0})
    ran_out = dataclasses.replace(cell.capacity, ran_out="threads")
    history = dataclasses.replace(recorded.HISTORY, **changed)  # type: ignore[arg-type]
    return dataclasses.replace(cell, history=history, capacity=ran_out)


def drawn(cell: Cell) -> Strip:
    (outcome,) = outcomes(runs.run([cell]))
    found = strip(outcome, 1.0)
    assert found
    return found


def test_time_is_told_apart_into_arriving_holding_and_leaving() -> None:
    spans = drawn(with_history()).spans
    assert [span.kind for span in spans] == [ARRIVING, HOLDING] * 2 + [LEAVING]
    assert [span.says for span in spans[2:4]] == [
        "arriving: 8 slow clients",
        "holding: 8 slow clients",
    ]
    assert (spans[0].x, spans[-1].x + spans[-1].width) == (LEFT, RIGHT)


def test_line_breaks_where_nothing_is_known() -> None:
    slow_clients, answered, slowest, cores = drawn(with_history()).lanes
    assert [lane.path.count("M") for lane in (answered, slowest)] == [1, 2]
    assert slow_clients.ends == ("0", "8")
    assert cores.ends == ("0 cores", "1.0 cores")


def test_what_happened_is_marked() -> None:
    assert [event.says for event in drawn(with_history()).events] == [
        "a worker was replaced at 4.5 s",
        "threads had run out at 2.5 s",
        "the log began to flood at 3.0 s",
    ]


def test_log_of_which_a_size_is_not_known_floods_where_it_is() -> None:
    cell = with_history(log_mb=[None, 0.0, 0.0, None, None, 0.0, 5.0, 9.0, 9.0, 9.0])
    assert drawn(cell).events[-1].says == "the log began to flood at 3.0 s"


def test_picture_says_in_words_what_it_shows() -> None:
    assert drawn(with_history(replaced_s=[], log_mb=[0.0] * 10)).says == (
        "asgi-uvicorn under slow-body: 2 steps, at most 8 slow clients connected; 350 "
        "of 500 healthy requests answered in all; threads had run out at 2.5 s."
    )


def test_page_draws_histories_and_markdown_says_where_they_are() -> None:
    source = Source(runs.run([with_history()]))
    page = Structure(html.render(source)["report.html"])
    assert "histories" in page.values("id", "section")
    assert any("2 steps" in label for label in page.values("aria-label", "svg"))
    assert markdown.HISTORIES in markdown.render(source)["report.md"]


def test_run_that_recorded_no_history_has_no_such_section() -> None:
    assert histories.blocks(Source(runs.quick())) == []


def test_cpu_of_processes_that_nobody_knows_has_no_lane() -> None:
    unseen = drawn(with_history(server_cores=[None] * 10))
    assert [lane.name for lane in unseen.lanes] == [
        lane.name for lane in drawn(with_history()).lanes
    ][:-1]
