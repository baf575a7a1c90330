"""The analysis: recordings made by hand, whose figures can be told by looking at them.

`healthy` is a recording without a blemish; each test spoils it in one way. Its clock
starts at 0, steps last 2 s, requests are due every 10 ms and answered after 2 ms.
"""

from __future__ import annotations

import dataclasses
import itertools
import math
from collections.abc import Callable, Sequence
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loadtests.analysis import intervals
from loadtests.analysis.cell import (
    analyse_cell,
    analyse_step,
    count_fates,
    failed_cell,
    find_capacity,
    percentile,
    treads,
)
from loadtests.records.facts import (
    BUSY,
    LEFT_LATE,
    NOT_CLIMBED,
    NOT_MEASURED,
    NOTHING_SENT,
    TIMES,
    UNSENT,
    fact,
)
from loadtests.records.run import (
    CELL,
    Capacity,
    Cell,
    Fates,
    GeneratorFigures,
    Method,
    ServerFigures,
    Step,
    Subject,
    TaskKey,
)
from loadtests.records.samples import (
    GeneratorReading,
    Level,
    Recording,
    Sample,
    ServerReading,
    Tread,
    Visit,
)
from loadtests.report.facts import sentence

METHOD = Method(
    rate_per_s=100.0,
    deadline_s=1.0,
    settle_s=0.5,
    hold_s=2.0,
    release_s=3.0,
    healthy_request="GET /hello",
)
SUBJECT = Subject(
    stack="wsgi-gunicorn-gthread",
    scenario="slow-body",
    repeat=2,
    argv=["python", "-m", "gunicorn"],
    workers=2,
    threads=8,
    capacity=Capacity(16, None, None, None, 32),
)
RESPONSE_S = 0.002
READING_EVERY_S = 0.25
CPU_SHARE = 0.02  # of a core: 200 µs for each of 100 requests a second
PIDS = "100 101 102"


def healthy(*levels: int, hold_s: float = 2.0) -> Recording:
    """A climb over these levels in which all goes well; 1 s more for the last step."""
    begins = [n * hold_s for n in range(len(levels))]
    released_s = len(levels) * hold_s + METHOD.deadline_s
    ended_s = released_s + METHOD.release_s
    at = [n * READING_EVERY_S for n in range(int(ended_s / READING_EVERY_S))]
    arrivals = dict[int, float]()
    for begin_s, level in zip(begins, levels, strict=True):
        arrivals |= dict.fromkeys(range(len(arrivals), level), begin_s)
    return Recording(
        samples=requests(0.0, ended_s - METHOD.deadline_s),
        visits=[
            Visit(n, at_s, released_s, "held", None) for n, at_s in arrivals.items()
        ],
        levels=[*map(Level, begins, levels), Level(released_s, 0)],
        server=[ServerReading(t, 3.0 + t * CPU_SHARE, 50.0, PIDS) for t in at],
        generator=[GeneratorReading(t, 12.0, 20.0, 0.0) for t in at],
    )


def requests(begin_s: float, end_s: float) -> list[Sample]:
    """Answered right and in time, due in [begin_s, end_s)."""
    count = round((end_s - begin_s) * METHOD.rate_per_s)
    due = [begin_s + n / METHOD.rate_per_s for n in range(count)]
    return [Sample(at_s, at_s, at_s + RESPONSE_S, "") for at_s in due]


def change(
    recording: Recording,
    within: tuple[float, float],
    new: Callable[[Sample], Sample | None],
) -> Recording:
    """Other samples for those due in a time, recorded in the order of their ends."""
    begin_s, end_s = within
    samples = [
        new(sample) if begin_s <= sample.intended_s < end_s else sample
        for sample in recording.samples
    ]
    in_order = sorted(filter(None, samples), key=lambda sample: sample.ended_s)
    return dataclasses.replace(recording, samples=in_order)


def late(sample: Sample) -> Sample:
    return sample._replace(ended_s=sample.intended_s + METHOD.deadline_s, fault="late")


def fail(recording: Recording, begin_s: float, end_s: float) -> Recording:
    """Nothing that is due in that time is answered at all."""
    return change(recording, (begin_s, end_s), late)


