"""A stack at several values of one option: found in a run, drawn, and in a table."""

from __future__ import annotations

import dataclasses

from loadtests.analysis.sweeps import sweeps
from loadtests.records.cell import Cell, ServerFigures
from loadtests.records.run import Run
from loadtests.report.blocks import Chart, Source, Text
from loadtests.report.charts import drawing
from loadtests.report.formats import html, markdown
from loadtests.report.prose import text
from loadtests.report.sections import advice, sweep
from loadtests.report.values import written
from tests import runs

GTHREAD = "wsgi-gunicorn-gthread"
VALUES = (4, 8, 16)


def cell(stack: str, out_at: int, scenario: str = "slow-body") -> Cell:
    answered = {0: 150, out_at - 1: 150, out_at: 0}
    return runs.cell(stack, scenario, answered=answered, predicted=out_at)


def swept(*scenarios: str, base: str = GTHREAD, option: str = "threads") -> Run:
    cells = [
        cell(f"{base}@{option}={n}", 2 * n, scenario)
        for n in reversed(VALUES)
        for scenario in scenarios or ("slow-body",)
    ]
    costs = [runs.cost(one.stack, us=100.0 + n) for n, one in enumerate(cells)]
    return dataclasses.replace(runs.run(cells), costs=costs)


def test_values_are_in_order_whatever_was_measured_first() -> None:
    [found] = sweeps(swept())
    assert (found.base, found.option, found.name) == (GTHREAD, "threads", GTHREAD)
    assert [point.value for point in found.points] == [*VALUES]


def test_one_value_is_no_sweep_and_a_plain_stack_is_no_value() -> None:
    cells = [cell(GTHREAD, 16), cell(f"{GTHREAD}@threads=4", 8)]
    assert not sweeps(runs.run(cells))
    assert not sweep.blocks(Source(runs.run(cells)))


def test_what_all_values_have_besides_tells_sweeps_apart() -> None:
    ids = [
        f"{GTHREAD}@{other}threads={n}" for other in ("", "backlog=9+") for n in (4, 8)
    ]
    found = sweeps(runs.run([cell(one, 8) for one in ids]))
    assert [one.name for one in found] == [f"{GTHREAD}@backlog=9", GTHREAD]


def test_table_has_a_row_for_each_value() -> None:
    run = swept()
    rows = sweep.table(run, sweeps(run)[0]).rows
    shown = [[written(row[key]) for key in ("value", "out_at", "cpu")] for row in rows]
    assert shown == [["4", "8", "102"], ["8", "16", "101"], ["16", "32", "100"]]


def test_section_says_what_more_of_it_bought() -> None:
    said = [
        text(block.said)
        for block in sweep.blocks(Source(swept()))
        if isinstance(block, Text)
    ]
    assert "was measured with threads 4, 8 and 16." in said[0]
    assert "Under slow-body it was out at 8, 16 and 32 slow clients." in said[0]
    assert "The measurement confirmed 3 of 3 predictions." in said[0]


def test_chart_has_a_panel_for_each_scenario_for_memory_and_for_cpu() -> None:
    run = swept("idle", "slow-body")
    [chart] = [b for b in sweep.blocks(Source(run)) if isinstance(b, Chart)]
    drawn = drawing.svg(chart.picture)
    for title in ("idle: slow clients", "idle server, MB", "CPU for a request, µs"):
        assert title in drawn
    assert "slow-body: out at 8 with threads 4, 16 with" in chart.picture.alternative


def test_one_stack_with_different_options_leaves_nothing_to_choose() -> None:
    assert not advice.advice(swept())
    assert not advice.blocks(Source(swept()))
    both = [cell("asgi-uvicorn", 600), cell(f"{GTHREAD}@threads=4", 8)]
    assert advice.blocks(Source(runs.run(both)))


def test_section_is_in_every_format() -> None:
    run = swept()
    for render in (html.render, markdown.render):
        assert any(sweep.TITLE in shown for shown in render(Source(run)).values())


def test_stack_that_is_never_out_and_costs_nothing_is_told_without_a_chart() -> None:
    nothing = ServerFigures(None, None, None, 0)
    cells = [
        runs.cell(f"{GTHREAD}@threads={n}", "idle", server=nothing) for n in (4, 8)
    ]
    blocks = sweep.blocks(Source(runs.run(cells)))
    assert not any(isinstance(block, Chart) for block in blocks)
    said, *_ = [text(block.said) for block in blocks if isinstance(block, Text)]
    assert "it was out at" not in said
    assert "of memory" not in said


def test_option_without_a_number_is_no_value() -> None:
    cells = [runs.cell(f"asgi-uvicorn@loop={name}") for name in ("asyncio", "uvloop")]
    assert not sweeps(runs.run(cells))
