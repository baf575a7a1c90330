"""Generator health: what makes a cell void, and what does not."""

from __future__ import annotations

import dataclasses

import pytest

from loadtests.analysis.cell import (
    failed_cell,
)
from loadtests.records.cell import Capacity, GeneratorFigures, ServerFigures
from loadtests.records.facts import (
    BUSY,
    LEFT_LATE,
    NOT_CLIMBED,
    NOT_MEASURED,
    NOTHING_SENT,
    fact,
)
from loadtests.records.samples import (
    GeneratorReading,
    Recording,
    Visit,
)
from loadtests.records.tasks import CELL, TaskKey
from loadtests.report.facts import sentence
from tests.analysis.recordings import (
    METHOD,
    READING_EVERY_S,
    SUBJECT,
    cell,
    change,
    fail,
    healthy,
)


def reasons(recording: Recording) -> list[str]:
    """The faults of a cell, in words."""
    found = cell(recording)
    assert found.valid is (not found.faults)
    return [sentence(one) for one in found.faults]


def test_failed_cell_is_void_and_has_no_figures() -> None:
    failed = failed_cell(SUBJECT, METHOD, fact(NOT_MEASURED, "it did not start"))
    assert not failed.valid
    assert failed.faults == [fact(NOT_MEASURED, "it did not start")]
    assert failed.task == TaskKey(CELL, "wsgi-gunicorn-gthread", "slow-body", 2)
    assert failed.capacity == Capacity(16, None, None, None, 32)
    assert (failed.steps, failed.recovery_s) == ([], None)
    assert failed.server == ServerFigures(None, None, None, restarts=0)
    assert failed.generator == GeneratorFigures(None, None)


def test_cell_of_an_empty_recording_is_void_and_has_no_figures() -> None:
    empty = cell(Recording([], [], [], [], []))
    failed = failed_cell(SUBJECT, METHOD, fact(NOT_MEASURED))
    assert empty == dataclasses.replace(failed, faults=empty.faults)
    assert [one.kind for one in empty.faults] == [
        NOT_CLIMBED,
        NOTHING_SENT,
    ]


def leaving(lag_ms: float, count: int, recording: Recording) -> Recording:
    """That many of the requests from 3 s on leave late."""
    return change(
        recording,
        (3.0, 3.0 + count / METHOD.rate_per_s - 0.005),
        lambda sample: sample._replace(started_s=sample.intended_s + lag_ms / 1000),
    )


@pytest.mark.parametrize(
    ("lag_ms", "count", "lag_p99_ms", "void"),
    [
        pytest.param(50.0, 100, 50.0, False, id="at the limit"),
        pytest.param(50.1, 100, 50.1, True, id="over the limit"),
        pytest.param(400.0, 4, 0.0, False, id="under 1 % of 450"),
        pytest.param(400.0, 5, 400.0, True, id="over 1 % of 450"),
    ],
)
def test_requests_that_left_late_make_a_cell_void(
    lag_ms: float, count: int, lag_p99_ms: float, void: bool
) -> None:
    found = cell(leaving(lag_ms, count, healthy(0, 4, 32)))
    assert found.generator.lag_p99_ms == pytest.approx(lag_p99_ms)
    reason = fact(LEFT_LATE, lag_p99_ms=lag_p99_ms, limit_ms=50)
    assert found.faults == [reason] * void


def test_requests_that_left_late_while_slow_clients_arrive_do_not_count() -> None:
    recording = change(
        healthy(0, 4, 32),
        (4.0, 4.5),
        lambda sample: sample._replace(started_s=sample.intended_s + 0.2),
    )
    assert cell(recording).generator.lag_p99_ms == 0.0


@pytest.mark.parametrize(
    ("at_s", "probe", "slow_clients", "peak", "void"),
    [
        pytest.param(3.0, 90.0, 20.0, 90.0, False, id="probe at the limit"),
        pytest.param(3.0, 90.1, 20.0, 90.1, True, id="probe over the limit"),
        pytest.param(3.0, 12.0, 90.0, 90.0, False, id="slow clients at the limit"),
        pytest.param(3.0, 12.0, 90.1, 90.1, True, id="slow clients over the limit"),
        pytest.param(2.25, 12.0, 100.0, 20.0, False, id="while they arrive"),
        pytest.param(7.5, 12.0, 100.0, 20.0, False, id="while they leave"),
    ],
)
def test_busy_generator_makes_a_cell_void(
    at_s: float, probe: float, slow_clients: float, peak: float, void: bool
) -> None:
    recording = healthy(0, 4, 32)
    recording.generator[round(at_s / READING_EVERY_S)] = GeneratorReading(
        at_s, probe, slow_clients, 0.0, 0.0
    )
    found = cell(recording)
    assert found.generator.cpu_peak_percent == peak
    reason = fact(BUSY, cpu_percent=90.1, limit_percent=90)
    assert found.faults == [reason] * void


