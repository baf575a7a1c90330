"""Rates in a report: what was sustained, and what overload did."""

from __future__ import annotations

import dataclasses

import pytest

from loadtests.catalog.rates import rate_scenario
from loadtests.catalog.scenarios import ScenarioError
from loadtests.records.facts import LEFT_LATE, fact
from loadtests.records.rate import Conditions, Overload, Rate
from loadtests.records.run import Run
from loadtests.report import reports
from loadtests.report.blocks import Points, Source, Table
from loadtests.report.formats import html, markdown
from loadtests.report.prose import text
from loadtests.report.sections import commands, rate_overload, rates
from loadtests.report.values import written
from tests import runs
from tests.analysis.test_rates import RATE, step
from tests.report.shown import rendered

OVER = Overload(1.5, 225.0, 0.0, {"late": 90, "reset": 3}, 4.4, 80.0)
WELL = dataclasses.replace(OVER, goodput_per_s=150.0, lost={}, recovered_s=None)
LATE = fact(LEFT_LATE, lag_p99_ms=120, limit_ms=50)
VOID = dataclasses.replace(RATE, faults=[LATE])


def run(*found: Rate) -> Run:
    return dataclasses.replace(runs.run([]), rates=list(found))


def test_table_has_the_prediction_beside_what_was_sustained() -> None:
    measured = dataclasses.replace(RATE, steps=[step(144.0), step(176.0, 0)])
    unknown = dataclasses.replace(RATE, stack="b", scenario="mine")
    table = rates.table(run(unknown, VOID, measured))
    shown = [[written(value) for value in row.values()] for row in table.rows]
    assert [row[1] for row in shown] == ["a", "b"]
    assert shown[0][3:8] == ["16", "threads", "160", "144", "176"]
    assert shown[0][-1] == "confirmed"


def test_overload_is_a_cliff_or_it_is_not() -> None:
    falls = dataclasses.replace(RATE, overloads=[OVER])
    goes_on = dataclasses.replace(RATE, stack="b", overloads=[WELL])
    both = run(falls, goes_on)
    blocks = rate_overload.blocks(Source(both))
    [points] = [block for block in blocks if isinstance(block, Points)]
    cliff, plateau, well, stuck = (text(item) for item in points.items)
    assert cliff.startswith("Answers fall off a cliff: a.")
    assert plateau.startswith("Under overload, b still answered 80 %")
    then = "Then half of the sustained rate was asked, a second at a time: "
    assert well == f"{then}a answered all within 4.4 s."
    assert stuck.endswith("b did not answer all within 15 s.")
    rows = rate_overload.table(both).rows
    assert [written(row["lost"]) for row in rows] == ["queued", "–"]
    assert [written(row["recovered"]) for row in rows] == ["4.4 s", "never within 15 s"]


def test_overload_names_the_scenarios_where_there_are_several() -> None:
    falls = dataclasses.replace(RATE, scenario="backend-def", overloads=[OVER])
    goes_on = dataclasses.replace(RATE, scenario="backend-pool", overloads=[WELL])
    cliff, plateau, *_ = map(text, rate_overload.points(run(falls, goes_on)))
    assert cliff.startswith("Answers fall off a cliff: a under backend-def. ")
    assert plateau.startswith("Under overload, a under backend-pool still answered")


def test_each_rate_that_was_named_is_shown_with_what_became_of_it() -> None:
    lost = dataclasses.replace(step(8.0, 25), lost={"late": 75}, answered_again=30)
    beside = Conditions([8.0], 1, "slow-body", 2)
    rate = dataclasses.replace(RATE, conditions=beside, steps=[lost], overloads=[WELL])
    shown = [b for b in rates.blocks(Source(run(rate))) if isinstance(b, Table)][-1]
    row = [written(value) for value in shown.rows[0].values()]
    assert row[0] == "backend-wait beside 2 slow-body, asked again once"
    assert row[3:5] == ["25.0 %", "30.0 %"]
    assert row[-1] == "queued"
    *_, stuck = (text(point) for point in rate_overload.points(run(rate)))
    assert stuck.endswith("not answer all within 15 s, while clients asked again once.")
    often = dataclasses.replace(rate, conditions=Conditions(retries=2))
    assert rates.under(often) == "backend-wait, asked again up to 2 times"


def test_server_that_is_not_known_has_a_rate_without_a_prediction() -> None:
    unknown = dataclasses.replace(RATE, predicted_per_s=None, places=None)
    assert rates.line(unknown).endswith("(not predicted)")
    assert not rates.points(run(unknown))
    [row] = rates.table(run(unknown)).rows
    assert [written(row[key]) for key in ("places", "predicted")] == ["–", "–"]


def test_run_without_rates_or_overload_says_nothing_of_them() -> None:
    assert not rates.blocks(Source(runs.run([])))
    assert len(rates.points(run(RATE))) == 1
    assert len(rates.blocks(Source(run(RATE)))) == 4
    assert not rate_overload.blocks(Source(run(RATE)))


@pytest.mark.parametrize(
    ("found", "says"),
    [
        (RATE, "sustains 144/s, fails at 176/s (predicted 160/s: threads)"),
        (VOID, "void: requests left late, by up to 120.0 ms"),
        (
            dataclasses.replace(RATE, sustained_per_s=None, failed_per_s=1.0),
            "sustains no rate, fails at 1.0/s (predicted 160/s: threads)",
        ),
        (
            dataclasses.replace(RATE, failed_per_s=None),
            "sustains 144/s (predicted 160/s: threads)",
        ),
    ],
)
def test_terminal_has_a_line_for_a_rate(found: Rate, says: str) -> None:
    other = dataclasses.replace(RATE, stack="b")
    assert says in reports.task_line(run(other, found), found.task).plain


def test_unknown_rate_names_the_nearest() -> None:
    with pytest.raises(ScenarioError, match="did you mean backend-wait"):
        rate_scenario("backend-wat")


def test_run_of_rates_alone_speaks_of_nothing_else() -> None:
    found = dataclasses.replace(RATE, stack="wsgi-waitress", overloads=[OVER])
    only = run(found, dataclasses.replace(VOID, stack="b"))
    said = rendered(only)
    assert "No cell of this run counts" not in said
    assert "1 of 1 predictions were confirmed" in " ".join(said.split())
    assert max(map(len, said.splitlines())) <= 80
    assert "confirmed" in said.splitlines()[2]
    text_of = markdown.render(Source(only))["report.md"]
    assert "2 rates" in text_of.splitlines()[2]
    assert "1 rate void: requests left late, by up to 120.0 ms" in text_of
    assert "Slow clients arrive at" not in text_of
    assert "1 server stack sustained" in html.render(Source(run(found)))["report.html"]


def test_stack_with_a_cliff_under_one_wait_is_no_plateau_under_another() -> None:
    both = [dataclasses.replace(RATE, overloads=[one]) for one in (OVER, WELL)]
    said = [text(point) for point in rate_overload.points(run(*both))]
    assert sum("a." in point for point in said) == 1


def test_server_that_somebody_else_started_has_no_command() -> None:
    theirs = dataclasses.replace(RATE, stack="url", argv=[])
    assert "url" not in commands.commands(run(theirs))
