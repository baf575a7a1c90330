"""What a request costs in two runs."""

from __future__ import annotations

import math
from typing import Any

import pytest

from loadtests.analysis import compare
from loadtests.analysis.changes import BETTER, COST, SAME, WORSE, Figure
from loadtests.analysis.compare import Comparison
from loadtests.records.beside_cells import Cost
from tests import runs
from tests.analysis.pairs import figure, found, new_run


def costs(*us: float, **given: Any) -> list[Cost]:
    return [runs.cost(us=one, repeat=n, **given) for n, one in enumerate(us, 1)]


def of_costs(base: list[Cost], new: list[Cost]) -> Comparison:
    cell = found(4, degrades=None)
    _, compared = compare.compare(
        new_run([cell], costs=base), new_run([cell], costs=new)
    )
    return compared


@pytest.mark.parametrize(
    ("base", "new", "verdict"),
    [
        ((100, 101, 102), (130, 131, 132), WORSE),
        ((130, 131, 132), (100, 101, 102), BETTER),
        ((100, 101, 102), (120, 121, 122), SAME),
        ((60, 100, 140), (80, 130, 190), SAME),
        ((2.0, 2.0), (2.9, 2.9), SAME),
    ],
)
def test_costs_differ_as_all_else_does(
    base: tuple[float, ...], new: tuple[float, ...], verdict: str
) -> None:
    compared = of_costs(costs(*base), costs(*new))
    assert compared.scenario == ""
    assert compared.verdict == figure(compared, COST).verdict == verdict
    assert compare.status([compared]) == (verdict == WORSE)


def test_costs_are_compared_by_app_request_and_connection() -> None:
    kept, new = costs(100.0), costs(200.0, kept_alive=False)
    flask = costs(300.0, app="starlette")
    compared = of_costs([*kept, *new, *flask], [*kept, *new])
    assert [(d.figure, d.base, d.verdict) for d in compared.differences] == [
        (Figure(COST, app="raw", target="/hello", kept_alive=True), 100.0, SAME),
        (Figure(COST, app="raw", target="/hello"), 200.0, SAME),
    ]


def test_costs_that_one_run_lacks_are_not_compared() -> None:
    compared = of_costs(costs(100.0), [])
    assert [(r.kind, r.which) for r in compared.reasons] == [("missing", "NEW")]


def test_cost_that_is_not_known_is_not_compared() -> None:
    known = costs(100, 101, 102)
    assert of_costs(known, [*known, *costs(math.inf)]).verdict == SAME
