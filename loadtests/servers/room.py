"""What this machine still has for us: descriptors, memory, and ports to connect from.

The one rule: the smallest limit counts. A container or a shell may be allowed less than
the machine has.
"""

from __future__ import annotations

import contextlib
import re
import resource
from collections.abc import Iterable, Iterator
from pathlib import Path

import psutil

from loadtests import UserError

_MB = 1024**2
LEAST_ADDRESS_SPACE = 512 * _MB
_PROC, _CGROUPS = Path("/proc"), Path("/sys/fs/cgroup")
# The folder of the hierarchy, its limit, what is used of it, and what of that is cached
# files, which the kernel gives up first. Of version 2, then of version 1 (cgroups(7)).
_FILES = {
    "": ("", "memory.max", "memory.current", "inactive_file"),
    "memory": (
        *("memory", "memory.limit_in_bytes", "memory.usage_in_bytes"),
        "total_inactive_file",
    ),
}
# A connection that our side has closed keeps its port for so long (net/tcp.h). Where
# the kernel may, it takes such a port again after a second (ip_sysctl, tcp_tw_reuse).
TIME_WAIT_S, REUSED_AFTER_S = 60.0, 1.0
_EVERYWHERE, _ON_LOOPBACK = "1", "2"


class NoRoomError(UserError):
    """A limit that is too low for what was asked; one line, with what raises it."""


def refuse_few_descriptors(
    needed: int, or_else: str = "", *, allowed: int | None = None
) -> None:
    """NoRoomError where a process of ours may not open as many files as it needs.
    `allowed` is the hard limit: everyone may raise the soft one to that."""
    if allowed is None:
        allowed = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    if 0 <= allowed < needed:  # RLIM_INFINITY is -1
        raise NoRoomError(
            f"this run opens up to {needed:,} files in a process, and the hard limit "
            f"here is {allowed:,}: raise that (ulimit -Hn){or_else}"
        )


def refuse_small_address_space() -> None:
    """NoRoomError where a process may not have the memory that our libraries reserve
    when they are loaded: with less, some of them try for ever."""
    limit = resource.getrlimit(resource.RLIMIT_AS)[0]
    if 0 <= limit < LEAST_ADDRESS_SPACE:
        raise NoRoomError(
            f"a process may have {limit // _MB:,} MB of address space here, and needs "
            f"{LEAST_ADDRESS_SPACE // _MB:,}: raise that (ulimit -v)"
        )


def free_memory_mb(
    ours: Iterable[psutil.Process] = (),
    proc: Path = _PROC,
    cgroups: Path = _CGROUPS,
) -> float:
    """How much memory is free for some processes of ours: of the machine, of every
    cgroup that we are in, and of the address space of each of these processes."""
    machine_mb = psutil.virtual_memory().available / _MB
    of_ours = [*_of_cgroups(proc, cgroups), *_of_address_spaces(ours)]
    return min([machine_mb, *of_ours])


def _of_cgroups(proc: Path, cgroups: Path) -> Iterator[float]:
    try:
        lines = (proc / "self/cgroup").read_text().splitlines()
    except OSError:  # a kernel without cgroups
        lines = []
    for line in lines:
        _, controllers, path = line.split(":", 2)
        for name in {"", "memory"} & set(controllers.split(",")):
            folder, *files = _FILES[name]
            inner = Path(path.lstrip("/"))
            # Of a container, the path may be that outside: what is there is its own.
            for one in (inner, *inner.parents):
                yield from _of_cgroup(cgroups / folder / one, *files)


def _of_cgroup(folder: Path, limit: str, used: str, cached: str) -> Iterator[float]:
    """What is free in one of them; nothing where it has no limit."""
    with contextlib.suppress(OSError, ValueError):  # "max" is no number
        most = int((folder / limit).read_text())
        taken = int((folder / used).read_text())
        stat = (folder / "memory.stat").read_text()
        found = re.search(rf"^{cached} (\d+)$", stat, re.MULTILINE)
        yield (most - taken + int(found[1] if found else 0)) / _MB


def _of_address_spaces(processes: Iterable[psutil.Process]) -> Iterator[float]:
    for process in processes:
        with contextlib.suppress(psutil.Error):
            limit = process.rlimit(psutil.RLIMIT_AS)[0]
            if limit != psutil.RLIM_INFINITY:
                yield (limit - process.memory_info().vms) / _MB


def free_ports(proc: Path = _PROC) -> int:
    """How many ports there are to connect from, to one address. Those that lead to
    another one may be used again."""
    low, high = map(int, _setting(proc, "ip_local_port_range", "1 65535").split())
    reserved = 0
    for part in _setting(proc, "ip_local_reserved_ports", "").split(","):
        if part:
            first, _, last = part.partition("-")
            begin, end = max(low, int(first)), min(high, int(last or first))
            reserved += max(0, end - begin + 1)
    return high - low + 1 - reserved


def _setting(proc: Path, name: str, unknown: str) -> str:
    """What is set for IPv4; `unknown`, which limits nothing, where that is hidden."""
    with contextlib.suppress(OSError):
        return (proc / "sys/net/ipv4" / name).read_text().strip()
    return unknown


def port_rests_s(*, remote: bool, proc: Path = _PROC) -> float:
    """How long the port of a connection that we have closed cannot be used again."""
    reuse = _setting(proc, "tcp_tw_reuse", _EVERYWHERE)
    stamped = _setting(proc, "tcp_timestamps", "1") != "0"
    can = reuse == _EVERYWHERE or (reuse == _ON_LOOPBACK and not remote)
    return REUSED_AFTER_S if can and stamped else TIME_WAIT_S