def stall(recording: Recording, begin_s: float, end_s: float) -> Recording:
    """The server answers nothing in that time, and then all that still waits."""

    def waits(sample: Sample) -> Sample:
        if end_s - sample.intended_s > METHOD.deadline_s:
            return late(sample)
        return sample._replace(ended_s=end_s + RESPONSE_S)

    return change(recording, (begin_s, end_s), waits)


def cell(recording: Recording) -> Cell:
    return analyse_cell(SUBJECT, recording, METHOD)


def reasons(recording: Recording) -> list[str]:
    """The faults of a cell, in words."""
    found = cell(recording)
    assert found.valid is (not found.faults)
    return [sentence(one) for one in found.faults]


# A whole cell


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
    )
    assert cell(healthy(0, 4, 32)) == Cell(
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
        steps=[dataclasses.replace(step, slow_clients=n) for n in (0, 4, 32)],
        fates=Fates(held=32),
        recovery_s=None,
        server=ServerFigures(200.0, 50.0, 50.0, 0.0, restarts=0),
        generator=GeneratorFigures(
            0.0, 20.0, lag_p50_ms=0.0, lag_max_ms=0.0, stolen_percent=0.0
        ),
        valid=True,
    )


def test_failed_cell_is_void_and_has_no_figures() -> None:
    failed = failed_cell(SUBJECT, METHOD, fact(NOT_MEASURED, "it did not start"))
    assert not failed.valid
    assert failed.faults == [fact(NOT_MEASURED, "it did not start")]
    assert failed.task == TaskKey(CELL, "wsgi-gunicorn-gthread", "slow-body", 2)
    assert failed.capacity == Capacity(16, None, None, None, 32)
    assert (failed.steps, failed.recovery_s) == ([], None)
    assert failed.server == ServerFigures(None, None, None, None, restarts=0)
    assert failed.generator == GeneratorFigures(None, None)


def test_cell_of_an_empty_recording_is_void_and_has_no_figures() -> None:
    empty = cell(Recording([], [], [], [], []))
    failed = failed_cell(SUBJECT, METHOD, fact(NOT_MEASURED))
    assert empty == dataclasses.replace(failed, faults=empty.faults)
    assert [one.kind for one in empty.faults] == [
        NOT_CLIMBED,
        NOTHING_SENT,
    ]


# Steps


def test_treads_leave_out_the_settling_and_what_the_release_could_answer() -> None:
    assert treads(healthy(0, 4, 32), METHOD) == [
        Tread(0, begins_s=0.5, ends_s=2.0),
        Tread(4, begins_s=2.5, ends_s=4.0),
        Tread(32, begins_s=4.5, ends_s=6.0),  # released at 7
    ]


@pytest.mark.parametrize("levels", [[], [Level(0.0, 0)]])
def test_treads_need_an_end(levels: list[Level]) -> None:
    assert treads(Recording([], [], levels, [], []), METHOD) == []


def test_request_belongs_to_the_step_in_which_it_was_due() -> None:
    samples = [Sample(at_s, 9.0, 9.5, "") for at_s in (0.99, 1.0, 1.99, 2.0)]
    recording = Recording(samples, [], [], [], [])
    assert Tread(0, 1.0, 2.0).samples(recording) == samples[1:3]


