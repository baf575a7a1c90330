"""CPU time on our cores that belongs to nobody of ours, and who used it.

The one rule: what is left is foreign. Of the time that passed on our cores we take away
what was idle, what the hypervisor took, what interrupts took, and what our process
groups and this process used. Idle time is the kernel's own count in nanoseconds;
user and system time of a core are sampled by the tick and would be coarser.

Interrupts are nobody's: some kernels charge the network's work to the process that
sends, some to nobody at all. To leave them out never raises a doubt that is not due.
"""

from __future__ import annotations

import contextlib
import os
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

_TICK_S = 1 / os.sysconf("SC_CLK_TCK")
# Columns of a core in /proc/stat: user nice system idle iowait irq softirq steal.
_NOT_OF_PROCESSES = (3, 4, 5, 6, 7)
_SHOWN_FROM_PERCENT = 1.0


@dataclass(frozen=True)
class _Used:
    """What a process used, by /proc/<pid>/stat; its children that ended: `reaped_s`."""

    name: str
    parent: int
    cpu_s: float
    reaped_s: float
    core: int

    @property
    def all_s(self) -> float:
        return self.cpu_s + self.reaped_s


class Neighbours:
    """Foreign CPU time since this object was made.

    `groups` are the ids of our process groups, asked at every reading, and `others` the
    processes besides that count as ours. The cores are those that this process may run
    on.
    """

    def __init__(
        self,
        groups: Callable[[], set[int]],
        others: Callable[[], set[int]] = set,
    ) -> None:
        self._groups, self._others = groups, others
        self._cores = os.sched_getaffinity(0)
        self._ours = _used(self._our_pids())
        self._ended_s = -sum(process.all_s for process in self._ours.values())
        self._everybody = _used(_pids())
        self._began_at_s = time.monotonic()
        self._began_s = self._now_s()

    @property
    def lasted_s(self) -> float:
        return time.monotonic() - self._began_at_s

    def foreign_cpu_s(self) -> float:
        """CPU seconds of others so far, on all our cores. A look costs about 1 ms."""
        busy_s = self._now_s() - self._began_s
        now = _used(self._our_pids())
        self._ended_s += _ended_unseen_s(self._ours, now)
        self._ours = now
        ours_s = self._ended_s + sum(process.all_s for process in now.values())
        return max(0.0, busy_s - ours_s)

    def names(self, most: int = 3) -> list[tuple[str, float]]:
        """Who used most since the beginning: names, and percents of one core.

        What runs outside our container has no name here. The search reads every
        process of the machine, so it belongs at the end of a cell.
        """
        passed_s = max(_TICK_S, self.lasted_s)
        ours, now = self._our_pids() | set(self._ours), _used(_pids())
        used: defaultdict[str, float] = defaultdict(float)
        for pid, cpu_s in _growth_s(self._everybody, now).items():
            if pid not in ours and now[pid].core in self._cores:
                used[now[pid].name] += 100 * cpu_s / passed_s
        first = sorted(used.items(), key=lambda pair: -pair[1])[:most]
        return [(name, round(p, 1)) for name, p in first if p >= _SHOWN_FROM_PERCENT]

    def _our_pids(self) -> set[int]:
        """The members of our groups, what counts as ours, and this process."""
        groups = self._groups()
        ours = {pid for pid in _pids() if _group(pid) in groups}
        return ours | self._others() | {os.getpid()}

    def _now_s(self) -> float:
        """A clock that stands still while our cores do not work for processes."""
        resting = 0
        for line in Path("/proc/stat").read_text().splitlines():
            name, *columns = line.split()
            if name[:3] == "cpu" and name[3:] and int(name[3:]) in self._cores:
                resting += sum(int(columns[n]) for n in _NOT_OF_PROCESSES)
        return len(self._cores) * time.monotonic() - resting * _TICK_S


def _ended_unseen_s(before: Mapping[int, _Used], now: Mapping[int, _Used]) -> float:
    """CPU time of our processes that ended and that nobody counts any more.

    A process that reaps its child takes over the child's time. What an orphan used
    would be lost, and would look foreign.
    """
    ended = sum(used.all_s for pid, used in before.items() if pid not in now)
    taken_over = sum(
        used.reaped_s - before[pid].reaped_s
        for pid, used in now.items()
        if pid in before
    )
    return max(0.0, ended - taken_over)


def _growth_s(
    before: Mapping[int, _Used], now: Mapping[int, _Used]
) -> dict[int, float]:
    """What each living process used between two looks, with its children that ended."""
    grown = {
        pid: used.all_s - (before[pid].all_s if pid in before else 0.0)
        for pid, used in now.items()
    }
    for pid in before.keys() - now.keys():
        heir = pid
        while heir in before and heir not in now:
            heir = before[heir].parent
        if heir in grown:  # with the time from before the first look
            grown[heir] = max(0.0, grown[heir] - before[pid].all_s)
    return grown


def _pids() -> set[int]:
    return {int(name) for name in os.listdir("/proc") if name.isdecimal()}


def _group(pid: int) -> int:
    try:
        return os.getpgid(pid)
    except ProcessLookupError:
        return 0


def _used(pids: Iterable[int]) -> dict[int, _Used]:
    """What those of the processes used that are still there, zombies included."""
    found = {}
    for pid in pids:
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            found[pid] = parsed(Path(f"/proc/{pid}/stat").read_bytes())
    return found


def parsed(stat: bytes) -> _Used:
    """The line of a process; its name stands in brackets and may contain some.

    The kernel cuts a name after 15 bytes, which may be within a character.
    """
    start, _, rest = stat.decode(errors="replace").rpartition(")")
    words = rest.split()
    user, system, of_children, system_of_children = map(int, words[11:15])
    return _Used(
        name=start.partition("(")[2],
        parent=int(words[1]),
        cpu_s=(user + system) * _TICK_S,
        reaped_s=(of_children + system_of_children) * _TICK_S,
        core=int(words[36]),
    )
