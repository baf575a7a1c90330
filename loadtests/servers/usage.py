"""What a process group uses: CPU time, memory, its processes."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from pathlib import Path

import psutil

from loadtests.servers.processes import Group


@dataclass(frozen=True)
class Usage:
    """What a process group used so far: CPU seconds, resident memory, its processes."""

    cpu_s: float
    rss_mb: float
    pids: frozenset[int]


def usage(group: Group) -> Usage:
    """CPU time, resident memory and processes of a group, added up."""
    cpu_s, rss, pids = 0.0, 0, set()
    for process in group.members():
        with contextlib.suppress(psutil.NoSuchProcess, OSError):
            cpu_s += _cpu_s(process.pid)
            rss += process.memory_info().rss
            pids.add(process.pid)
    return Usage(cpu_s, rss / 1024**2, frozenset(pids))


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
