"""A cell and its steps, from a recording made by hand."""

from __future__ import annotations

import dataclasses

import pytest

from loadtests.records.cell import (
    Arrival,
    Capacity,
    Cell,
    Fates,
    GeneratorFigures,
    ServerFigures,
    Step,
)
from loadtests.records.samples import (
    Recording,
    Sample,
    StepTaken,
)
from tests.analysis.recordings import (
    RESPONSE_S,
    cell,
    change,
    fail,
    healthy,
    stall,
)


def came(number: int) -> Arrival:
    """The arrival of so many, which does no harm."""
    return Arrival(
        lasted_s=0.5,
        settled=True,
        attempted=50,
        answered=50,
        worst_ms=2.0,
        server_cpu_s=0.01,
        came=number,
    )


def test_cell_of_a_healthy_recording_is_what_was_put_in() -> None:
    step = Step(
        slow_clients=0,
        attempted=150,
        answered=150,
        p50_ms=2.0,
        p90_ms=2.0,
        p99_ms=None,
        answered_low_percent=97.5,
        answered_high_percent=100.0,
        p50_low_ms=2.0,
        p50_high_ms=2.0,
        p90_low_ms=2.0,
        p90_high_ms=2.0,
        server_cores=0.02,
        log_mb_per_s=0.0,
    )
    found = cell(healthy(0, 4, 32))
    assert found.history
    assert dataclasses.replace(found, history=None) == Cell(
        stack="wsgi-gunicorn-gthread",
        scenario="slow-body",
        repeat=2,
        argv=["python", "-m", "gunicorn"],
        workers=2,
        threads=8,
        capacity=Capacity(
            predicted_out_at=16,
            degrades_at=None,
            out_at=None,
            held=32,
            predicted_out_by=32,
        ),
        steps=[
            step,
            dataclasses.replace(step, slow_clients=4, arrival=came(4)),
            dataclasses.replace(step, slow_clients=32, arrival=came(28)),
        ],
        fates=Fates(held=32),
        recovery_s=None,
        server=ServerFigures(
            rss_idle_mb=50.0,
            rss_peak_mb=50.0,
            kb_per_slow_client=0.0,
            restarts=0,
            kb_low=0.0,
            kb_high=0.0,
            kernel_kb_per_slow_client=0.0,
            kernel_kb_low=0.0,
            kernel_kb_high=0.0,
            log_mb=0.0,
        ),
        generator=GeneratorFigures(
            lag_p99_ms=0.0,
            cpu_peak_percent=20.0,
            lag_p50_ms=0.0,
            lag_max_ms=0.0,
            stolen_percent=0.0,
            foreign_cpu_percent=0.0,
        ),
        valid=True,
    )


def test_request_belongs_to_the_part_in_which_it_was_due() -> None:
    samples = [Sample(at_s, 9.0, 9.5, "") for at_s in (0.99, 1.0, 1.99, 2.0, 2.5, 2.99)]
    recording = Recording(samples, [], [], [], [])
    step = StepTaken(4, 1.0, 2.0, 2.99, 4, 1)
    assert step.arriving(recording) == samples[1:3]
    assert step.holding(recording) == samples[3:5]


def test_request_that_our_machine_could_not_send_belongs_to_none() -> None:
    samples = [Sample(at_s, 9.0, 9.5, "generator") for at_s in (1.0, 2.0)]
    recording = Recording(samples, [], [], [], [])
    step = StepTaken(4, 1.0, 2.0, 3.0, 4, 1)
    assert step.arriving(recording) == step.holding(recording) == []


@pytest.mark.parametrize(
    ("begin_s", "end_s", "answered"),
    [
        pytest.param(2.0, 2.5, [150, 150, 150], id="while slow clients arrive"),
        pytest.param(2.5, 2.6, [150, 140, 150], id="after that"),
        pytest.param(3.9, 4.5, [150, 140, 150], id="over the edge of a step"),
        pytest.param(6.0, 7.0, [150, 150, 150], id="after the holding"),
        pytest.param(5.9, 9.0, [150, 150, 140], id="before that"),
    ],
)
def test_step_counts_what_is_answered_in_its_window(
    begin_s: float, end_s: float, answered: list[int]
) -> None:
    steps = cell(fail(healthy(0, 4, 32), begin_s, end_s)).steps
    assert [step.answered for step in steps] == answered
    assert [step.attempted for step in steps] == [150, 150, 150]


@pytest.mark.parametrize("fault", ["late", "refused", "reset", "closed", "wrong"])
def test_request_with_any_fault_is_unanswered(fault: str) -> None:
    recording = change(
        healthy(0, 4), (1.0, 1.5), lambda sample: sample._replace(fault=fault)
    )
    assert [step.answered for step in cell(recording).steps] == [100, 150]


def test_response_time_counts_from_the_intended_start() -> None:
    def delayed(sample: Sample) -> Sample:
        begins_s = sample.intended_s + 0.004
        return sample._replace(started_s=begins_s, ended_s=begins_s + RESPONSE_S)

    recording = change(healthy(0, 4), (0.0, 2.0), delayed)
    assert [step.p50_ms for step in cell(recording).steps] == [6.0, 2.0]


def test_stall_of_the_server_appears() -> None:
    """1.4 s without an answer: 0.4 s of requests are late, those of the last second
    answered after up to 1 s. Nobody stopped asking meanwhile."""
    recording = stall(healthy(0, 4, hold_s=14.5), 20.0, 21.4)
    before, step = cell(recording).steps
    assert (before.attempted, before.answered) == (1450, 1450)
    assert (step.attempted, step.answered) == (1450, 1410)
    assert (before.p50_ms, before.p90_ms, before.p99_ms) == (2.0, 2.0, 2.0)
    assert (step.p50_ms, step.p90_ms) == (2.0, 2.0)
    assert step.p99_ms is None, "40 of 1450 were not answered: it is one of those"


def test_stall_that_all_wait_out_appears() -> None:
    """0.9 s: each request of it is answered, after 900, 890, 880, ... ms."""
    recording = stall(healthy(0, 4, hold_s=14.5), 20.0, 20.9)
    step = cell(recording).steps[1]
    assert (step.attempted, step.answered) == (1450, 1450)
    assert step.p90_ms == 2.0
    assert step.p99_ms == pytest.approx(762.0), "the 14 longest waits lie beyond"


def test_stall_of_the_server_degrades_a_short_step() -> None:
    found = cell(stall(healthy(0, 4), 2.55, 3.95))
    assert [step.answered for step in found.steps] == [150, 110]
    assert found.capacity == Capacity(16, 4, None, 0, 32)
    p50_ms = found.steps[1].p50_ms
    assert p50_ms is not None
    assert p50_ms > 400
