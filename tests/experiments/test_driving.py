"""The driver against wrk, on a real server."""

from __future__ import annotations

from pathlib import Path

import pytest

from loadtests.analysis.agreement import DrivenPair, Turn
from loadtests.catalog.stacks import find
from loadtests.experiments.agreement import driving
from loadtests.experiments.agreement.tools import ToolError
from loadtests.servers.processes import Guard

WRK_SAYS = """Running 1s test @ http://127.0.0.1:8000/hello
  1 threads and 16 connections
  31250 requests in 1.25s, 4.50MB read
Requests/sec:  25000.00
"""


def test_requests_and_their_cpu_time_come_from_what_wrk_says() -> None:
    assert driving.driven_of(WRK_SAYS, used_s=1.0) == Turn(25000.0, 32.0)


@pytest.mark.parametrize("text", ["", "  0 requests in 1.00s, 0.00B read"])
def test_a_run_of_wrk_without_answers_is_an_error(text: str) -> None:
    with pytest.raises(ToolError, match="how many requests"):
        driving.driven_of(text, used_s=1.0)


@pytest.mark.parametrize(
    ("cpu_us", "rate_per_s", "agrees"),
    [(100, 1000, True), (114, 870, True), (120, 1000, False), (100, 800, False)],
)
def test_both_agree_within_15_percent(
    cpu_us: float, rate_per_s: float, *, agrees: bool
) -> None:
    pair = DrivenPair("stack", True, Turn(rate_per_s, cpu_us), Turn(1000, 100))
    assert pair.agrees is agrees


@pytest.mark.skipif(not driving.wrk_is_installed(), reason="wrk is not installed")
@pytest.mark.long
def test_both_drive_a_server_kept_alive_and_anew(guard: Guard, tmp_path: Path) -> None:
    told: list[str] = []
    pairs = driving.drive(find("asgi-uvicorn"), 1, guard, tmp_path, told.append)
    assert [pair.kept_alive for pair in pairs] == [True, False]
    for pair in pairs:
        assert pair.ours.rate_per_s > 0
        assert pair.wrk.rate_per_s > 0
        assert pair.ours.cpu_us > 0
        assert pair.wrk.cpu_us > 0
    assert told == ["kept alive, round 1 of 1", "new connections, round 1 of 1"]
