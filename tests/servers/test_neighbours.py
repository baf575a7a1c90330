"""Foreign CPU time: what is counted, what is not, and who is named.

Other tests may run beside these. So each compares two watches of the same time: one
knows a process group as ours, the other does not. They differ by the group's time.
"""

from __future__ import annotations

import contextlib
import dataclasses
import os
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from loadtests.catalog.stacks import STACKS
from loadtests.clients import wire
from loadtests.servers import neighbours
from loadtests.servers.neighbours import Neighbours, parsed
from loadtests.servers.processes import Group, Guard, started, wait_until
from loadtests.servers.server import Server, running
from loadtests.servers.usage import usage

BUSY_S = 1.0
# A tick for each process that ended, 15 to 20 a second in a family, and the moment
# between the two readings.
AT_ONCE_S = 0.05
NEAR_S = 0.3
GET = b"GET /hello HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"

LOOP = "while True: pass"
# One child after the other, each of 50 ms; all are waited for.
FAMILY = """
import subprocess, sys
BURN = "import time\\nwhile time.process_time() < 0.05: pass"
while True:
    subprocess.run([sys.executable, "-S", "-E", "-c", BURN])
"""
# Its child outlives it. It reads a line, works for a second, reads a line, ends.
ORPHAN = """
import os, sys, time
if not os.fork():
    sys.stdin.readline()
    while time.process_time() < 1: pass
    print("worked", flush=True)
    sys.stdin.readline()
"""


def of_our_cores_s(columns: slice) -> float:
    """These columns of /proc/stat: user nice system idle iowait irq softirq steal."""
    ticks = 0
    for line in Path("/proc/stat").read_text().splitlines():
        name, *words = line.split()
        if name[:3] == "cpu" and name[3:] and int(name[3:]) in os.sched_getaffinity(0):
            ticks += sum(map(int, words[columns]))
    return ticks / os.sysconf("SC_CLK_TCK")


def taken_s() -> float:
    """What interrupts and the hypervisor took of our cores so far. It is nobody's, and
    some kernels charge it to whichever process was running as well."""
    return of_our_cores_s(slice(5, 8))


def counted_twice_s() -> float:
    """By how much all columns grew faster than the clock. Beside a busy disk some
    kernels count a moment as idle in which a process ran."""
    cores = len(os.sched_getaffinity(0))
    return of_our_cores_s(slice(8)) - cores * time.monotonic()


class Pair:
    """Two watches that begin together, one of which knows a group as ours."""

    def __init__(self, group: Group) -> None:
        self._taken_s, self._twice_s = taken_s(), counted_twice_s()
        self.knows = Neighbours(lambda: {group.id})
        self.knows_not = Neighbours(set)

    def differ_by_s(self, used_s: Callable[[], float] = lambda: 0.0) -> float:
        """By how much the watches differ, over what the group used.

        Read again where others worked for some time between the readings.
        """
        while True:
            before = used_s(), self.knows.foreign_cpu_s()
            foreign_s = self.knows_not.foreign_cpu_s()
            after = used_s(), self.knows.foreign_cpu_s()
            if max(a - b for a, b in zip(after, before, strict=True)) <= AT_ONCE_S:
                return foreign_s - before[1] - before[0]

    @property
    def short_s(self) -> float:
        """By how much foreign time may be too short by now."""
        twice_s = max(0.0, counted_twice_s() - self._twice_s)
        return NEAR_S + taken_s() - self._taken_s + twice_s


@contextlib.contextmanager
def group_of(
    guard: Guard, folder: Path, program: str, python: str = "python"
) -> Iterator[Group]:
    argv = [python, "-S", "-E", "-c", program]
    with started(guard, argv, folder / "log", cwd=folder, pipes=True) as group:
        yield group


def again_if_disturbed(look: Callable[[], None]) -> None:
    """Look up to three times. Beside a busy disk the kernel's counts may be off by a
    second now and then; a fault of ours is there each time."""
    for _ in range(2):
        with contextlib.suppress(AssertionError):
            look()
            return
    look()


def cpu_s(group: Group) -> float:
    """What a group used, with its children that ended."""
    return sum(psutil.Process(group.id).cpu_times()[:4])


def grown_by(group: Group, seconds: float) -> Callable[[], bool]:
    before_s = cpu_s(group)
    return lambda: cpu_s(group) - before_s >= seconds


@pytest.mark.parametrize("program", [LOOP, FAMILY], ids=["loop", "family"])
def test_time_of_a_busy_group_is_foreign_unless_it_is_ours(
    guard: Guard, tmp_path: Path, program: str
) -> None:
    def look() -> None:
        pair, before_s = Pair(group), cpu_s(group)
        assert wait_until(grown_by(group, BUSY_S), 60)
        foreign_s = pair.knows_not.foreign_cpu_s()
        over_s = pair.differ_by_s(lambda: cpu_s(group) - before_s)
        assert -pair.short_s < over_s < NEAR_S
        assert foreign_s > BUSY_S - pair.short_s

    with group_of(guard, tmp_path, program) as group:
        again_if_disturbed(look)


