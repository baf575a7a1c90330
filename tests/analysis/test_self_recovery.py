"""How a stack that is held at its capacity frees itself."""

from __future__ import annotations

import dataclasses

import pytest

from loadtests.analysis.self_recovery import analyse_self_recovery
from loadtests.records.beside_cells import SelfRecovery
from loadtests.records.cell import Capacity, Subject
from loadtests.records.facts import KILLS_DIFFER, MISSING, fact
from loadtests.records.run import Method
from loadtests.records.samples import (
    GeneratorReading,
    Recording,
    Sample,
    StepTaken,
    Visit,
)
from tests.analysis.recordings import reading

METHOD = Method(100.0, 1.0, 10.0, hold_s=40.0, release_s=1.0, healthy_request="GET /")
SUBJECT = Subject(
    "wsgi-gunicorn-sync", "idle", 1, [], 2, None, Capacity(2, None, None, None)
)
KILLED = "[CRITICAL] WORKER TIMEOUT (pid:7)\n"


def held(*unanswered: tuple[float, float], pids: str = "1 2 3") -> Recording:
    """Two slow clients from 10 s to 51 s; nobody is answered in those times."""
    due = [10.0 + n / 100 for n in range(4100)]
    late = [any(begin <= at < end for begin, end in unanswered) for at in due]
    at_s = [10.0 + n / 4 for n in range(160)]
    return Recording(
        samples=[
            Sample(at, at, at + 0.002, "late" if missed else "")
            for at, missed in zip(due, late, strict=True)
        ],
        visits=[Visit(n, 10.2, 51.0, "held", None) for n in (0, 1)],
        taken=[
            StepTaken(2, 10.0, 10.0, 50.0, 2, 1),
            StepTaken(0, 51.0, 51.0, 52.0, 0, 1),
        ],
        server=[reading(t, "1 2 3" if t < 42 else pids) for t in at_s],
        generator=[GeneratorReading(t, 12.0, 20.0, 0.0, 0.0) for t in at_s],
    )


def found(recording: Recording, log: str = "") -> SelfRecovery:
    return analyse_self_recovery(SUBJECT, recording, METHOD, log)


@pytest.mark.parametrize(
    ("unanswered", "freed_s"),
    [
        pytest.param([], 0.0, id="not harmed"),
        pytest.param([(11.0, 41.0)], 31.0, id="by a timeout"),
        pytest.param([(11.0, 12.0), (20.0, 21.0)], 11.0, id="not before the last"),
        pytest.param([(11.0, 60.0)], None, id="never"),
        pytest.param([(11.0, 48.0)], None, id="too late to be sure"),
        pytest.param([(11.0, 12.0), (49.5, 49.6)], None, id="harmed again"),
    ],
)
def test_freeing_is_the_time_until_all_are_answered(
    unanswered: list[tuple[float, float]], freed_s: float | None
) -> None:
    one = found(held(*unanswered))
    assert one.freed_s == freed_s
    assert one.valid
    assert (one.slow_clients, one.watched_s, one.fates.held) == (2, 40.0, 2)


def test_freeing_is_not_over_while_answers_are_slow() -> None:
    """What came in the second before the workers were back still waited for them."""
    recording = held((11.0, 40.0))
    waited = [
        s._replace(ended_s=41.0) if 40.0 <= s.intended_s < 41.0 else s
        for s in recording.samples
    ]
    one = found(dataclasses.replace(recording, samples=waited))
    assert one.freed_s == pytest.approx(30.9, abs=0.11)


def test_freeing_counts_the_workers_that_the_log_says_were_killed() -> None:
    one = found(held((11.0, 41.0), pids="1 4 5"), KILLED * 2)
    assert (one.kills_logged, one.restarts, one.doubts) == (2, 2, [])


def test_freeing_tells_where_the_log_and_the_processes_differ() -> None:
    one = found(held((11.0, 41.0), pids="1 3 4"), KILLED * 2)
    assert one.valid
    assert one.doubts == [fact(KILLS_DIFFER, killed=2, replaced=1)]


def test_freeing_is_void_without_its_slow_clients() -> None:
    one = found(dataclasses.replace(held(), visits=[]))
    assert not one.valid
    assert one.faults == [fact(MISSING, present=0, wanted=2)]


def test_freeing_is_void_where_nothing_was_recorded() -> None:
    one = found(Recording([], [], [], [], []))
    assert (one.valid, one.slow_clients, one.freed_s) == (False, 0, None)
