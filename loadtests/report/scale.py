"""How many slow clients machines hold: for docs/scale.md and the terminal."""

from __future__ import annotations

import math
from collections.abc import Iterator

from loadtests.analysis import scale, scale_limits
from loadtests.analysis.scale import Held
from loadtests.analysis.scale_answer import USUAL, Answer
from loadtests.analysis.scale_limits import PORTS, Cost
from loadtests.catalog.profiles import OF_ONE_PROCESS
from loadtests.report import scale_tables
from loadtests.report.blocks import Block, Points, Text
from loadtests.report.prose import Prose, prose
from loadtests.report.words import amount, count, figure, listed

_FULL = 0.95  # of tcp_mem: buffers grow by whole pages


def answer(one: Answer) -> Iterator[Block]:
    """How many machines hold how many, what to set on each, and what ends first."""
    yield Text(_first(one))
    yield Points([*_short(one)])
    yield from scale_tables.tables(one)


def _first(one: Answer) -> Prose:
    first = one.limits(one.costs[0], one.clients)[0]
    return prose(
        "What ends a machine of {} GB first, with the settings of Linux: {}. Raise "
        "that. Then give each worker room for {} % of all clients. In 99 of 100 "
        "simulated runs, the busiest of {} workers gets no more.",
        str(USUAL.memory_gb),
        f"{first.setting}, at {amount(scale_tables.rounded(first), 'slow client')}",
        *(figure(100 * one.share(USUAL)), str(USUAL.workers)),
    )


def _short(one: Answer) -> Iterator[Prose]:
    sizes = [f"{count(one.plan(c).machines)} for {c.scenario}" for c in one.costs]
    yield prose(
        "{} slow clients of {} have room in the memory of so many machines of {} GB: "
        "{}.",
        *(count(one.clients), one.stack, str(USUAL.memory_gb), listed(sizes)),
    )
    yield from (_buffers(one, cost) for cost in one.costs if cost.kernel_kb)
    for held in one.held:
        end_mb = scale.tcp_mem_mb(held.run.environment.memory_mb)
        if held.kernel_mb > _FULL * end_mb:
            yield _full(held, end_mb)
    most = [
        f"{count(scale_limits.most_of_a_worker(c.found))} under {c.scenario}"
        for c in one.costs
    ]
    yield prose(
        "The most slow clients that a worker of these runs held: {}. The tables show "
        "how many machines it takes to stay within that.",
        listed(most),
    )
    yield _test(one)


def _buffers(one: Answer, cost: Cost) -> Prose:
    machines = one.plan(cost).machines
    return prose(
        "Under {}, {} room for all buffers of the kernel, {} kB for each client. With "
        "the tcp_mem that Linux sets, all clients share 3/32 of the memory. Then their "
        "buffers shrink, and the memory of the server decides. It takes {}.",
        cost.scenario,
        f"{amount(machines, 'machine')} {'has' if machines == 1 else 'have'}",
        *(figure(cost.kernel_kb), amount(one.machines_as_shrunk(cost), "machine")),
    )


def _full(held: Held, end_mb: float) -> Prose:
    came = [step.arrival for step in held.cell.steps if step.arrival]
    asked, answered = sum(a.attempted for a in came), sum(a.answered for a in came)
    last, full = held.last, (figure(held.kernel_mb), figure(end_mb))
    said = (
        "With {} slow clients under {}, tcp_mem was full, as its default says: {} of "
        "{} MB. "
    )
    if asked == answered and last.attempted == last.answered:
        return prose(
            f"{said}No healthy request was lost.",
            count(held.clients),
            held.cell.scenario,
            *full,
        )
    return prose(
        f"{said}While they came, {{}} of {{}} healthy requests were lost, {{}} %. Once "
        "all were held, {} of {} were lost.",
        *(count(held.clients), held.cell.scenario, *full, count(asked - answered)),
        *(count(asked), figure(100 * (asked - answered) / max(1, asked))),
        *(count(last.attempted - last.answered), count(last.attempted)),
    )


def _test(one: Answer) -> Prose:
    """What it takes to measure so many; of a generator, its busiest process counts."""
    busy = [held.cell.generator.cpu_peak_percent or 0.0 for held in one.held]
    processes = math.ceil(one.clients / OF_ONE_PROCESS)
    return prose(
        "A test of {} needs {} of Locust, with {} slow clients in each. They connect "
        "from {} to each port. In these runs, one of them used at most {} % of a core.",
        *(count(one.clients), f"{count(processes)} processes", count(OF_ONE_PROCESS)),
        f"{count(math.ceil(one.clients / PORTS))} addresses",
        figure(max(busy)),
    )
