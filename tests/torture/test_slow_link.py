"""Clients whose link is slow: the same capacities, and nothing that is left."""

from __future__ import annotations

import signal
import time
from pathlib import Path

import psutil
import pytest

from loadtests.commands import load, ordered
from loadtests.commands.main import main
from loadtests.records.run import load_run
from loadtests.servers.processes import wait_until
from loadtests.servers.slow_link import slow_link
from tests.commands.clone import fresh_clone
from tests.servers.elsewhere import needs_namespaces
from tests.surroundings import working_in
from tests.torture.conftest import Tell
from tests.torture.listeners import watched
from tests.torture.processes import TO_THE_GROUP, begun, gone_after, said, send

pytestmark = needs_namespaces
RATE = "NETWORK=100kbit"
STACKS = ("wsgi-gunicorn-sync", "wsgi-waitress@threads=6")
WITHIN_S = 10.0
_gone_s: list[float] = []


def test_slow_links_find_the_capacities_of_slow_readers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tell: Tell
) -> None:
    for module in (load, ordered):
        monkeypatch.setattr(module, "REPORTS", tmp_path / "reports", raising=False)
    words = ("load", "--profile=smoke", f"--stacks={','.join(STACKS)}")
    with watched() as elsewhere:
        asked = ("--scenarios=slow-link,slow-read", "--network=100kbit")
        assert main([*words, *asked]) in (0, 3)
    assert not elsewhere
    cells = [cell for cell in load_run(tmp_path / "reports/latest").cells if cell.valid]
    found = {
        scenario: {
            cell.stack: (cell.capacity.degrades_at, cell.capacity.out_at)
            for cell in cells
            if cell.scenario == scenario
        }
        for scenario in ("slow-link", "slow-read")
    }
    assert found["slow-link"] == found["slow-read"]
    assert found["slow-link"].keys() == {*STACKS}
    tell(
        "clients whose link is slow find the capacities of slow readers",
        f"{len(STACKS)} stacks, over a link of 100 kbit/s and without",
        "every capacity is the same; nothing listened elsewhere than on loopback",
    )


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_nothing_is_left_of_a_slow_link_that_is_stopped(
    number: signal.Signals, tmp_path: Path, tell: Tell
) -> None:
    project = fresh_clone(tmp_path / "project")
    words = ("make", "load", "PROFILE=smoke", "SCENARIOS=slow-link", RATE)
    with begun(project, *words) as process:
        assert wait_until(lambda: bool(steps_of(project)), 60), said(project)
        [name] = links_of(process.pid)
        send(number, TO_THE_GROUP, process)
        sent_s = time.monotonic()
        assert gone_after(project, process, WITHIN_S), working_in(project)
        _gone_s.append(time.monotonic() - sent_s)
    if number is signal.SIGKILL:
        with slow_link(100):  # whoever makes the next
            pass
    pid = name.split("-")[1]
    assert not [one for one in namespaces() if one.startswith(f"slowlink-{pid}-")]
    assert not Path(f"/sys/class/net/slow{pid}").exists()
    tell(
        "a slow link that is stopped leaves no process, namespace or link",
        "SIGINT, SIGTERM and SIGKILL to a run while slow clients are held; after "
        "SIGKILL, the next run removes the network",
        f"all processes were gone after {max(_gone_s):.1f} s at most",
    )


def steps_of(project: Path) -> list[Path]:
    """The files of cells that have taken a step with slow clients."""
    files = (project / "reports").glob("2*/samples/*slow-link*/steps.csv")
    return [file for file in files if len(file.read_text().splitlines()) > 2]


def namespaces() -> list[str]:
    folder = Path("/run/netns")
    return [path.name for path in folder.iterdir()] if folder.exists() else []


def links_of(pid: int) -> list[str]:
    """The namespaces of slow clients of what that process has started."""
    pids = [child.pid for child in psutil.Process(pid).children(recursive=True)]
    ours = tuple(f"slowlink-{one}-" for one in (pid, *pids))
    return [n for n in namespaces() if n.startswith(ours) and n.endswith("-beyond")]
