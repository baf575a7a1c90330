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
from tests.analysis import recordings
from tests.analysis.recordings import cell, fail, healthy


def readings(
    recording: Recording, new: Callable[[ServerReading], ServerReading | None]
) -> Recording:
    server = [*filter(None, map(new, recording.server))]
    return dataclasses.replace(recording, server=server)


def growing(*sizes: tuple[float, float], peak_mb: float = 0.0) -> Recording:
    """Three steps; the server's memory is that size from that moment on."""

    def grows(reading: ServerReading) -> ServerReading:
        size_mb = [mb for from_s, mb in sizes if reading.at_s >= from_s][-1]
        if reading.at_s == 8.0:  # after they have left
            size_mb = peak_mb or size_mb
        return reading._replace(pss_mb=size_mb, kernel_mb=size_mb / 2)

    return readings(healthy(0, 64, 128), grows)


def test_memory_of_a_slow_client_is_the_slope_over_the_steps() -> None:
    """Each from the last reading before the next step; the peak may be anywhere."""
    sizes = ((0.0, 42.0), (1.5, 50.0), (2.0, 42.0), (3.75, 54.0), (6.5, 58.0))
    server = cell(growing(*sizes, peak_mb=70.06)).server
    assert (server.rss_idle_mb, server.rss_peak_mb) == (50.0, 70.1)
    assert server.kb_per_slow_client == 64.0  # 8 MB for 128
    assert server.kernel_kb_per_slow_client == 32.0
    assert (server.kernel_kb_low, server.kernel_kb_high) == (32.0, 32.0)


def test_memory_of_a_slow_client_fits_all_steps_and_not_the_last_alone() -> None:
    # Least squares by hand: steps 0, 64, 128 around 64, sizes around 53.33.
    slope_kb = (-64 * -10 / 3 + 64 * 20 / 3) / 8192 * 1024
    server = cell(growing((0.0, 50.0), (4.0, 60.0))).server
    assert server.kb_per_slow_client == round(slope_kb, 1)
    low, high = server.kb_low, server.kb_high
    assert low is not None
    assert high is not None
    assert low < slope_kb < high


def test_disk_of_a_slow_client_is_what_is_stored_of_its_answer() -> None:
    sizes = ((0.0, 0.0), (2.0, 63.0), (4.0, 127.0))

    def grows(reading: ServerReading) -> ServerReading:
        stored_mb = [mb for from_s, mb in sizes if reading.at_s >= from_s][-1]
        return reading._replace(disk_mb=stored_mb)

    stores = cell(readings(healthy(0, 64, 128), grows)).server
    assert stores.disk_kb_per_slow_client == pytest.approx(1016, rel=0.01)
    assert cell(healthy(0, 64, 128)).server.disk_kb_per_slow_client is None


def test_memory_of_a_slow_client_is_that_of_one_that_is_held() -> None:
    """Those that are dropped or wait leave nothing with the server."""
    recording = growing((0.0, 50.0), (2.0, 58.0), (4.0, 58.5))
    harmed = fail(recording, 4.5, 6.0)
    assert cell(recording).server.kb_per_slow_client == pytest.approx(68, abs=1)
    assert cell(harmed).server.kb_per_slow_client == 128.0  # 8 MB for 64
    assert (cell(harmed).server.kb_low, cell(harmed).server.kb_high) == (None, None)


def test_memory_that_the_kernel_hides_is_unknown() -> None:
    recording = healthy(0, 32)
    without_pss = readings(recording, lambda one: one._replace(pss_mb=None))
    server = cell(without_pss).server
    assert (server.rss_idle_mb, server.rss_peak_mb) == (None, None)
    assert (server.kb_per_slow_client, server.kernel_kb_per_slow_client) == (None, 0.0)
    without_kernel = readings(recording, lambda one: one._replace(kernel_mb=None))
    server = cell(without_kernel).server
    assert (server.kb_per_slow_client, server.kernel_kb_per_slow_client) == (0.0, None)


@pytest.mark.parametrize(("begin_s", "end_s"), [(0.5, 2.0), (2.5, 5.0)])
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
    server = [recordings.reading(float(n), line) for n, line in enumerate(pids)]
    recording = dataclasses.replace(healthy(0, 4), server=server)
    assert cell(recording).server.restarts == restarts


def test_log_is_all_that_was_written() -> None:
    recording = readings(healthy(0), lambda one: one._replace(log_mb=one.at_s / 4))
    assert cell(recording).server.log_mb == pytest.approx(1.4, abs=0.1)


def test_memory_of_a_few_slow_clients_is_no_figure() -> None:
    """They cost what a process touches first."""
    recording = readings(healthy(0, 8, 16), lambda one: one)
    assert cell(recording).server.kb_per_slow_client is None
    assert cell(recording).server.kernel_kb_per_slow_client is None
