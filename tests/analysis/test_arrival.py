"""What it does to a server that slow clients arrive, apart from holding them."""

from __future__ import annotations

import dataclasses

import pytest

from loadtests.analysis.steps import pooled
from loadtests.records.cell import Arrival, Step
from loadtests.records.samples import Recording
from tests.analysis.recordings import ARRIVING_S, cell, change, fail, healthy, stall
from tests.steps import STEP

ARRIVAL = Arrival(0.5, True, attempted=50, answered=50, worst_ms=3.0, server_cpu_s=0.2)


def arrivals(recording: Recording) -> list[Arrival | None]:
    return [step.arrival for step in cell(recording).steps]


def test_baseline_has_no_arrival() -> None:
    assert arrivals(healthy(0)) == [None]


def test_stall_while_they_arrive_is_not_of_the_holding() -> None:
    """Each request due in that time is answered, the first after 0.4 s."""
    found = cell(stall(healthy(0, 4), 2.0, 2.4)).steps[1]
    assert found.p90_ms == 2.0
    assert found.arrival is not None
    assert (found.arrival.answered, found.arrival.worst_ms) == (50, 402.0)


def test_request_that_goes_unanswered_while_they_arrive_is_worse_than_any() -> None:
    [_, found] = arrivals(fail(healthy(0, 4), 2.1, 2.2))
    assert found is not None
    assert (found.attempted, found.answered, found.worst_ms) == (50, 40, None)


def test_arrival_without_a_request_has_no_worst_time() -> None:
    [_, found] = arrivals(change(healthy(0, 4), (2.0, 2.5), lambda _: None))
    assert found is not None
    assert (found.attempted, found.answered, found.worst_ms) == (0, 0, None)


def test_arrival_lasts_until_the_holding_begins() -> None:
    """It says whether the server had come to rest by then."""
    recording = healthy(0, 4)
    _, step, leaving = recording.taken
    unsettled = step._replace(begins_s=step.begins_s + 1.0, settled=0)
    taken = [recording.taken[0], unsettled, leaving]
    [_, found] = arrivals(dataclasses.replace(recording, taken=taken))
    assert found is not None
    assert (found.lasted_s, found.settled) == (ARRIVING_S + 1.0, False)
    assert (found.attempted, found.server_cpu_s) == (150, 0.03)


@pytest.mark.parametrize("from_s", [2.1, 99.0])
def test_cpu_time_of_an_arrival_needs_a_reading_before_it(from_s: float) -> None:
    recording = healthy(0, 4)
    server = [one for one in recording.server if one.at_s >= from_s]
    [_, found] = arrivals(dataclasses.replace(recording, server=server))
    assert found is not None
    assert found.server_cpu_s is None


def test_cpu_time_of_processes_that_nobody_knows_is_not_known() -> None:
    recording = healthy(0, 4)
    server = [one._replace(pids="") for one in recording.server]
    [_, found] = arrivals(dataclasses.replace(recording, server=server))
    assert found is not None
    assert found.server_cpu_s is None


def test_cpu_time_of_an_arrival_in_which_a_worker_went_is_not_known() -> None:
    recording = healthy(0, 4)
    server = [
        r._replace(cpu_s=r.cpu_s - 1.0 * (r.at_s > 2.2)) for r in recording.server
    ]
    [_, found] = arrivals(dataclasses.replace(recording, server=server))
    assert found is not None
    assert found.server_cpu_s is None


def test_step_that_was_taken_twice_is_one_with_its_first_arrival() -> None:
    recording = stall(healthy(0, 4, 32, 4), 6.0, 6.3)
    found = cell(recording).steps
    assert [step.slow_clients for step in found] == [0, 4, 32]
    assert [step.attempted for step in found] == [150, 300, 150]
    assert found[1].arrival is not None
    assert found[1].arrival.worst_ms == 2.0


def test_repeats_have_the_worst_of_their_arrivals() -> None:
    other = Arrival(2.5, False, 250, 240, worst_ms=9.0, server_cpu_s=0.4)
    assert joined(ARRIVAL, other) == Arrival(2.5, False, 300, 290, 9.0, 0.4)
    assert joined(ARRIVAL, None) == ARRIVAL
    assert joined(None, None) is None


def test_worst_time_of_repeats_is_unknown_where_one_is() -> None:
    unknown = dataclasses.replace(ARRIVAL, worst_ms=None, server_cpu_s=None)
    found = joined(ARRIVAL, unknown)
    assert found is not None
    assert (found.worst_ms, found.server_cpu_s) == (None, 0.2)
    found = joined(unknown, unknown)
    assert found is not None
    assert (found.worst_ms, found.server_cpu_s) == (None, None)


def joined(*arrivals: Arrival | None) -> Arrival | None:
    steps: list[Step] = [dataclasses.replace(STEP, arrival=one) for one in arrivals]
    return pooled(steps).arrival
