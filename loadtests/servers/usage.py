"""What a process group uses: CPU time, memory, descriptors.

`usage` takes the figures that are nearly free. `memory` takes two whose cost grows with
the connections: memory with shared pages counted once, and the kernel's socket memory.

The memory of a group is its PSS: each page is shared out among the processes that map
it, so a page that master and workers share counts once. A slope needs PSS as well. USS
(the pages of one process alone) leaves a shared page out until a worker writes to it.
Then both copies become private, and USS grows by two pages where the machine lost one.
"""

from __future__ import annotations

import contextlib
import os
import resource
import stat
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import psutil

from loadtests.servers.processes import Members
from loadtests.servers.sockets import Sockets

# Of a core. A server that starts uses most of one; one that waits may still see to its
# workers, as uvicorn does twice a second.
_QUIET = 0.05


@dataclass(frozen=True)
class ProcessUsage:
    """What one process used so far, and what it has open; None where hidden from us."""

    cpu_s: float
    waited_s: float  # ready to run, while others had the core
    rss_mb: float
    descriptors: int | None
    nofile: int | None  # the soft limit of its descriptors


@dataclass(frozen=True)
class Usage:
    """What a process group used so far, process by process."""

    by_pid: Mapping[int, ProcessUsage]

    @property
    def cpu_s(self) -> float:
        return sum(used.cpu_s for used in self.by_pid.values())

    @property
    def rss_mb(self) -> float:
        """Resident memory; a page that several processes share counts several times."""
        return sum(used.rss_mb for used in self.by_pid.values())

    @property
    def pids(self) -> frozenset[int]:
        return frozenset(self.by_pid)


@dataclass(frozen=True)
class Memory:
    """What a server takes of the machine's memory; None where the kernel hides it."""

    pss_mb: float | None
    sockets: Sockets | None

    @property
    def kernel_mb(self) -> float | None:
        return self.sockets.memory_bytes / 1024**2 if self.sockets else None

    @property
    def sum_mb(self) -> float | None:
        return None if self.pss_mb is None else self.pss_mb + (self.kernel_mb or 0.0)


def usage(group: Members) -> Usage:
    """What each living process of a group used so far. It takes 1 to 3 ms."""
    found = {}
    for process in group.members():
        with contextlib.suppress(psutil.NoSuchProcess, OSError):
            found[process.pid] = _usage_of(process)
    return Usage(found)


def is_quiet(group: Members, for_s: float) -> bool:
    """Whether a group uses hardly any CPU time for so long."""
    before_s = usage(group).cpu_s
    time.sleep(for_s)
    return usage(group).cpu_s - before_s < _QUIET * for_s


def memory(group: Members, sockets: Sockets | None) -> Memory:
    """A group's memory, and the kernel's for these connections of it.

    2,000 slow readers at uvicorn, 340 MB, take 30 to 50 ms, with the look at sockets
    about half of it each.
    """
    return Memory(_pss_mb(group), sockets)


def disk_mb(group: Members) -> float | None:
    """What a group keeps in files that have no name any more: nginx removes the name of
    a temporary file at once (src/os/unix/ngx_files.c, ngx_open_tempfile). None where
    the descriptors of a process are hidden from us."""
    try:
        return sum(_unnamed_bytes(process.pid) for process in group.members()) / 1024**2
    except PermissionError:
        return None


def _unnamed_bytes(pid: int) -> int:
    total = 0
    with contextlib.suppress(FileNotFoundError, ProcessLookupError):
        for name in os.listdir(f"/proc/{pid}/fd"):
            with contextlib.suppress(FileNotFoundError):  # closed meanwhile
                found = os.stat(f"/proc/{pid}/fd/{name}")
                if stat.S_ISREG(found.st_mode) and not found.st_nlink:
                    total += found.st_blocks * 512  # stat(2)
    return total


def _usage_of(process: psutil.Process) -> ProcessUsage:
    cpu_s, waited_s = _scheduled(process.pid)
    return ProcessUsage(
        cpu_s=cpu_s,
        waited_s=waited_s,
        rss_mb=process.memory_info().rss / 1024**2,
        descriptors=_descriptors(process.pid),
        nofile=_nofile(process.pid),
    )


def _scheduled(pid: int) -> tuple[float, float]:
    """CPU time of a process's threads and the time for which they waited for a core,
    from the scheduler in nanoseconds (Documentation/scheduler/sched-stats.rst).

    /proc/<pid>/stat counts in ticks of 10 ms, too coarse for a few hundred requests.
    """
    used_ns = waited_ns = 0
    for task in Path(f"/proc/{pid}/task").iterdir():
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            used, waited, _ = (task / "schedstat").read_text().split()
            used_ns += int(used)
            waited_ns += int(waited)
    return used_ns / 1e9, waited_ns / 1e9


def _descriptors(pid: int) -> int | None:
    """How many descriptors a process has open. Linux says it from 6.2 on, as the size
    of the folder; before, they are counted, 1 us each."""
    folder = f"/proc/{pid}/fd"
    try:
        return os.stat(folder).st_size or len(os.listdir(folder))
    except PermissionError:
        return None


def _nofile(pid: int) -> int | None:
    try:
        return resource.prlimit(pid, resource.RLIMIT_NOFILE)[0]
    except PermissionError:
        return None


def _pss_mb(group: Members) -> float | None:
    """The PSS of a group, None where one process's cannot be read: a sum that leaves a
    process out would be wrong without a sign of it."""
    total_kb = 0
    for process in group.members():
        try:
            total_kb += _pss_kb(process.pid)
        except ProcessLookupError:
            continue
        except (PermissionError, FileNotFoundError):
            if Path(f"/proc/{process.pid}").exists():
                return None
    return total_kb / 1024


def _pss_kb(pid: int) -> int:
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        name, _, size = line.partition(":")
        if name == "Pss":
            return int(size.split()[0])
    raise ProcessLookupError(pid)  # it has ended, and has no memory left
