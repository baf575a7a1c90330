"""Lateness that is not the server's: what it voids and what it makes doubtful."""

from __future__ import annotations

import dataclasses

import pytest

from loadtests.analysis.health import doubts, neighbour_doubts, void_lag_ms
from loadtests.records.cell import GeneratorFigures
from loadtests.records.facts import (
    LEFT_LATE,
    NEIGHBOURS,
    NOT_AT_REST,
    TIMES,
    UNSENT,
    Fact,
    fact,
)
from loadtests.records.samples import Recording
from loadtests.report.facts import sentence
from tests.analysis.recordings import METHOD, cell, healthy


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
        (0.5, 0.0, True, "", {}),
        (0.6, 0.0, True, TIMES, {"lag_p99_ms": 0.6, "limit_ms": 0.5}),
        (49.9, 25.0, True, TIMES, {"lag_p99_ms": 49.9, "limit_ms": 0.5}),
        (50.1, 25.0, False, LEFT_LATE, {"lag_p99_ms": 50.1, "limit_ms": 50.0}),
    ],
)
def test_lateness_makes_times_doubtful_and_then_the_cell_void(
    late_ms: float,
    stolen: float,
    valid: bool,
    kind: str,
    figures: dict[str, float],
) -> None:
    found = cell(leaving(healthy(0, 4), late_ms, stolen))
    assert found.valid is valid
    facts = found.doubts if valid else found.faults
    assert [one.kind for one in facts] == [kind] * bool(kind)
    more = {"stolen_percent": stolen} if kind == TIMES else {}
    for one in facts:
        assert one.figures == pytest.approx(figures | more)


def leaving(recording: Recording, late_ms: float, stolen: float) -> Recording:
    samples = [
        s._replace(started_s=s.intended_s + late_ms / 1000) for s in recording.samples
    ]
    taken = [reading._replace(stolen_percent=stolen) for reading in recording.generator]
    # The first reading is of the time before.
    taken[0] = taken[0]._replace(stolen_percent=99.0)
    return dataclasses.replace(recording, samples=samples, generator=taken)


@pytest.mark.parametrize(
    ("baseline_p50_ms", "limit_ms"), [(None, 0.5), (1.1, 0.5), (2.0, 0.5), (20.0, 5.0)]
)
def test_lateness_is_measured_against_what_is_measured(
    baseline_p50_ms: float | None, limit_ms: float
) -> None:
    at_limit = GeneratorFigures(lag_p99_ms=limit_ms, cpu_peak_percent=None)
    over = dataclasses.replace(at_limit, lag_p99_ms=limit_ms + 0.1)
    assert doubts(at_limit, baseline_p50_ms) == []
    (found,) = doubts(over, baseline_p50_ms)
    assert found.figures["limit_ms"] == limit_ms


def test_request_that_is_as_late_as_the_deadline_allows_scales_with_it() -> None:
    assert void_lag_ms(dataclasses.replace(METHOD, deadline_s=0.2)) == pytest.approx(10)


def test_neighbour_that_may_be_felt_is_named() -> None:
    names = [("python3", 97.4), ("chrome", 12.0)]
    assert neighbour_doubts(None, names) == neighbour_doubts(10.0, names) == []
    (found,) = neighbour_doubts(109.4, names)
    assert found == fact(
        NEIGHBOURS, "python3 97 %, chrome 12 %", foreign_cpu_percent=109.4
    )
    assert sentence(found) == (
        "response times are doubtful: other processes used 109 % of a core: "
        "python3 97 %, chrome 12 %"
    )
    (nameless,) = neighbour_doubts(10.1, [])
    assert sentence(nameless).endswith("used 10 % of a core")


@pytest.mark.parametrize(
    ("used_s", "percent", "doubtful"),
    [(0.0, 0.0, False), (0.7, 10.0, False), (1.4, 20.0, True)],
)
def test_neighbours_of_a_cell_are_measured_from_its_first_reading_to_its_last(
    used_s: float, percent: float, doubtful: bool
) -> None:
    """7 s lie between them."""
    recording = healthy(0, 4)
    first, *others, last = recording.generator
    last = last._replace(at_s=first.at_s + 7.0, foreign_cpu_s=3.0 + used_s)
    readings = [first._replace(foreign_cpu_s=3.0), *others, last]
    busy = [("make", 97.0)]
    found = cell(dataclasses.replace(recording, generator=readings, neighbours=busy))
    assert found.valid
    assert found.generator.foreign_cpu_percent == percent
    fact_of = fact(NEIGHBOURS, "make 97 %", foreign_cpu_percent=percent)
    assert found.doubts == [fact_of] * doubtful


@pytest.mark.parametrize(
    ("unsettled", "doubts_of_it"),
    [
        ((), []),
        ((4,), []),  # it may well still work on their arrival
        ((0,), [fact(NOT_AT_REST, cores=1.0)]),
        ((0, 4), [fact(NOT_AT_REST, cores=1.0)]),
    ],
)
def test_server_that_is_busy_without_slow_clients_is_doubtful(
    unsettled: tuple[int, ...], doubts_of_it: list[Fact]
) -> None:
    recording = healthy(0, 0, 4)
    taken = [
        step._replace(settled=int(step.slow_clients not in unsettled))
        for step in recording.steps
    ]
    found = cell(
        dataclasses.replace(
            recording,
            taken=[*taken, recording.taken[-1]],
            server=[one._replace(cpu_s=one.at_s) for one in recording.server],
        )
    )
    assert found.valid
    assert found.doubts == doubts_of_it


def test_busy_server_of_which_a_worker_went_is_doubtful_without_a_figure() -> None:
    recording = healthy(0, 4)
    first, *others = recording.taken
    pids = [one._replace(pids=f"{n}") for n, one in enumerate(recording.server)]
    taken = [first._replace(settled=0), *others]
    found = cell(dataclasses.replace(recording, taken=taken, server=pids))
    assert found.doubts == [fact(NOT_AT_REST)]
    assert sentence(fact(NOT_AT_REST)) == (
        "the server did not come to rest, even without slow clients"
    )


def test_neighbours_are_unknown_from_one_reading() -> None:
    recording = healthy(0, 4)
    once = dataclasses.replace(recording, generator=recording.generator[:1])
    assert cell(once).generator.foreign_cpu_percent is None


def test_neighbours_are_unknown_where_the_server_may_be_one_of_them() -> None:
    recording = healthy(0, 4)
    unknown = [r._replace(foreign_cpu_s=None) for r in recording.generator]
    found = cell(dataclasses.replace(recording, generator=unknown))
    assert found.generator.foreign_cpu_percent is None
    assert found.doubts == []
