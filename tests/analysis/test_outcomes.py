"""Outcomes: the repeats of a cell taken together."""

from __future__ import annotations

import dataclasses

from loadtests.analysis.outcomes import outcomes
from loadtests.analysis.predictions import (
    PARTLY,
)
from loadtests.report import said
from loadtests.report.blocks import Source
from loadtests.report.formats import markdown
from tests import runs
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