@pytest.mark.parametrize(
    ("begin_s", "end_s", "answered"),
    [
        pytest.param(2.0, 2.5, [150, 150, 150], id="while slow clients arrive"),
        pytest.param(2.5, 2.6, [150, 140, 150], id="after that"),
        pytest.param(3.9, 4.5, [150, 140, 150], id="over the edge of a step"),
        pytest.param(6.0, 7.0, [150, 150, 150], id="just before the release"),
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
    recording = stall(healthy(0, 4, hold_s=15.0), 20.0, 21.4)
    before, step = cell(recording).steps
    assert (before.attempted, before.answered) == (1450, 1450)
    assert (step.attempted, step.answered) == (1450, 1410)
    assert (before.p50_ms, before.p90_ms, before.p99_ms) == (2.0, 2.0, 2.0)
    assert (step.p50_ms, step.p90_ms) == (2.0, 2.0)
    assert step.p99_ms is None, "40 of 1450 were not answered: it is one of those"


def test_stall_that_all_wait_out_appears() -> None:
    """0.9 s: each request of it is answered, after 900, 890, 880, ... ms."""
    recording = stall(healthy(0, 4, hold_s=15.0), 20.0, 20.9)
    step = cell(recording).steps[1]
    assert (step.attempted, step.answered) == (1450, 1450)
    assert step.p90_ms == 2.0
    assert step.p99_ms == pytest.approx(762.0), "the 14 longest waits lie beyond"


@pytest.mark.parametrize(
    ("unanswered", "p50_ms", "p90_ms"),
    [(0, 2.0, 2.0), (15, 2.0, 2.0), (16, 2.0, None), (75, 2.0, None), (76, None, None)],
)
def test_unanswered_request_is_slower_than_every_answered_one(
    unanswered: int, p50_ms: float | None, p90_ms: float | None
) -> None:
    recording = fail(healthy(0, 4), 0.5, 0.5 + unanswered / METHOD.rate_per_s - 0.005)
    step = cell(recording).steps[0]
    assert (step.attempted, step.answered) == (150, 150 - unanswered)
    assert (step.p50_ms, step.p90_ms) == (p50_ms, p90_ms)
    assert (step.p50_low_ms, step.p90_low_ms) == (p50_ms, p90_ms)


def test_interval_of_a_percentile_may_reach_beyond_the_deadline() -> None:
    step = cell(fail(healthy(0, 4), 0.5, 0.645)).steps[0]
    assert (step.answered, step.p90_ms, step.p90_low_ms) == (135, 2.0, 2.0)
    assert step.p90_high_ms is None


def test_share_has_an_interval_unless_nothing_was_asked() -> None:
    step = cell(fail(healthy(0, 4), 0.5, 0.645)).steps[0]
    # Wilson's, worked out by hand: (135 + z^2/2 ± z sqrt(13.5 + z^2/4)) / (150 + z^2)
    assert (step.answered_low_percent, step.answered_high_percent) == (84.16, 93.85)
    nothing = analyse_step(Tread(0, 50.0, 51.0), healthy(0, 4))
    assert (nothing.answered_low_percent, nothing.answered_high_percent) == (None, None)


def test_stall_of_the_server_degrades_a_short_step() -> None:
    found = cell(stall(healthy(0, 4), 2.55, 3.95))
    assert [step.answered for step in found.steps] == [150, 110]
    assert found.capacity == Capacity(16, 4, None, 0, 32)
    p50_ms = found.steps[1].p50_ms
    assert p50_ms is not None
    assert p50_ms > 400


# Percentiles


def brute_force(values: Sequence[float], percent: int) -> float | None:
    """The definition, word by word."""
    for value in sorted(set(values)):
        at_or_below = sum(other <= value for other in values)
        if Fraction(at_or_below, len(values)) >= Fraction(percent, 100):
            rank = math.ceil(Fraction(percent, 100) * len(values))
            return value if len(values) - rank >= intervals.BEYOND else None
    return None


@pytest.mark.parametrize("percent", [50, 90, 99])
@given(st.lists(st.integers(0, 99), max_size=60), st.integers(1, 30))
def test_percentile_is_the_nearest_rank(
    percent: int, few: list[int], times: int
) -> None:
    values = sorted(few * times)
    found = percentile(values, percent / 100)
    assert found == brute_force(values, percent)


@pytest.mark.parametrize(
    ("share", "count", "expected"),
    [
        (0.5, 19, None),
        (0.5, 20, 10.0),
        (0.5, 21, 11.0),
        (0.9, 99, None),
        (0.9, 100, 90.0),
        (0.99, 999, None),
        (0.99, 1000, 990.0),
        (0.99, 1001, 991.0),
        (0.5, 0, None),
    ],
)
def test_percentile_needs_ten_values_beyond(
    share: float, count: int, expected: float | None
) -> None:
    assert percentile(range(1, count + 1), share) == expected


def test_percentile_is_rounded_to_microseconds() -> None:
    assert percentile([1.23456789] * 20, 0.5) == 1.235


# Capacity


def steps(*shares: tuple[int, int, int]) -> list[Step]:
    return [
        Step(n, attempted, answered, *[None] * 3) for n, attempted, answered in shares
    ]


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


# Fates and recovery


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


# The server


def readings(
    recording: Recording, new: Callable[[ServerReading], ServerReading | None]
) -> Recording:
    server = [*filter(None, map(new, recording.server))]
    return dataclasses.replace(recording, server=server)


def test_memory_of_a_slow_client_is_the_slope_over_the_staircase() -> None:
    """Each from the last reading within the step; the peak may be anywhere."""
    sizes = {1.75: 50.0, 3.75: 51.0, 5.5: 57.0, 5.75: 58.0, 6.5: 70.06}

    def grows(reading: ServerReading) -> ServerReading:
        return reading._replace(rss_mb=sizes.get(reading.at_s, 42.0))

    server = cell(readings(healthy(0, 4, 32), grows)).server
    assert (server.rss_idle_mb, server.rss_peak_mb) == (50.0, 70.1)
    assert server.kb_per_slow_client == 256.0  # 8 MB for 32


def test_memory_of_a_slow_client_fits_all_steps_and_not_the_last_alone() -> None:
    sizes = {1.75: 50.0, 3.75: 50.0, 5.75: 60.0}

    def grows(reading: ServerReading) -> ServerReading:
        return reading._replace(rss_mb=sizes.get(reading.at_s, 42.0))

    # Least squares by hand: levels 0, 16, 32 around 16, sizes around 53.33.
    slope_kb = (-16 * -10 / 3 + 16 * 20 / 3) / 512 * 1024
    kb = cell(readings(healthy(0, 16, 32), grows)).server.kb_per_slow_client
    assert kb == round(slope_kb, 1)


@pytest.mark.parametrize(("begin_s", "end_s"), [(0.5, 2.0), (2.5, 4.0)])
def test_memory_of_a_slow_client_is_unknown_without_a_reading(
    begin_s: float, end_s: float
) -> None:
    recording = readings(
        healthy(0, 32),
        lambda reading: None if begin_s <= reading.at_s < end_s else reading,
    )
    server = cell(recording).server
    assert server.kb_per_slow_client is None
    assert server.rss_peak_mb == 50.0


def test_memory_of_a_slow_client_is_unknown_where_there_is_none() -> None:
    assert cell(healthy(0)).server.kb_per_slow_client is None


def test_server_without_readings_has_no_figures() -> None:
    recording = readings(healthy(0, 4), lambda reading: None)
    assert cell(recording).server == ServerFigures(None, None, None, None, 0)


def test_cpu_time_is_for_each_answered_request_of_the_baseline() -> None:
    """Twice the CPU time from the first slow clients on changes nothing."""

    def doubled(reading: ServerReading) -> ServerReading:
        extra_s = max(0.0, reading.at_s - 2.0) * CPU_SHARE
        return reading._replace(cpu_s=reading.cpu_s + extra_s)

    recording = readings(healthy(0, 4), doubled)
    assert cell(recording).server.cpu_us_per_request == 200.0
    # Readings from 0.5 to 1.75 s: 125 requests, of which 25 are not answered.
    assert cell(fail(recording, 1.0, 1.25)).server.cpu_us_per_request == 250.0


@pytest.mark.parametrize(
    "recording",
    [
        pytest.param(fail(healthy(0, 4), 0.0, 2.0), id="nothing answered"),
        pytest.param(healthy(4, 8), id="no baseline"),
        pytest.param(
            readings(healthy(0, 4), lambda r: r if r.at_s in (1.0, 3.0) else None),
            id="one reading",
        ),
    ],
)
def test_cpu_time_is_unknown_where_it_cannot_be_told(recording: Recording) -> None:
    assert cell(recording).server.cpu_us_per_request is None


@pytest.mark.parametrize(
    ("pids", "restarts"),
    [
        (["1 2 3", "1 2 3"], 0),
        (["1 2 3", "1 3"], 0),
        (["1 2 3", "1 3", "1 3 4"], 1),
        (["1 2 3", "1 4 5", "1 5 6"], 3),
        (["1 2 3", ""], 0),
    ],
)
def test_restart_is_a_process_that_was_not_there_at_first(
    pids: list[str], restarts: int
) -> None:
    server = [ServerReading(float(n), 0.0, 50.0, line) for n, line in enumerate(pids)]
    recording = dataclasses.replace(healthy(0, 4), server=server)
    assert cell(recording).server.restarts == restarts


# The generator, and what makes a cell void


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
        pytest.param(5.0, 100, 5.0, False, id="at the limit"),
        pytest.param(5.01, 100, 5.01, True, id="over the limit"),
        pytest.param(400.0, 4, 0.0, False, id="under 1 % of 450"),
        pytest.param(400.0, 5, 400.0, True, id="over 1 % of 450"),
    ],
)
def test_requests_that_left_late_make_a_cell_void(
    lag_ms: float, count: int, lag_p99_ms: float, void: bool
) -> None:
    found = cell(leaving(lag_ms, count, healthy(0, 4, 32)))
    assert found.generator.lag_p99_ms == pytest.approx(lag_p99_ms)
    reason = fact(LEFT_LATE, lag_p99_ms=lag_p99_ms, limit_ms=5)
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
        at_s, probe, slow_clients, 0.0
    )
    found = cell(recording)
    assert found.generator.cpu_peak_percent == peak
    reason = fact(BUSY, cpu_percent=90.1, limit_percent=90)
    assert found.faults == [reason] * void