def test_time_of_an_orphan_that_ended_does_not_become_foreign(
    guard: Guard, tmp_path: Path
) -> None:
    def look() -> None:
        with group_of(guard, tmp_path, ORPHAN) as group:
            assert group.process.stdin is not None
            assert group.process.stdout is not None
            pair = Pair(group)
            group.process.stdin.write(b"\n")
            group.process.stdin.flush()
            assert group.process.stdout.readline() == b"worked\n"
            alive_s = pair.differ_by_s()
            group.process.stdin.write(b"\n")
            group.process.stdin.flush()
            assert wait_until(lambda: not group.members(), 20)
            ended_s = pair.differ_by_s()
        assert 1.0 - pair.short_s < alive_s < 1.0 + NEAR_S
        assert alive_s - pair.short_s < ended_s < alive_s + NEAR_S

    again_if_disturbed(look)


@pytest.mark.parametrize("stack_id", ["wsgi-gunicorn-gthread", "asgi-uvicorn"])
def test_time_of_our_server_under_load_is_ours(
    guard: Guard, tmp_path: Path, stack_id: str
) -> None:
    """Loopback's work too: the kernel does it for whoever sends."""
    with running(STACKS[stack_id], guard, tmp_path / "log") as server:
        pair, before_s = Pair(server.group), usage(server.group).cpu_s
        assert wait_until(lambda: worked(server, before_s), 60)
        seen: list[float] = []

        def agree() -> bool:
            seen.append(pair.differ_by_s(lambda: usage(server.group).cpu_s - before_s))
            return -pair.short_s < seen[-1] < NEAR_S

        # Once, on a busy machine, the kernel's count of idle time was ahead of itself.
        assert wait_until(agree, 10), seen


def worked(server: Server, before_s: float) -> bool:
    for _ in range(200):
        wire.exchange(server.address, GET, deadline_s=20)
    return usage(server.group).cpu_s - before_s > 0.5


def test_our_own_work_is_not_foreign() -> None:
    pair = Neighbours(set)
    began_s = sum(os.times()[:4])
    while sum(os.times()[:4]) - began_s < BUSY_S:
        pass
    foreign_s = pair.foreign_cpu_s()
    could_s = len(os.sched_getaffinity(0)) * pair.lasted_s - BUSY_S
    assert foreign_s <= could_s + NEAR_S


def test_neighbour_is_named_with_what_it_used(guard: Guard, tmp_path: Path) -> None:
    odd = tmp_path / "odd) S 1 (one"
    odd.symlink_to(sys.executable)
    with group_of(guard, tmp_path, LOOP, str(odd)) as group:
        assert wait_until(lambda: psutil.Process(group.id).name() == odd.name, 20)
        # It works on while we look, for long where others want the core too.
        least_s, pair, most_s = cpu_s(group), Pair(group), cpu_s(group)
        assert wait_until(grown_by(group, BUSY_S), 60)
        now_s, lasted_s = cpu_s(group), pair.knows_not.lasted_s
        named = dict(pair.knows_not.names(most=100))
        least = 100 * (now_s - most_s) / pair.knows_not.lasted_s
        most = 100 * (cpu_s(group) - least_s) / lasted_s
        assert least - 10 < named[odd.name] < most + 10
        assert odd.name not in dict(pair.knows.names(most=100))
        assert len(pair.knows_not.names(most=1)) == 1


def test_name_that_is_cut_within_a_character_is_read() -> None:
    line = Path("/proc/self/stat").read_bytes()
    start, _, rest = line.partition(b"(")[0], *line.rpartition(b")")[1:]
    used = parsed(start + "(größtenteils (ü".encode()[:-1] + b")" + rest)
    assert used.name == "größtenteils (\ufffd"
    assert used.parent == os.getppid()


@pytest.mark.parametrize(("taken_over_s", "unseen_s"), [(0.0, 1.5), (1.5, 0.0)])
def test_time_of_a_process_that_ended_is_kept_unless_its_parent_took_it_over(
    taken_over_s: float, unseen_s: float
) -> None:
    """Where nobody reaps orphans, they stay as zombies, and are seen."""
    parent = neighbours._Used("parent", 1, cpu_s=9.0, reaped_s=2.0, core=0)
    child = neighbours._Used("child", 7, cpu_s=1.0, reaped_s=0.5, core=0)
    before = {7: parent, 8: child}
    now = {7: dataclasses.replace(parent, reaped_s=2.0 + taken_over_s)}
    assert neighbours._ended_unseen_s(before, now) == unseen_s
