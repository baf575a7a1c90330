"""Rates in a report: what was sustained, and what overload did."""

from __future__ import annotations

import dataclasses

import pytest

from loadtests.catalog.rates import rate_scenario
from loadtests.catalog.scenarios import ScenarioError
from loadtests.records.facts import LEFT_LATE, fact
from loadtests.records.rate import Overload, Rate
from loadtests.records.run import Run
from loadtests.report import reports
from loadtests.report.blocks import Points, Source
from loadtests.report.prose import text
from loadtests.report.sections import rates
from loadtests.report.values import written
from tests import runs
from tests.analysis.test_rates import RATE, step

OVER = Overload(1.5, 225.0, 0.0, {"late": 90, "reset": 3}, 4.4, 80.0)
WELL = dataclasses.replace(OVER, goodput_per_s=150.0, lost={}, recovered_s=None)
VOID = dataclasses.replace(RATE, faults=[fact(LEFT_LATE)])


def run(*found: Rate) -> Run:
    return dataclasses.replace(runs.run([]), rates=list(found))


def test_table_has_the_prediction_beside_what_was_sustained() -> None:
    measured = dataclasses.replace(RATE, steps=[step(150.4), step(176.0, 0)])
    unknown = dataclasses.replace(RATE, stack="b", scenario="mine")
    table = rates.table(run(unknown, VOID, measured))
    shown = [[written(value) for value in row.values()] for row in table.rows]
    assert [row[1] for row in shown] == ["a", "b"]
    assert shown[0][3:8] == ["16", "threads", "160", "150", "176"]
    assert shown[0][-1] == "confirmed"


def test_overload_is_a_cliff_or_it_is_not() -> None:
    falls = dataclasses.replace(RATE, overloads=[OVER])
    goes_on = dataclasses.replace(RATE, stack="b", overloads=[WELL])
    blocks = rates.blocks(Source(run(falls, goes_on)))
    [points] = [block for block in blocks if isinstance(block, Points)]
    cliff, plateau = (text(item) for item in points.items)
    assert cliff.startswith("Answers fall off a cliff: a.")
    assert plateau.startswith("Answers go on: b.")
    rows = rates.overload_table([falls, goes_on]).rows
    assert [written(row["lost"]) for row in rows] == ["queued", "–"]
    assert [written(row["recovered"]) for row in rows] == ["4.4 s", "never within 15 s"]


def test_run_without_rates_or_overload_says_nothing_of_them() -> None:
    assert not rates.blocks(Source(runs.run([])))
    assert not any(isinstance(b, Points) for b in rates.blocks(Source(run(RATE))))


@pytest.mark.parametrize(
    ("found", "says"),
    [
        (RATE, "sustains 150/s, fails at 176/s (predicted 160/s: threads)"),
        (VOID, "void: requests left late"),
        (
            dataclasses.replace(RATE, sustained_per_s=None, failed_per_s=1.0),
            "sustains no rate, fails at 1.0/s (predicted 160/s: threads)",
        ),
        (
            dataclasses.replace(RATE, failed_per_s=None),
            "sustains 150/s (predicted 160/s: threads)",
        ),
    ],
)
def test_terminal_has_a_line_for_a_rate(found: Rate, says: str) -> None:
    assert says in reports.task_line(run(found), found.task).plain


def test_unknown_rate_names_the_nearest() -> None:
    with pytest.raises(ScenarioError, match="did you mean backend-wait"):
        rate_scenario("backend-wat")