@pytest.mark.parametrize(
    ("at_s", "what"),
    [
        pytest.param(3.02, "CPU time of 20 ms is one tick or three", id="short"),
        pytest.param(2.5, "the time before belongs to the arriving", id="arriving"),
    ],
)
def test_reading_that_says_nothing_of_the_holding_makes_no_cell_void(
    at_s: float, what: str
) -> None:
    recording = healthy(0, 4, 32)
    busy = GeneratorReading(at_s, 113.0, 20.0, 0.0, 0.0)
    others = [r for r in recording.generator if r.at_s != at_s]
    readings = sorted([*others, busy])
    found = cell(dataclasses.replace(recording, generator=readings))
    assert found.generator.cpu_peak_percent == 20.0, what
    assert found.valid


def test_generator_without_readings_has_no_cpu_figure() -> None:
    recording = dataclasses.replace(healthy(0, 4), generator=[])
    found = cell(recording)
    assert found.generator == GeneratorFigures(0.0, None, 0.0, 0.0)
    assert found.valid
    assert not found.doubts


@pytest.mark.parametrize(
    ("count", "void"),
    [
        pytest.param(7, False, id="1 % and one for each step"),
        pytest.param(8, True, id="one more"),
        pytest.param(150, True, id="a whole step"),
    ],
)
def test_requests_that_were_not_sent_make_a_cell_void(count: int, void: bool) -> None:
    missing = (2.5, 2.5 + count / METHOD.rate_per_s - 0.005)
    recording = change(healthy(0, 4, 32), missing, lambda _: None)
    reason = f"only {450 - count} of 450 healthy requests were sent"
    assert reasons(recording) == [reason] * void


def test_no_request_at_all_makes_a_cell_void() -> None:
    recording = dataclasses.replace(healthy(0, 4), samples=[])
    assert reasons(recording) == [
        "no healthy request was sent",
        "only 0 of 300 healthy requests were sent",
    ]


@pytest.mark.parametrize(
    ("top", "there", "void"),
    [(1, 1, False), (1, 0, True), (20, 19, False), (20, 18, True), (512, 487, False)],
)
def test_missing_slow_clients_make_a_cell_void(
    top: int, there: int, void: bool
) -> None:
    recording = healthy(0, top)
    found = reasons(dataclasses.replace(recording, visits=recording.visits[:there]))
    assert found == [f"only {there} of {top} slow clients were there"] * void


@pytest.mark.parametrize(
    ("began_s", "ended_s", "there"),
    [
        pytest.param(2.0, 2.5, False, id="left before"),
        pytest.param(4.0, 5.0, False, id="came after"),
        pytest.param(2.0, 2.6, True, id="left within"),
        pytest.param(3.9, 4.5, True, id="came within"),
        pytest.param(3.0, 3.001, True, id="was refused at once"),
    ],
)
def test_slow_client_was_there_if_it_visited_within_the_step(
    began_s: float, ended_s: float, there: bool
) -> None:
    visit = Visit(0, began_s, ended_s, "refused", None)
    recording = dataclasses.replace(healthy(0, 1), visits=[visit])
    assert reasons(recording) == ["only 0 of 1 slow clients were there"] * (not there)


def test_slow_client_that_comes_back_is_one() -> None:
    visits = [Visit(0, 2.0 + n / 10, 2.1 + n / 10, "reset", None) for n in range(30)]
    recording = dataclasses.replace(healthy(0, 4), visits=visits)
    assert reasons(recording) == ["only 1 of 4 slow clients were there"]


def test_recording_of_no_step_makes_a_cell_void() -> None:
    recording = healthy(0, 4)
    leaving = dataclasses.replace(recording, taken=recording.taken[-1:])
    assert NOT_CLIMBED in [one.kind for one in cell(leaving).faults]


def test_step_that_was_taken_twice_is_judged_both_times() -> None:
    recording = healthy(0, 4, 32, 4)
    missing = change(recording, (6.5, 8.0), lambda _: None)
    assert reasons(recording) == []
    assert reasons(missing) == ["only 450 of 600 healthy requests were sent"]


def test_trouble_of_the_server_makes_no_cell_void() -> None:
    """It is what we came to see."""
    recording = healthy(0, 4, 32)
    recording = fail(recording, recording.taken[1].asked_s, 99.0)
    refused = [visit._replace(fate="refused") for visit in recording.visits]
    found = cell(dataclasses.replace(recording, visits=refused, server=[]))
    assert found.valid
    assert found.capacity == Capacity(16, 4, 4, 0, 32)
