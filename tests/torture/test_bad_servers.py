"""A server that misbehaves: its cell fails in time, and the run goes on."""

from __future__ import annotations

import dataclasses
import time
from pathlib import Path

import psutil
import pytest

from loadtests.catalog.scenarios import SCENARIOS
from loadtests.catalog.stacks import STACKS, Stack
from loadtests.experiments.order import Order
from loadtests.experiments.run import begin_run, go_on
from loadtests.servers.processes import Guard, wait_until
from tests.experiments.held import odd, short
from tests.torture.bad_server import WAYS
from tests.torture.conftest import Tell

CELL_ENDS_WITHIN_S = 60.0
MOST_ON_DISK = 50_000_000
GOOD = "wsgi-gunicorn-sync"
# What is said of the cell; one that only ignores SIGTERM may serve well until then.
WORDS = {
    "exits": "no database for port",
    "hangs": "waiting for a database",
    "is_mute": "does not answer",
    "prints": "",
    "ignores_sigterm": "",
    "dies": "out of memory",
}


def bad(way: str) -> Stack:
    argv = ("python", "-m", "tests.torture.bad_server", way, "{port}")
    return dataclasses.replace(odd(), id=f"bad-{way}", argv=argv)


def left() -> list[psutil.Process]:
    """Those of other sessions too."""
    found = psutil.process_iter(["cmdline"])
    return [p for p in found if "tests.torture.bad_server" in (p.info["cmdline"] or ())]


@pytest.mark.parametrize("way", WAYS)
def test_bad_server_fails_its_cell_in_time_and_the_run_goes_on(
    way: str, guard: Guard, tmp_path: Path, tell: Tell
) -> None:
    order = Order(
        short(second_tries=False),
        [bad(way), STACKS[GOOD]],
        [SCENARIOS["slow-body"]],
        1,
        seed=1,
    )
    run, folder = begin_run(order, ["load"], tmp_path)
    began_s = time.monotonic()
    try:
        for _, grown in go_on(run, folder, order, guard, lambda *_: None):
            run = grown
        lasted_s = time.monotonic() - began_s
        assert wait_until(lambda: not left(), 10.0), left()
    finally:
        for process in left():
            process.kill()
    cells = {cell.stack: cell for cell in run.cells}
    assert set(cells) == {f"bad-{way}", GOOD}
    assert cells[GOOD].steps, cells[GOOD].faults
    found = cells[f"bad-{way}"]
    if WORDS[way]:
        assert not found.valid
        assert WORDS[way] in " ".join(fault.words for fault in found.faults)
    assert lasted_s < 2 * CELL_ENDS_WITHIN_S
    used = sum(p.stat().st_size for p in folder.rglob("*") if p.is_file())
    assert used < MOST_ON_DISK
    tell(
        "a server that misbehaves fails its cell, and the run goes on",
        f"{len(WAYS)} servers: one exits at once, hangs, is mute, prints 500 MB, "
        "ignores SIGTERM, or dies",
        f"the slowest cell and the next took {_slowest(lasted_s):.0f} s",
    )


_lasted_s: list[float] = []


def _slowest(lasted_s: float) -> float:
    _lasted_s.append(lasted_s)
    return max(_lasted_s)
