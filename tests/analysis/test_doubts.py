"""Lateness that is not the server's: what it voids and what it makes doubtful."""

from __future__ import annotations

import dataclasses

import pytest

from loadtests.records.facts import (
    LEFT_LATE,
    TIMES,
    UNSENT,
)
from tests.analysis.recordings import (
    cell,
    healthy,
)


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
