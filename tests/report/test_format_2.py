"""What only runs of the present method hold: arrivals, what ran out, kernel memory."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from loadtests.records.cell import Arrival, Cell, ServerFigures
from loadtests.records.run import Run
from loadtests.report import prose
from loadtests.report.blocks import Heading, Source, Text
from loadtests.report.sections import arrivals, capacity, costs, method
from loadtests.report.sections.finding import sentences
from loadtests.report.sections.matrix import matrix
from loadtests.report.values import written
from tests import runs
from tests.report.shown import rendered

HALF = Arrival(3.4, True, 1000, 998, 120.5, 1.75, came=700)
REST = Arrival(2.0, True, 600, 300, None, None, came=705)
LEFT = Arrival(2.0, True, 600, 10, None, None, came=-20)
MEMORY = ServerFigures(
    *(60.0, 90.0, 6.0, 0),
    kb_low=5.5,
    kb_high=6.5,
    kernel_kb_per_slow_client=94.0,
    kernel_kb_low=90.0,
    kernel_kb_high=98.0,
)


def measured(**given: Any) -> Cell:
    """A stack that lasts longer on one worker than on the other."""
    answered = {0: 150, 700: 150, 1405: 140, 2007: 0}
    plain = runs.cell(answered=answered, predicted=2007, server=MEMORY, nofile=1024)
    found = dataclasses.replace(
        plain.capacity,
        predicted_out_by=2007,
        predicted_degrades_at=1400,
        predicted_degrades_by=2000,
        predicted_because="a descriptor",
        predicted_ran_out="descriptors",
        ran_out="descriptors",
    )
    steps = list(plain.steps)
    steps[1] = dataclasses.replace(steps[1], arrival=HALF, by_worker=[500, 200])
    steps[2] = dataclasses.replace(steps[2], arrival=REST)
    steps[3] = dataclasses.replace(steps[3], arrival=LEFT)
    made: dict[str, Any] = {"capacity": found, "steps": steps}
    return dataclasses.replace(plain, **made | given)


def run(*cells: Cell) -> Run:
    how = dataclasses.replace(runs.METHOD, arrive_per_s=500.0, long_hold_s=4.0)
    return dataclasses.replace(runs.run(cells), method=how)


def shown(row: Any) -> list[str]:
    return [written(value) for value in row.values()][2:]


def test_arrivals_are_of_the_largest_group_that_did_no_harm() -> None:
    """2.5 ms each: 1.75 s for 700. Who left did not arrive."""
    (row,) = arrivals.table(run(measured())).rows
    assert shown(row) == ["700", "3.4", "99.8 %", "120", "2.5", "50.0 % at 1,405"]


def test_arrivals_say_where_a_server_did_not_come_to_rest() -> None:
    restless = dataclasses.replace(HALF, settled=False, came=3)
    steps = list(measured().steps)
    steps[1] = dataclasses.replace(steps[1], arrival=restless)
    one = dataclasses.replace(measured(), steps=steps)
    (row,) = arrivals.table(run(one)).rows
    assert written(row["lasted"]) == "did not come to rest within 0.5 s"
    assert written(row["cpu"]) == "–", "the healthy requests would be most of it"


def test_arrivals_say_where_nobody_went_unanswered() -> None:
    steps = list(measured().steps)
    whole = dataclasses.replace(HALF, answered=1000)
    steps[1:] = [dataclasses.replace(step, arrival=whole) for step in steps[1:]]
    (row,) = arrivals.table(run(dataclasses.replace(measured(), steps=steps))).rows
    assert shown(row)[-1] == "–"


def test_page_of_a_run_shows_how_unevenly_clients_fell() -> None:
    shown = capacity.blocks(Source(run(measured())))
    assert Heading(capacity.UNEVEN) in shown


def test_section_of_arrivals_says_how_fast_they_came() -> None:
    lead, _, note = arrivals.blocks(Source(run(measured())))
    assert isinstance(lead, Text)
    assert isinstance(note, Text)
    assert "500" in str(lead.said)


def test_arrivals_are_left_out_where_they_are_not_known() -> None:
    assert arrivals.table(runs.quick()).rows == []


def test_costs_add_up_what_server_and_kernel_hold() -> None:
    (row,) = costs.table(run(measured())).rows
    figures = [written(row[key]) for key in ("slow_client", "kernel", "sum", "many")]
    assert figures == ["6.0 (5.5 to 6.5)", "94 (90 to 98)", "100", "195"]


def test_costs_begin_with_who_costs_least() -> None:
    first, *_ = costs.blocks(Source(run(measured())))
    assert isinstance(first, Text)
    assert "cost least on" in prose.text(first.said)


def test_costs_of_too_few_slow_clients_are_left_out() -> None:
    few = dataclasses.replace(measured().capacity, held=1)
    (row,) = costs.table(run(measured(capacity=few))).rows
    assert {written(row[key]) for key in ("slow_client", "kernel", "many")} == {"–"}


def test_costs_without_the_kernel_have_no_column_for_it() -> None:
    keys = [column.key for column in costs.table(runs.quick()).columns]
    assert "kernel" not in keys
    assert "slow_client" in keys


def test_finding_says_what_a_slow_client_costs() -> None:
    assert sentences(run(measured()))[-1] == (
        "A slow client cost least on asgi-uvicorn under slow-body: 6.0 kB of memory of "
        "the server and 94 kB of the kernel."
    )


def test_finding_takes_p99_where_that_is_known() -> None:
    steps = list(measured().steps)
    for n, p99_ms in ((0, 4.0), (1, 24.0)):
        known: dict[str, Any] = {"p99_low_ms": p99_ms - 1, "p99_high_ms": p99_ms + 1}
        steps[n] = dataclasses.replace(steps[n], p99_ms=p99_ms, **known)
    said = sentences(run(measured(steps=steps)))
    assert any("the p99 response time of asgi-uvicorn" in s for s in said)
    assert any("to 24 ms (23 to 25) beside 700 slow clients" in s for s in said)


@pytest.mark.parametrize(
    ("predicted", "says"),
    [
        ("descriptors", "descriptors ran out"),
        ("threads", "descriptors ran out (predicted: threads)"),
    ],
)
def test_matrix_says_what_ran_out(predicted: str, says: str) -> None:
    found = dataclasses.replace(measured().capacity, predicted_ran_out=predicted)
    ((entry,),) = matrix(run(measured(capacity=found))).rows.values()
    assert (entry.ran_out, entry.first) == (says, "degrades at 1,405")


def test_capacities_show_how_unevenly_clients_fell() -> None:
    (row,) = capacity.uneven(run(measured())).rows
    assert shown(row) == ["700", "500 + 200"]
    steps = list(measured().steps)
    steps[1] = dataclasses.replace(steps[1], by_worker=[360, 340])
    assert capacity.uneven(run(measured(steps=steps))).rows == []


def test_capacities_of_format_1_have_no_column_for_what_ran_out() -> None:
    keys = [column.key for column in capacity.table(runs.quick()).columns]
    assert "ran_out" not in keys
    new = [column.key for column in capacity.table(run(measured())).columns]
    assert "ran_out" in new


def test_method_is_that_of_the_run() -> None:
    new = prose.text(prose.joined(method.lines(run(measured()))))
    assert "arrive at 500 a second" in new
    assert "may open 1,024 file descriptors" in new
    assert "staircase" not in new
    old = prose.text(prose.joined(method.lines(runs.quick())))
    assert "climb a staircase of 2 s a step" in old


@pytest.mark.parametrize("width", [80, 120])
def test_terminal_has_room_for_what_ran_out(width: int) -> None:
    supply = "worker_connections"
    found = dataclasses.replace(
        measured().capacity, ran_out=supply, predicted_ran_out=supply
    )
    text = rendered(run(measured(capacity=found)), width)
    assert max(map(len, text.splitlines())) <= width
    (line,) = [s for s in text.splitlines() if s.startswith("asgi-uvicorn  ")]
    assert line.split()[1:4] == ["≈", "700", supply]
