"""Two looks at a step agree if they show the same harm, and it becomes no better."""

from __future__ import annotations

import pytest

from loadtests.analysis.looks import Look
from loadtests.analysis.search import Harm


@pytest.mark.parametrize(
    ("before", "now", "agree"),
    [
        (1.0, 1.0, True),
        (0.5, 0.55, True),
        (0.5, 0.2, True),  # worse is no recovery from the arrival
        (0.5, 0.65, False),  # still on its way
        (0.0, 0.5, False),
        (0.995, 0.98, False),
    ],
)
def test_looks_agree_on_the_harm_unless_it_becomes_better(
    before: float, now: float, agree: bool
) -> None:
    assert Look(1.0, 2.0, now).agrees(Look(0.0, 1.0, before)) is agree


def test_look_shows_the_harm_of_its_share() -> None:
    shares = (1.0, 0.5, 0.0)
    found = [Look(0.0, 1.0, share).harm for share in shares]
    assert found == [Harm.NONE, Harm.DEGRADED, Harm.OUT]
