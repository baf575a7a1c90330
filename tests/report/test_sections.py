"""Sections: what their tables and sentences say of a run."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from loadtests.catalog.profiles import PROFILES
from loadtests.records.cell import Cell, InFront
from loadtests.records.rate import Conditions
from loadtests.records.run import Fleet, Ordered, Run
from loadtests.report import prose, reports
from loadtests.report.blocks import Glance, Source
from loadtests.report.formats import html, markdown
from loadtests.report.sections import capacity, commands, costs, method
from loadtests.report.values import written
from tests import runs
from tests.report.shown import sync_out


def test_reasons_of_predictions_name_whom_they_are_given_for() -> None:
    def held(stack: str, scenario: str, because: str) -> Cell:
        cell = runs.cell(stack, scenario)
        said = dataclasses.replace(cell.capacity, predicted_because=because)
        return dataclasses.replace(cell, capacity=said)

    cells = [
        held("a", "idle", "a thread"),
        held("a", "slow-read", "a thread"),
        held("b", "idle", "a socket"),
        held("b", "slow-read", "a thread"),
        runs.cell("c", "idle"),
    ]
    assert capacity.reasons(runs.run(cells)) == {
        "a; b (slow-read)": "a thread",
        "b (idle)": "a socket",
    }
    assert "a; b (slow-read)" in html.render(Source(runs.run(cells)))[reports.PAGE]
    assert (
        "- b (idle): a socket." in markdown.render(Source(runs.run(cells)))["report.md"]
    )


def test_method_says_in_which_order_the_cells_were_measured() -> None:
    def said(run: Run) -> str:
        return prose.text(prose.joined(method.lines(run)))

    assert "measured in the order of the tables." in said(runs.quick())
    assert "measured in shuffled order, seed 7." in said(runs.full(repeats=2))
    assert "the server has core 1" in said(
        dataclasses.replace(
            runs.quick(),
            method=dataclasses.replace(
                runs.METHOD, cores="the server has core 1, the load generator core 0"
            ),
        )
    )


def test_method_says_that_slow_clients_came_from_elsewhere() -> None:
    ordered = dataclasses.replace(ORDERED, fleet=Fleet(2, "10.0.0.1"))
    run = dataclasses.replace(runs.quick(), ordered=ordered)
    said = prose.text(prose.joined(method.lines(run)))
    assert "Slow clients came from 2 workers on other machines" in said


def test_method_says_that_slow_clients_shared_a_link() -> None:
    ordered = dataclasses.replace(ORDERED, network_kbit=1500)
    run = dataclasses.replace(runs.quick(), ordered=ordered)
    said = prose.text(prose.joined(method.lines(run)))
    assert "all slow clients together shared a link of 1,500 kbit/s from the" in said


QUICK = PROFILES["quick"]
AT_RATES = {"scenarios": [], "rates": ["backend-wait"], "wait_ms": [20, 100]}
CONDITIONS = Conditions([8.0, 40.0], 1, "slow-body", 2)
UNDER = " RATES=8,40 RETRIES=1 BESIDE=slow-body=2"
RATES = " SCENARIOS=backend-wait WAIT_MS=20,100"
ORDERED = Ordered(
    stacks=[*QUICK.stacks],
    scenarios=[*QUICK.scenarios],
    repeats=1,
    workers=None,
    threads=None,
    second_tries=True,
    traces=True,
)


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        (None, ""),
        ({}, ""),
        ({"stacks": ["a", "b c"]}, " 'STACKS=a,b c'"),
        ({"scenarios": ["idle"], "repeats": 2}, " SCENARIOS=idle REPEATS=2"),
        (AT_RATES, RATES),
        ({**AT_RATES, "conditions": CONDITIONS}, f"{RATES}{UNDER}"),
        ({"workers": 3, "threads": 4}, " WORKERS=3 THREADS=4"),
        ({"nofile": 128}, " NOFILE=128"),
        ({"fleet": Fleet(3)}, " FLEET=3"),
        ({"fleet": Fleet(3, "10.0.0.1")}, " FLEET=3 BIND=10.0.0.1"),
        ({"network_kbit": 1000}, " NETWORK=1000kbit"),
    ],
)
def test_command_to_repeat_measures_the_same(
    changes: dict[str, Any] | None, says: str
) -> None:
    ordered = None if changes is None else dataclasses.replace(ORDERED, **changes)
    run = dataclasses.replace(runs.quick(), ordered=ordered)
    assert commands.again(run) == f"make load PROFILE=quick{says} SEED=7"


def test_command_to_repeat_names_all_that_an_unknown_profile_had() -> None:
    run = dataclasses.replace(runs.run([], profile="mine"), ordered=ORDERED)
    assert "REPEATS=1" in commands.again(run)
    assert "STACKS=wsgi-gunicorn-sync," in commands.again(run)


FRONT = InFront("nginx", "http {\n}\n", connections=510)


def test_configuration_of_what_stands_in_front_is_told_beside_the_command() -> None:
    fronted = dataclasses.replace(runs.cell(), front=FRONT)
    told = commands.commands(runs.run([fronted]))
    assert [*told] == [fronted.stack, f"{fronted.stack}: nginx", "this run"]
    assert told[f"{fronted.stack}: nginx"] == "http {\n}"


def test_disk_of_a_slow_client_is_told_with_the_length_of_its_answer() -> None:
    plain = runs.cell("a", "slow-read")
    stores = dataclasses.replace(plain.server, disk_kb_per_slow_client=976.3)
    stored = dataclasses.replace(
        plain, stack="b", front=FRONT, download_mb=1.0, server=stores
    )
    usual = dataclasses.replace(plain, download_mb=64.0)
    both = Source(searched_run([usual, stored]))
    (glance,) = [b for b in costs.blocks(both) if isinstance(b, Glance)]
    rows = {written(row["stack"]): row for row in glance.table.rows}
    assert [written(rows[name]["disk"]) for name in ("a", "b")] == ["–", "976"]
    assert "what stands in front stores" in prose.text(glance.note)
    said = prose.text(prose.joined(method.lines(both.run)))
    assert "Slow readers of b ask for 1 MB, and elsewhere for 64 MB." in said
    alone = Source(searched_run([usual]))
    (glance,) = [b for b in costs.blocks(alone) if isinstance(b, Glance)]
    assert "disk" not in {column.key for column in glance.table.columns}
    assert "ask for" not in prose.text(prose.joined(method.lines(alone.run)))


def searched_run(cells: list[Cell]) -> Run:
    run = runs.run(cells)
    return dataclasses.replace(
        run, method=dataclasses.replace(run.method, arrive_per_s=500.0)
    )


def test_memory_of_a_slow_client_is_not_told_where_the_stack_was_out() -> None:
    for cell, told in ((runs.cell(), "12"), (sync_out(), "–")):
        (row,) = costs.table(runs.run([cell])).rows
        assert written(row["slow_client"]) == told


def test_reasons_are_left_out_where_no_cell_has_one() -> None:
    assert capacity.reasons(runs.quick()) == {}
