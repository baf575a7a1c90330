"""Memory and restarts of the server, from its readings."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import pytest

from loadtests.records.cell import ServerFigures
from loadtests.records.samples import (
    Recording,
    ServerReading,
)
from tests.analysis.recordings import cell, healthy


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
    assert cell(recording).server == ServerFigures(None, None, None, 0)


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
