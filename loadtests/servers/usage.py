"""What a process group uses: CPU time, memory, its processes."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import psutil

from loadtests.servers.processes import Group


@dataclass(frozen=True)
class Usage:
    """What a process group used so far: CPU time of each process, resident memory."""

    cpu_s_of: Mapping[int, float]
    rss_mb: float

    @property
    def cpu_s(self) -> float:
        return sum(self.cpu_s_of.values())

    @property
    def pids(self) -> frozenset[int]:
        return frozenset(self.cpu_s_of)


def usage(group: Group) -> Usage:
    """CPU time, resident memory and processes of a group, added up."""
    cpu_s_of, rss = {}, 0
    for process in group.members():
        with contextlib.suppress(psutil.NoSuchProcess, OSError):
            rss += process.memory_info().rss
            cpu_s_of[process.pid] = _cpu_s(process.pid)
    return Usage(cpu_s_of, rss / 1024**2)


def _cpu_s(pid: int) -> float:
    """CPU time of a process and its threads, from the scheduler in nanoseconds.

    /proc/<pid>/stat counts in ticks of 10 ms, too coarse for a few hundred requests.
    """
    tasks = Path(f"/proc/{pid}/task")
    total_ns = 0
    for task in tasks.iterdir():
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            total_ns += int((task / "schedstat").read_text().split()[0])
    return total_ns / 1e9
