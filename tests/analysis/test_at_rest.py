"""When a server counts as having come to rest, by readings of its CPU time."""

from __future__ import annotations

import itertools

import pytest

from loadtests.analysis.at_rest import at_rest

EVERY_S = 0.15


def readings(*shares: float, pid: int = 7) -> list[tuple[float, dict[int, float]]]:
    """Of one process, with its share of a core from each reading to the next."""
    used = itertools.accumulate((share * EVERY_S for share in shares), initial=3.0)
    return [(n * EVERY_S, {pid: cpu_s}) for n, cpu_s in enumerate(used)]


def rests(used: list[tuple[float, dict[int, float]]]) -> bool:
    """Where nothing ever waited for a core."""
    return at_rest(used, wanted=used)


@pytest.mark.parametrize(
    ("shares", "at_rest_then"),
    [
        pytest.param([0.0] * 4, True, id="idle"),
        pytest.param([0.5] * 4, True, id="steady"),
        pytest.param([0.5] * 3, False, id="too few readings"),
        pytest.param([], False, id="no reading"),
        pytest.param([0.2, 0.2, 0.24, 0.24], True, id="small change"),
        pytest.param([0.2, 0.2, 0.3, 0.3], False, id="rising"),
        pytest.param([0.3, 0.3, 0.2, 0.2], False, id="falling"),
        pytest.param([0.8, 0.8, 0.87, 0.87], True, id="a tenth of much"),
        pytest.param([0.95] * 4, False, id="a whole core"),
        pytest.param([0.5, 0.5, 0.05, 0.95], False, id="a whole core at the end"),
        pytest.param([0.9, 0.0, 0.2, 0.2, 0.2, 0.2], True, id="calmed down"),
    ],
)
def test_server_rests_that_uses_as_much_as_before(
    shares: list[float], at_rest_then: bool
) -> None:
    assert rests(readings(*shares)) is at_rest_then


def test_processes_share_a_core_and_each_may_have_some_of_it() -> None:
    two = zip(readings(*[0.6] * 4), readings(*[0.6] * 4, pid=8), strict=True)
    assert rests([(at_s, one | other) for (at_s, one), (_, other) in two])


def test_process_that_came_or_went_counts_from_then_on() -> None:
    steady = readings(*[0.1] * 6)
    came = [(at_s, used | ({8: at_s} if at_s > 0.5 else {})) for at_s, used in steady]
    assert not rests(came)
    gone = [(at_s, {} if at_s > 0.5 else used) for at_s, used in steady]
    assert not rests(gone)


def test_process_that_gets_half_of_the_core_that_it_wants_is_not_at_rest() -> None:
    """A neighbour has the other half."""
    assert not at_rest(readings(*[0.5] * 4), wanted=readings(*[1.0] * 4))
    # Nor where a part of its waiting will count in the next interval only.
    lately = readings(1.0, 1.0, 0.88, 0.85)
    assert not at_rest(readings(*[0.5] * 4), wanted=lately)
