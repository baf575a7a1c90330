"""Capacity, fates and recovery, from the steps and visits of a recording."""

from __future__ import annotations

import dataclasses
import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loadtests.analysis.cell import (
    count_fates,
    find_capacity,
)
from loadtests.records.cell import Capacity, Fates
from loadtests.records.samples import (
    Visit,
)
from tests.analysis.recordings import cell, fail, healthy, stall, steps


@pytest.mark.parametrize(
    ("climb", "degrades_at", "out_at", "held"),
    [
        pytest.param([], None, None, None, id="nothing"),
        pytest.param([(0, 0, 0)], None, None, None, id="nothing asked"),
        pytest.param([(0, 100, 100), (4, 100, 100)], None, None, 4, id="unharmed"),
        pytest.param([(0, 100, 99), (4, 200, 198)], None, None, 4, id="exactly 99 %"),
        pytest.param([(0, 100, 99), (4, 200, 197)], 4, None, 0, id="just under 99 %"),
        pytest.param([(0, 9, 9), (4, 100, 1)], 4, None, 0, id="exactly 1 %"),
        pytest.param([(0, 9, 9), (4, 101, 1)], 4, 4, 0, id="just under 1 %"),
        pytest.param([(0, 9, 9), (4, 9, 4), (8, 9, 0)], 4, 8, 0, id="step by step"),
        pytest.param([(0, 9, 4), (4, 9, 9)], 0, None, None, id="bad from the start"),
        pytest.param([(0, 9, 9), (4, 9, 4), (8, 9, 9)], 4, None, 0, id="and better"),
        pytest.param([(0, 9, 9), (4, 0, 0), (8, 9, 9)], None, None, 8, id="with a gap"),
    ],
)
def test_capacity_is_where_the_shares_say(
    climb: list[tuple[int, int, int]],
    degrades_at: int | None,
    out_at: int | None,
    held: int | None,
) -> None:
    predicted = Capacity(16, None, None, None, 32, 8, 15, "threads")
    found = find_capacity(steps(*climb), predicted)
    assert found == Capacity(16, degrades_at, out_at, held, 32, 8, 15, "threads")


@given(st.lists(st.integers(0, 200), min_size=1, max_size=8))
def test_capacity_is_in_order(answered: list[int]) -> None:
    climb = steps(*((4 * n, 200, count) for n, count in enumerate(answered)))
    found = find_capacity(climb, Capacity(None, None, None, None))
    held, degrades_at, out_at = found.held, found.degrades_at, found.out_at
    assert (held is None) == (degrades_at == 0)
    assert (degrades_at is None) == (held == climb[-1].slow_clients)
    if out_at is not None:
        assert degrades_at is not None
        assert degrades_at <= out_at
    if held is not None and degrades_at is not None:
        assert degrades_at == held + 4


@pytest.mark.parametrize("fate", [field.name for field in dataclasses.fields(Fates)])
def test_fate_is_counted_by_visit(fate: str) -> None:
    visits = [Visit(client, 0.0, 1.0, fate, None) for client in (0, 1, 1)]
    visits.append(Visit(2, 0.0, 1.0, "held" if fate != "held" else "reset", None))
    counted = dataclasses.asdict(count_fates(visits))
    assert counted.pop(fate) == 3
    assert sum(counted.values()) == 1


def test_fate_that_nobody_knows_is_an_error() -> None:
    with pytest.raises(TypeError, match="vanished"):
        count_fates([Visit(0, 0.0, 1.0, "vanished", None)])


@pytest.mark.parametrize(
    ("begin_s", "end_s", "recovery_s"),
    [
        pytest.param(0.0, 0.0, None, id="never degraded"),
        pytest.param(5.5, 9.0, None, id="after the last step only"),
        pytest.param(2.0, 5.0, 0.0, id="with the release"),
        pytest.param(2.0, 5.4, 0.4, id="a while later"),
        pytest.param(2.0, 6.6, None, id="too late to be sure"),
        pytest.param(2.0, 9.0, None, id="not while watched"),
    ],
)
def test_recovery_is_from_the_release_to_when_all_are_answered(
    begin_s: float, end_s: float, recovery_s: float | None
) -> None:
    """Released at 5, watched until 7."""
    found = cell(fail(healthy(0, 4), begin_s, end_s))
    assert found.recovery_s == recovery_s


def test_recovery_is_complete_only_after_the_last_fault() -> None:
    recording = fail(fail(healthy(0, 4), 2.0, 5.1), 5.3, 5.31)
    assert cell(recording).recovery_s == pytest.approx(0.31)


def test_recovery_is_not_over_while_answers_are_slow() -> None:
    """What is due at the release waits until the server is back, 0.6 s later."""
    recording = stall(fail(healthy(0, 4), 2.0, 5.0), 5.0, 5.6)
    assert cell(recording).recovery_s == pytest.approx(0.5, abs=0.03)


def test_recovery_goes_by_when_requests_were_due_not_by_when_they_ended() -> None:
    """A late request is recorded after many later ones that were answered."""
    recording = fail(healthy(0, 4), 2.0, 5.05)
    faults = [sample.fault for sample in recording.samples]
    assert len([*itertools.groupby(faults)]) > 3, "they should be mixed"
    assert cell(recording).recovery_s == 0.05