def test_generator_without_readings_has_no_cpu_figure() -> None:
    recording = dataclasses.replace(healthy(0, 4), generator=[])
    assert cell(recording).generator == GeneratorFigures(0.0, None, 0.0, 0.0)


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


def test_climb_that_ends_early_makes_a_cell_void() -> None:
    """Without the last steps, a stack would seem to have held them."""
    recording = healthy(0, 4, 32)
    cut = dataclasses.replace(recording, levels=recording.levels[:-1])
    assert reasons(cut) == ["the staircase was not climbed to its end"]


def test_trouble_of_the_server_makes_no_cell_void() -> None:
    """It is what we came to see."""
    recording = fail(healthy(0, 4, 32), 0.0, 99.0)
    refused = [visit._replace(fate="refused") for visit in recording.visits]
    found = cell(dataclasses.replace(recording, visits=refused, server=[]))
    assert found.valid
    assert found.capacity == Capacity(16, 0, 0, None, 32)


def test_request_that_our_machine_could_not_send_is_not_the_servers_fault() -> None:
    recording = healthy(0, 4)
    first, *others = recording.samples
    lost = [sample._replace(fault="generator") for sample in others[260:300]]
    samples = [first, *others[:260], *lost, *others[300:]]
    found = cell(dataclasses.replace(recording, samples=samples))
    assert found.capacity.degrades_at is None
    assert found.generator.not_sent == 40
    assert not found.valid
    assert found.faults[0].kind == UNSENT


