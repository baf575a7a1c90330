"""The history of a cell, and what a server did while a step was held."""

from __future__ import annotations

import dataclasses

import pytest

from loadtests.analysis.history import EVERY_S, history
from loadtests.records.cell import QUANTILES, History, Stage
from loadtests.records.samples import Recording
from tests.analysis.recordings import (
    CPU_SHARE,
    METHOD,
    PIDS,
    RESPONSE_S,
    cell,
    change,
    fail,
    healthy,
    reading,
)

PER_PART = round(METHOD.rate_per_s * EVERY_S)


def found(recording: Recording) -> History:
    known = history(recording)
    assert known
    return known


def test_history_begins_with_the_first_request_and_ends_with_the_leaving() -> None:
    known = found(healthy(0, 4, 32))
    assert known.stages == [
        Stage(0, 0.0, 0.5, 2.0),
        Stage(4, 2.0, 2.5, 4.0),
        Stage(32, 4.0, 4.5, 6.0),
        Stage(0, 7.0, 7.0, 10.0),
    ]
    lists = [getattr(known, field.name) for field in dataclasses.fields(known)[2:-1]]
    assert {len(one) for one in lists} == {10 / EVERY_S}


def test_history_counts_requests_by_the_part_in_which_they_were_due() -> None:
    known = found(fail(healthy(0, 4), 2.5, 2.745))
    assert known.attempted[:9] == [PER_PART] * 9
    assert known.answered[4:7] == [PER_PART, PER_PART // 2, PER_PART]


def test_history_has_times_of_answered_requests_and_none_where_there_are_none() -> None:
    recording = fail(healthy(0, 4), 2.5, 2.995)
    slower = change(
        recording, (3.0, 3.1), lambda s: s._replace(ended_s=s.intended_s + 0.2)
    )
    known = found(slower)
    assert known.worst_ms[4:7] == [pytest.approx(1000 * RESPONSE_S), None, 200.0]
    assert known.p50_ms[4:7] == [pytest.approx(1000 * RESPONSE_S), None, 2.0]


def test_history_counts_slow_clients_that_are_connected() -> None:
    assert found(healthy(0, 4, 32)).connected == [0] * 3 + [4] * 4 + [32] * 6 + [0] * 7


def test_history_has_the_cores_that_the_server_used_and_the_size_of_its_log() -> None:
    recording = healthy(0, 4)
    busier = [
        r._replace(cpu_s=r.cpu_s + max(0.0, r.at_s - 3.0), log_mb=4.0 * (r.at_s >= 3))
        for r in recording.server
    ]
    known = found(dataclasses.replace(recording, server=busier))
    assert known.server_cores[:8] == [CPU_SHARE] * 6 + [1.02] * 2
    assert known.log_mb[:8] == [0.0] * 5 + [4.0] * 3


def test_cpu_time_that_went_with_a_worker_still_listed_is_not_known() -> None:
    recording = healthy(0, 4)
    fallen = [r._replace(cpu_s=r.cpu_s - 1.0 * (r.at_s >= 3)) for r in recording.server]
    known = found(dataclasses.replace(recording, server=fallen))
    assert known.server_cores[:8] == [CPU_SHARE] * 5 + [None, CPU_SHARE, CPU_SHARE]


def test_history_says_when_a_worker_took_anothers_place() -> None:
    recording = healthy(0, 4)
    readings = [
        reading(r.at_s, PIDS if r.at_s < 3 else "100 101 200") for r in recording.server
    ]
    known = found(dataclasses.replace(recording, server=readings))
    assert known.replaced_s == [3.0]
    assert known.server_cores[5:7] == [None, CPU_SHARE]


def test_history_of_nothing_is_none() -> None:
    assert history(Recording([], [], [], [], [])) is None


def test_step_tells_how_requests_were_lost_and_what_the_server_did_meanwhile() -> None:
    recording = fail(healthy(0, 4), 2.5, 2.995)
    closed = change(recording, (3.0, 3.1), lambda s: s._replace(fault="closed"))
    writing = [
        r._replace(cpu_s=2 * r.at_s, log_mb=10 * r.at_s) for r in recording.server
    ]
    step = cell(dataclasses.replace(closed, server=writing)).steps[1]
    assert step.lost == {"late": PER_PART, "closed": 10}
    assert (step.server_cores, step.log_mb_per_s) == (2.0, 10.0)


def test_step_has_a_distribution_where_ten_requests_lie_beyond_its_ends() -> None:
    short, long = cell(healthy(0, 4, hold_s=1.5)), cell(healthy(0, 4, hold_s=10.0))
    assert short.steps[1].quantiles_ms == []
    assert long.steps[1].quantiles_ms == [2.0] * len(QUANTILES)


def test_distribution_ends_where_requests_were_not_answered() -> None:
    recording = fail(healthy(0, 4, hold_s=10.0), 12.0, 13.0)
    quantiles = cell(recording).steps[1].quantiles_ms
    assert quantiles[-4:] == [2.0, None, None, None]


def test_cores_of_processes_that_nobody_knows_are_not_known() -> None:
    recording = healthy(0, 4)
    unseen = [r._replace(pids="", cpu_s=0.0) for r in recording.server]
    known = found(dataclasses.replace(recording, server=unseen))
    assert set(known.server_cores) == {None}
