"""A server that misbehaves: its cell fails in time, and the run goes on."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

import psutil
import pytest

from loadtests.catalog.scenarios import SCENARIOS
from loadtests.catalog.stacks import STACKS, Stack
from loadtests.experiments.order import Order
from loadtests.experiments.run import begin_run, go_on
from loadtests.experiments.task import Task
from loadtests.records.facts import NOT_AT_REST
from loadtests.records.run import Run
from loadtests.servers import server as starting
from loadtests.servers.processes import Guard
from loadtests.servers.server import READY_WITHIN_S
from tests.disk import room_of, room_watched
from tests.experiments.held import odd, short
from tests.torture.bad_server import LISTENS_AFTER_S, WAYS
from tests.torture.conftest import Tell

CELL_ENDS_WITHIN_S = 60.0
# A server has one deadline to listen and to answer: it does not begin anew.
ENDS_WITHIN_S = {"bad-late_and_mute": LISTENS_AFTER_S + READY_WITHIN_S - 5.0}
RESTS_WITHIN_S = 2.0  # or it does not, in a test that has not all day
MOST_ON_DISK = 8_000_000
GOOD = "wsgi-gunicorn-sync"
# What is said of the cell; one that only ignores SIGTERM may serve well until then.
WORDS = {
    "exits": "no database for port",
    "hangs": "waiting for a database",
    "is_mute": "does not answer",
    "late_and_mute": "does not answer",
    "prints": "",
    "prints_once_it_listens": "",
    "prints_when_asked": "",
    "prints_at_sigterm": "",
    "ignores_sigterm": "",
    "forks_away": "did not start",
    "forks_and_stays": "is served by a process that is not ours",
    "forks_a_helper": "",
    "dies": "out of memory",
    "spins": "",
}


def bad(way: str) -> Stack:
    argv = ("python", "-m", "tests.torture.bad_server", way, "{port}")
    return dataclasses.replace(odd(), id=f"bad-{way}", argv=argv)


def left() -> list[psutil.Process]:
    """Those of other sessions too."""
    found = psutil.process_iter(["cmdline"])
    return [p for p in found if "tests.torture.bad_server" in (p.info["cmdline"] or ())]


# Each of these is one run, with a good server among them.
RUNS = (
    ("exits", "hangs", "is_mute", "late_and_mute"),
    ("ignores_sigterm", "dies", "spins"),
    ("prints", "prints_once_it_listens", "prints_when_asked", "prints_at_sigterm"),
    ("forks_away", "forks_and_stays", "forks_a_helper"),
)


@pytest.mark.parametrize("ways", RUNS, ids=" ".join)
def test_bad_servers_fail_their_cells_in_time_and_the_run_goes_on(
    ways: tuple[str, ...],
    guard: Guard,
    tmp_path: Path,
    tell: Tell,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(starting, "QUIET_WITHIN_S", RESTS_WITHIN_S)
    stacks = [*map(bad, ways), STACKS[GOOD]]
    scenarios = [SCENARIOS["slow-body"]]
    profile = short(second_tries=False, settle_s=RESTS_WITHIN_S)
    order = Order(profile, stacks, scenarios, 1, seed=1)
    run, folder = begin_run(order, ["load"], tmp_path)
    before = room_of(folder)
    _most.clear()
    try:
        with room_watched(folder) as taken:
            for name, cell_s, grown in timed(go_on(run, folder, order, guard, silent)):
                run = grown
                assert left() == []
                assert cell_s < ENDS_WITHIN_S.get(name, CELL_ENDS_WITHIN_S)
                _lasted_s.append(cell_s)
                _most.append(max(taken, default=0) - before)
                before = room_of(folder)
                taken.clear()
    finally:
        for process in left():
            process.kill()
    cells = {cell.stack: cell for cell in run.cells}
    assert set(cells) == {stack.id for stack in stacks}
    assert cells[GOOD].steps, cells[GOOD].faults
    assert all(cell.steps or cell.faults for cell in cells.values())
    for way in filter(WORDS.get, ways):
        found = cells[f"bad-{way}"]
        assert not found.valid
        assert WORDS[way] in " ".join(fault.words for fault in found.faults)
    if "spins" in ways:
        spinning = cells["bad-spins"]
        assert spinning.valid, spinning.faults
        assert NOT_AT_REST in [doubt.kind for doubt in spinning.doubts]
    used = sum(p.stat().st_size for p in folder.rglob("*") if p.is_file())
    assert used < MOST_ON_DISK * len(stacks)
    assert max(_most) < MOST_ON_DISK
    tell(
        "a server that misbehaves fails its cell, and the run goes on",
        f"{len(WAYS)} servers: one exits at once, hangs, is mute at once or late, "
        "ignores SIGTERM, dies, spins, prints 500 MB, or leaves its process group",
        f"the slowest cell took {max(_lasted_s):.0f} s; nothing was left after any",
    )
    _peak.append(max(_most))
    tell(
        "a cell takes little room on the disk",
        "servers that print 500 MB before they listen, once they do, when they are "
        "asked, and at SIGTERM; the folder looked at 20 times a second",
        f"{max(_peak) / 1e6:.0f} MB at most",
    )


_lasted_s: list[float] = []
_most: list[int] = []
_peak: list[int] = []


def timed(measured: Iterable[tuple[Task, Run]]) -> Iterator[tuple[str, float, Run]]:
    """The stack of each cell, how long that took, and the run after it."""
    began_s = time.monotonic()
    for task, run in measured:
        yield task.key.stack, time.monotonic() - began_s, run
        began_s = time.monotonic()


def silent(*_: object) -> None:
    pass
