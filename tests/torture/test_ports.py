"""A machine with few ports to connect from: the search ends there, and says so."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from loadtests.catalog.profiles import PROFILES
from loadtests.records.facts import NO_PORTS
from loadtests.records.run import load_run
from tests.commands.clone import ENVIRONMENT, fresh_clone
from tests.torture.processes import LOAD

PORTS = 700
_OF_PROBE = 2 * round(PROFILES["smoke"].rate_per_s)  # two seconds of it
_RANGE = f"40000 {40000 + PORTS - 1}"
_FEW = (
    "ip link set lo up && "
    f'echo "{_RANGE}" > /proc/sys/net/ipv4/ip_local_port_range && exec "$0" "$@"'
)


@pytest.mark.skipif(
    os.geteuid() != 0 or shutil.which("ip") is None or shutil.which("unshare") is None,
    reason="a network namespace needs root, unshare and iproute2",
)
def test_search_ends_before_the_ports_do(tmp_path: Path) -> None:
    """The server would hold twice as many, which the missing ports would make void."""
    project = fresh_clone(tmp_path / "project")
    done = subprocess.run(
        ["unshare", "--net", "sh", "-c", _FEW, *LOAD, "STACKS=asgi-uvicorn"],
        cwd=project,
        env=ENVIRONMENT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    run = load_run(project / "reports/latest")
    [cell] = run.cells
    [doubt] = [one for one in cell.doubts if one.kind == NO_PORTS]
    assert doubt.figures["free"] == PORTS < doubt.figures["wanted"]
    assert cell.capacity.degrades_at is None, done.stdout
    if cell.valid:  # a noisy machine
        assert cell.capacity.held == PORTS - _OF_PROBE
    page = (project / "reports/latest/report.md").read_text("utf-8")
    assert f"and there are {PORTS} to connect from" in page
