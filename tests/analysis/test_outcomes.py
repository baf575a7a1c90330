"""Outcomes: the repeats of a cell taken together."""

from __future__ import annotations

import dataclasses

from loadtests.analysis.outcomes import Outcome, outcomes
from loadtests.analysis.predictions import (
    PARTLY,
)
from loadtests.records.cell import Cell
from loadtests.report import said
from loadtests.report.blocks import Source
from loadtests.report.formats import markdown
from tests import runs
from tests.analysis.pairs import found, numbered
from tests.report.shown import sync_out


def test_void_cells_stay_out_of_the_figures() -> None:
    void = dataclasses.replace(sync_out(2), valid=False, faults=runs.facts("busy"))
    (outcome,) = outcomes(runs.run([runs.cell("wsgi-gunicorn-sync"), void]))
    assert outcome.unharmed


def test_repeats_are_pooled_and_their_spread_is_told() -> None:
    later = runs.cell(
        "wsgi-gunicorn-sync",
        repeat=3,
        answered={0: 150, 1: 150, 2: 150, 512: 0},
        predicted=2,
    )
    run = runs.run([sync_out(1), sync_out(2), later])
    (outcome,) = outcomes(run)
    assert said.reached(outcome.out_at) == "2 (2 to 512 over 3 repeats)"
    assert outcome.verdict == PARTLY
    assert said.verdict(outcome) == "confirmed in 2 of 3 repeats"
    assert outcome.steps[0].attempted == 450


def test_repeats_that_differ_say_which_reached_a_step() -> None:
    out = {0: 150, 4: 0}
    some = [runs.cell(repeat=n, answered=out) for n in (1, 2)]
    (outcome,) = outcomes(runs.run([*some, runs.cell(repeat=3)]))
    assert said.reached(outcome.out_at) == "4 in 2 of 3 repeats"
    assert outcome.recovery_s is None
    assert "not within 3 s" in markdown.render(Source(runs.run(some)))["report.md"]


def pooled(*cells: Cell) -> Outcome:
    (outcome,) = outcomes(runs.run(numbered(list(cells))))
    return outcome


def test_largest_held_step_pools_what_each_repeat_held() -> None:
    outcome = pooled(
        found(75, 150, 182, 198, degrades=198), found(75, 150, 190, 206, degrades=206)
    )
    assert outcome.held.middle == 182
    held = outcome.largest_held
    assert held is not None
    assert (held.slow_clients, held.attempted, held.answered) == (182, 300, 300)
    assert outcome.baseline is not None
    assert outcome.baseline.attempted == 300
    assert [step.attempted for step in outcome.steps] == [300, 300, 300, *[150] * 4]


def test_largest_held_step_leaves_out_what_a_repeat_held_elsewhere() -> None:
    outcome = pooled(
        *(found(4, n - 1, n, degrades=n) for n in (8, 9)),
        found(4, 20, 21, degrades=21),
    )
    held = outcome.largest_held
    assert held is not None
    assert (held.slow_clients, held.attempted) == (8, 300)


def test_repeat_that_did_not_hold_the_baseline_held_the_least() -> None:
    outcome = pooled(found(degrades=0), found(7, 8, degrades=8))
    assert outcome.held.middle is None
    assert outcome.largest_held is None
    better = pooled(*[found(7, 8, degrades=8)] * 2, found(degrades=0))
    assert better.held.middle == 7


def test_baseline_is_not_pooled_with_one_slow_client() -> None:
    outcome = pooled(
        found(1, 2, degrades=2), found(1, 2, degrades=2), found(1, degrades=1)
    )
    held = outcome.largest_held
    assert held is not None
    assert (held.slow_clients, held.attempted) == (1, 300)


def test_held_number_that_is_no_step_has_no_figures() -> None:
    """A file may say anything."""
    assert pooled(found(4, 8, degrades=8, held=5)).largest_held is None
