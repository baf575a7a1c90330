"""The advice and the matrix of capacities: what they say of repeats."""

from __future__ import annotations

from loadtests.analysis.outcomes import outcomes
from loadtests.report.sections import advice
from loadtests.report.sections.matrix import entry
from loadtests.report.special_blocks import Stand
from tests import runs


def test_advice_names_what_held_and_what_did_not() -> None:
    cells = [
        runs.cell("a", "slow-headers"),
        runs.cell("a", "slow-body", answered={0: 150, 4: 140, 512: 130}),
        runs.cell("b", "slow-headers"),
        runs.cell("b", "slow-body"),
        runs.cell("c", "slow-body", answered={0: 150, 4: 0}),
        runs.cell("d", "slow-body"),
    ]
    both, uploads = advice.advice(runs.run(cells))
    assert [*both.evidence] == ["slow-headers", "slow-body"]
    assert both.supported == [Stand("held 512", ["b"])], "d lacks slow-headers"
    assert both.against == [
        Stand("degrades at 4 under slow-body", ["a"]),
        Stand("out at 4 under slow-body", ["c"]),
    ]
    assert uploads.supported == [Stand("held 512", ["b", "d"])]


def test_stack_that_holds_many_is_supported_although_something_runs_out() -> None:
    loop = {0: 150, 1404: 150, 1606: 100, 2409: 0}
    cells = [
        runs.cell("loop", "slow-body", answered=loop),
        runs.cell("few", "slow-body", answered={0: 150, 499: 150, 500: 0}),
    ]
    (uploads,) = advice.advice(runs.run(cells))
    assert uploads.supported == [Stand("held 1,404", ["loop"])]
    assert uploads.against == [Stand("out at 500", ["few"])]


def test_advice_is_not_given_where_nothing_was_measured() -> None:
    assert advice.advice(runs.run([runs.cell("a", "of-another-project")])) == []


def test_entry_tells_what_repeats_found() -> None:
    out, worse, fine = {0: 150, 4: 0}, {0: 150, 4: 150, 8: 0}, {0: 150, 4: 150}
    some = [
        runs.cell(repeat=n, answered=a, predicted=4)
        for n, a in enumerate((out, out, worse), 1)
    ]
    (outcome,) = outcomes(runs.run(some))
    found = entry(outcome)
    assert (found.said, found.spread) == ("out at 4", "(4 to 8)")
    assert found.predicted == "predicted 4, right in 2 of 3"
    once = [runs.cell(repeat=n, answered=a) for n, a in enumerate((fine, fine, out), 1)]
    (outcome,) = outcomes(runs.run(once))
    assert entry(outcome).said == "degrades at 4 in 1 of 3 repeats"
