"""What a slow client costs a server that holds thousands, and whether that predicts.

The one rule: a cost that one run measured must predict another run, which held more
slow clients, before anything is extrapolated from it.

Costs of CPU are counted in healthy requests, whose cost the same cell measured without
slow clients. So they can be compared although a neighbour was busy, or although there
were more workers, which all wake up for a new connection.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from loadtests.analysis import intervals
from loadtests.analysis.accepting import load_of
from loadtests.catalog.phases import Phase
from loadtests.catalog.scenarios import in_phases
from loadtests.catalog.stacks.options import SIGN
from loadtests.records.cell import Cell, Step
from loadtests.records.run import Run

# Fewer find room in memory that the server has used before: 2,141 idle clients took
# 2.6 kB each of asgi-uvicorn, and 10,000 took 4.9.
FEWEST = 5_000
# As the kernel sets tcp_mem (net/ipv4/tcp.c, tcp_init_mem): it holds back from the
# second figure on, and the third is the end.
_PRESSURE, TCP_SHARE = 1 / 16, 3 / 32
_PART_OF_A_KB = 1.0  # less is what a reading varies by
_CORES_BY_CHANCE = 0.01  # two readings of one server differ by so much


@dataclass(frozen=True)
class Held:
    """A cell that held thousands: of its server, without slow clients and with them.

    `request_us` is CPU time of a healthy request without them. `arriving` is what all
    of the slow clients cost when they came and `stepping` what a line sent or a piece
    read costs, both in healthy requests. None: not known.
    """

    run: Run
    cell: Cell
    clients: int
    rest_mb: float
    peak_mb: float
    kb: float
    by_worker: Sequence[int]
    request_us: float | None
    arriving: float | None
    stepping: float | None

    @property
    def key(self) -> tuple[str, str]:
        """Its stack and scenario; what the stack is allowed does not change a cost."""
        return _key(self.cell)

    @property
    def stack(self) -> str:
        return self.key[0]

    @property
    def last(self) -> Step:
        return self.cell.steps[-1]

    @property
    def kernel_mb(self) -> float:
        return (self.cell.server.kernel_kb_per_slow_client or 0.0) * self.clients / 1024


def _key(cell: Cell) -> tuple[str, str]:
    return cell.stack.partition(SIGN)[0], cell.scenario


def held(runs: Sequence[Run]) -> list[Held]:
    """The cells that held thousands, the one with the fewest first."""
    found = [one for run in runs for cell in run.cells if (one := _held(run, cell))]
    return sorted(found, key=lambda one: one.clients)


def _held(run: Run, cell: Cell) -> Held | None:
    figures, top = cell.server, cell.steps[-1] if cell.steps else None
    if not cell.valid or top is None or top.slow_clients < FEWEST:
        return None
    known = figures.rss_idle_mb, figures.rss_peak_mb, figures.kb_per_slow_client
    rest_mb, peak_mb, kb = known
    if cell.capacity.held != top.slow_clients or not (rest_mb and peak_mb and kb):
        return None
    request_us = _request_us(run, cell.steps[0])
    return Held(
        *(run, cell, top.slow_clients, rest_mb, peak_mb, kb, top.by_worker),
        request_us=request_us,
        arriving=_arriving(cell, request_us) if request_us else None,
        stepping=_stepping(run, cell, request_us) if request_us else None,
    )


def _request_us(run: Run, baseline: Step) -> float | None:
    if baseline.slow_clients or not baseline.server_cores:
        return None
    return 1e6 * baseline.server_cores / run.method.rate_per_s


def _arriving(cell: Cell, request_us: float) -> float | None:
    total = 0.0
    for arrival in (step.arrival for step in cell.steps if step.slow_clients):
        if arrival is None or arrival.server_cpu_s is None:
            return None
        total += 1e6 * arrival.server_cpu_s / request_us - arrival.attempted
    return max(0.0, total)


def _stepping(run: Run, cell: Cell, request_us: float) -> float | None:
    top, cores = cell.steps[-1], cell.steps[0].server_cores
    if top.server_cores is None or cores is None:
        return None
    if cell.scenario in in_phases(Phase.SILENT):
        return 0.0
    if (more := top.server_cores - cores) < _CORES_BY_CHANCE:
        return None
    return 1e6 * more / (top.slow_clients / run.method.gap_s) / request_us


def kernel_slopes(runs: Sequence[Run]) -> dict[tuple[str, str], tuple[float, int]]:
    """What the kernel holds for a slow client whose buffers may fill: kB, and of how
    many that is known. Near the end of tcp_mem, buffers are smaller."""
    found: dict[tuple[str, str], tuple[float, int]] = {}
    for run in runs:
        for cell in filter(lambda cell: cell.valid, run.cells):
            kb, most = cell.server.kernel_kb_per_slow_client, cell.capacity.held or 0
            if kb is None or kb < _PART_OF_A_KB or cell.front:
                continue
            if kb * most / 1024 < _PRESSURE * run.environment.memory_mb:
                key = _key(cell)
                found[key] = max(found.get(key, (0.0, 0)), (kb, most))
    return found


def tcp_mem_mb(memory_mb: float) -> float:
    """The end of what the kernel gives to TCP, unless it was told otherwise."""
    return TCP_SHARE * memory_mb


def load(found: Sequence[Held]) -> float | None:
    """That of all their clients together; None where one process serves."""
    spread = [sorted(one.by_worker, reverse=True) for one in found]
    alike = [one for one in spread if len(one) > 1 and len(one) == len(spread[0])]
    if not alike:
        return None
    return load_of([sum(places) for places in zip(*alike, strict=True)])


def rest_mb(found: Sequence[Held], workers: int) -> float:
    """The memory of a server without clients, by its number of workers."""
    points = [(float(one.cell.workers), one.rest_mb) for one in found]
    slope = intervals.of_slope(points)
    if slope is None:
        each = max(mb / max(1.0, count) for count, mb in points)
        return each * workers
    beside = sum(mb - slope.value * count for count, mb in points) / len(points)
    return beside + slope.value * workers
