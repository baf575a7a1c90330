"""Whether the cost of a slow client that one run measured predicts a larger run."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from loadtests.analysis.accepting import shares
from loadtests.analysis.scale import (
    Held,
    held,
    kernel_slopes,
    load,
    tcp_mem_mb,
)
from loadtests.records.run import Run

TOLERANCE = 0.15


class Figure(StrEnum):
    ADDED = "memory that slow clients added, MB"
    KERNEL = "kernel memory, MB"
    BUSIEST = "connections of the busiest worker"
    ARRIVING = "CPU time while all came, s"
    CORES = "cores while all were held"


# What is promised of every run. The others depend on who else used the machine.
PROMISED = (Figure.ADDED, Figure.KERNEL)


@dataclass(frozen=True)
class Check:
    """A figure of a cell, and what another run says it should be."""

    held: Held
    figure: Figure
    measured: float
    simulated: float

    @property
    def ratio(self) -> float:
        return self.measured / self.simulated

    @property
    def holds(self) -> bool:
        return abs(self.ratio - 1) <= TOLERANCE


def of_larger_runs(found: Sequence[Check]) -> set[tuple[str, str]]:
    """The stacks and scenarios whose memory a larger run has checked."""
    return {check.held.key for check in found if check.figure is Figure.ADDED}


def checks(runs: Sequence[Run]) -> list[Check]:
    """What each run measured, beside what those with fewer slow clients predict."""
    found = held(runs)
    slopes = kernel_slopes(runs)
    return [
        check
        for large in found
        for check in (*_kernel(large, slopes), *_against_smaller(large, found))
    ]


def _kernel(
    large: Held, slopes: dict[tuple[str, str], tuple[float, int]]
) -> Iterator[Check]:
    """Where tcp_mem is full, its end is measured, and no cost is tested."""
    kb, most = slopes.get(large.key, (0.0, 0))
    simulated = kb * large.clients / 1024
    full = simulated >= tcp_mem_mb(large.run.environment.memory_mb)
    if kb and most < large.clients and not full:
        yield Check(large, Figure.KERNEL, large.kernel_mb, simulated)


def _against_smaller(large: Held, found: Sequence[Held]) -> Iterator[Check]:
    fewer = [one for one in found if one.clients < large.clients]
    small = next((one for one in reversed(fewer) if one.key == large.key), None)
    if small is None:
        return
    added = large.clients * small.kb / 1024
    yield Check(large, Figure.ADDED, large.peak_mb - large.rest_mb, added)
    its_load = load([one for one in fewer if one.stack == large.stack])
    if its_load and len(large.by_worker) > 1:
        share = shares(its_load, len(large.by_worker))[0]
        measured = float(max(large.by_worker))
        yield Check(large, Figure.BUSIEST, measured, large.clients * share)
    yield from _cpu(small, large)


def _cpu(small: Held, large: Held) -> Iterator[Check]:
    if large.request_us and small.arriving is not None and large.arriving is not None:
        asked = sum(s.arrival.attempted for s in large.cell.steps if s.arrival)
        came = small.arriving / small.clients * large.clients
        of_a_request_s = large.request_us / 1e6
        measured, simulated = asked + large.arriving, asked + came
        yield Check(
            large,
            Figure.ARRIVING,
            measured * of_a_request_s,
            simulated * of_a_request_s,
        )
    cores = large.last.server_cores
    if large.request_us and small.stepping is not None and cores:
        rate_per_s = large.run.method.rate_per_s
        steps_per_s = large.clients / large.run.method.gap_s
        busy = (rate_per_s + small.stepping * steps_per_s) * large.request_us / 1e6
        yield Check(large, Figure.CORES, cores, busy)
