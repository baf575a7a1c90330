"""Two runs compared cell by cell: verdicts, status and false alarms."""

from __future__ import annotations

import dataclasses

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loadtests.analysis import compare
from loadtests.analysis.changes import BETTER, OUT_AT, SAME, WORSE
from loadtests.analysis.compare import INCOMPARABLE, FalseAlarms
from loadtests.records.run import Ordered, Run
from loadtests.records.target import OtherTarget
from loadtests.report.formats import comparison_words
from tests import runs
from tests.analysis.pairs import climb, costing, figure, found, new_run, numbered, one


@pytest.mark.parametrize("run", [runs.quick(), runs.full()], ids=["quick", "full"])
def test_run_does_not_differ_from_itself(run: Run) -> None:
    found = compare.compare(run, run)
    assert len(found) == len({(cell.stack, cell.scenario) for cell in run.cells})
    assert {comparison.verdict for comparison in found} == {SAME}
    assert compare.status(found) == 0


def test_runs_of_different_applications_are_not_compared() -> None:
    base = runs.run([climb()])
    shop = OtherTarget("shop:app", "wsgi", False, "python", "/shop", "GET /")
    (one,) = compare.compare(base, dataclasses.replace(base, target=shop))
    said = [comparison_words.sentence(reason) for reason in one.reasons]
    assert said == ["The application is ours in BASE and shop:app in NEW."]


def test_threshold_can_be_chosen() -> None:
    base, new = [costing(200)] * 3, [costing(240)] * 3
    assert one(base, new, threshold=0.20).verdict == SAME
    assert one(base, new, threshold=0.19).verdict == WORSE


@settings(max_examples=40)
@given(st.floats(1, 1e4), st.floats(1, 1e4), st.sampled_from([0.1, 0.25, 1.0]))
def test_better_there_is_worse_back(base: float, new: float, threshold: float) -> None:
    turned = {SAME: SAME, WORSE: BETTER, BETTER: WORSE}
    there = one(costing(base), costing(new), threshold=threshold).verdict
    assert (
        one(costing(new), costing(base), threshold=threshold).verdict == turned[there]
    )


def test_cell_with_a_figure_that_is_worse_is_worse() -> None:
    base, new = costing(60.0, kb=40.0), costing(20.0, kb=80.0)
    found = one([base] * 3, [new] * 3)
    assert {d.verdict for d in found.differences} == {SAME, WORSE, BETTER}
    assert found.verdict == WORSE


def test_void_repeats_are_left_out_of_the_others() -> None:
    void = climb(4, valid=False)
    found = one([climb(32), void], climb(32))
    assert (found.verdict, figure(found, OUT_AT).base) == (SAME, 32)


def test_status_is_of_the_worst_and_needs_something_to_compare() -> None:
    same, worse = one(climb(32), climb(32)), one(climb(32), climb(4))
    better, other = one(climb(4), climb(32)), one(climb(), climb(workers=3))
    assert compare.status([same, better, other]) == 0
    assert compare.status([better, worse, other]) == 1
    assert compare.status([other]) == compare.status([]) == 2


def test_repeats_of_a_cell_should_not_differ() -> None:
    alike = [costing(idle_mb=mb) for mb in (200, 220, 240)]
    assert compare.false_alarms(runs.run(numbered(alike))) == FalseAlarms(3, 0)
    noisy = [costing(idle_mb=mb) for mb in (100, 200, 210)]
    run = runs.run([*numbered(noisy), runs.cell("other"), climb(2, valid=False)])
    assert compare.false_alarms(run) == FalseAlarms(3, 2)
    assert compare.false_alarms(run, threshold=1.1) == FalseAlarms(3, 0)
    assert compare.false_alarms(runs.quick()) == FalseAlarms(0, 0)


def test_repeats_of_another_staircase_are_no_pair() -> None:
    short = runs.cell("wsgi-gunicorn-gthread", answered={0: 150})
    run = runs.run(numbered([climb(), short]))
    assert compare.false_alarms(run) == FalseAlarms(0, 0)


@pytest.mark.parametrize(("base_kbit", "new_kbit"), [(0, 100), (100, 400)])
def test_runs_over_different_links_cannot_be_compared(
    base_kbit: int, new_kbit: int
) -> None:
    run = new_run([found(4, 8, degrades=8)])
    ordered = Ordered(["asgi-uvicorn"], ["slow-link"], 1, 2, None, True, False)
    base, new = (
        dataclasses.replace(
            run, ordered=dataclasses.replace(ordered, network_kbit=kbit)
        )
        for kbit in (base_kbit, new_kbit)
    )
    (one,) = compare.compare(base, new)
    assert one.verdict == INCOMPARABLE
    assert [comparison_words.sentence(reason) for reason in one.reasons] == [
        "The rate in kbit/s of the link that slow clients share (network_kbit) is "
        f"{base_kbit} in BASE and {new_kbit} in NEW."
    ]
    (same,) = compare.compare(base, base)
    assert not same.reasons
