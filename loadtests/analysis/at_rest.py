"""Whether a server has come to rest, from readings of its CPU time."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

# The server is at rest when what it uses changes no more: from two readings to the
# next two by no more than this share of a core, or a tenth.
REST_CHANGE = 0.05
REST_RATIO = 0.1
_SATURATED = 0.9  # of a core, by one process: it still works on the arrivals
_INTERVALS = 2

CpuReadings = list[tuple[float, dict[int, float]]]


def at_rest(used: CpuReadings, wanted: CpuReadings) -> bool:
    """Whether these readings of CPU time, of each process, end with a server at rest:
    it uses as much as before, and no process wants a core to itself.

    What a process wants is what it used and what it waited for while others had the
    core: beside a neighbour, a server that still works on arrivals gets half of one.
    The kernel counts a wait when it is over, so an interval may miss some of it.
    """
    shares = list(_shares(used))
    if len(shares) < 2 * _INTERVALS:
        return False
    before, last = (
        sum(sum(s.values()) for s in part) / _INTERVALS
        for part in (shares[-2 * _INTERVALS : -_INTERVALS], shares[-_INTERVALS:])
    )
    lately = list(_shares(wanted))[-2 * _INTERVALS :]
    busiest = max(max(share.values(), default=0.0) for share in lately)
    steady = abs(last - before) <= max(REST_CHANGE, REST_RATIO * last)
    return steady and busiest < _SATURATED


def _shares(cpu: CpuReadings) -> Iterator[dict[int, float]]:
    """From reading to reading, the share of a core of each process."""
    for (from_s, before), (to_s, after) in itertools.pairwise(cpu):
        elapsed_s = to_s - from_s
        yield {
            pid: (used_s - before.get(pid, 0.0)) / elapsed_s
            for pid, used_s in after.items()
        }