@pytest.mark.parametrize(
    ("late_ms", "stolen", "valid", "kind", "figures"),
    [
        (4.9, 25.0, True, "", {}),
        (
            5.1,
            25.0,
            True,
            TIMES,
            {"stolen_percent": 25.0, "lag_p99_ms": 5.1},
        ),
        (51.0, 25.0, False, LEFT_LATE, {"lag_p99_ms": 51.0, "limit_ms": 50.0}),
        (5.1, 1.9, False, LEFT_LATE, {"lag_p99_ms": 5.1, "limit_ms": 5.0}),
    ],
)
def test_lateness_while_the_machine_was_taken_away_makes_times_doubtful(
    late_ms: float,
    stolen: float,
    valid: bool,
    kind: str,
    figures: dict[str, float],
) -> None:
    recording = healthy(0, 4)
    samples = [
        s._replace(started_s=s.intended_s + late_ms / 1000) for s in recording.samples
    ]
    taken = [reading._replace(stolen_percent=stolen) for reading in recording.generator]
    found = cell(dataclasses.replace(recording, samples=samples, generator=taken))
    assert found.valid is valid
    facts = [*found.faults, *found.doubts]
    assert [one.kind for one in facts] == [kind] * bool(kind)
    for one in facts:
        assert one.figures == pytest.approx(figures)
