"""How many slow clients machines hold: for docs/scale.md and the terminal."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from loadtests.analysis import scale, scale_limits
from loadtests.analysis.scale import Held
from loadtests.analysis.scale_limits import GAP_S, PORTS, Cost, Machine, Plan
from loadtests.catalog.profiles import OF_ONE_PROCESS
from loadtests.records.run import Run
from loadtests.report import values
from loadtests.report.blocks import Block, Column, Points, Table
from loadtests.report.prose import Prose, prose
from loadtests.report.values import Count, Name, Value
from loadtests.report.words import amount, count, figure, listed

MACHINES = (Machine(8, 2), Machine(32, 8), Machine(128, 32))
USUAL = MACHINES[1]
_FULL = 0.95  # of tcp_mem: buffers grow by whole pages


@dataclass(frozen=True)
class Answer:
    """What some runs say of a stack: so many slow clients, on what machines."""

    runs: Sequence[Run]
    stack: str
    clients: int
    seed: int

    @cached_property
    def costs(self) -> list[Cost]:
        return [one for one in scale_limits.costs(self.runs) if one.stack == self.stack]

    @cached_property
    def held(self) -> list[Held]:
        return [one for cost in self.costs for one in cost.found]

    def rest_mb(self, machine: Machine) -> float:
        return scale.rest_mb(self.held, machine.workers)

    def share(self, machine: Machine) -> float:
        return scale_limits.workers_share(self.held, machine.workers, self.seed)

    def holds(self, cost: Cost, machine: Machine) -> int:
        return scale_limits.by_memory(cost, machine, self.rest_mb(machine))

    def plan(self, cost: Cost) -> Plan:
        share, rest_mb = self.share(USUAL), self.rest_mb(USUAL)
        most = scale_limits.most_of_a_worker(self.held)
        return scale_limits.plan(cost, USUAL, self.clients, share, rest_mb, most)


def answer(one: Answer) -> Iterator[Block]:
    """How many machines hold how many, what to set on each, and what ends first."""
    yield Points([*_short(one)])
    yield _holds(one)
    yield _plans(one)
    yield _limits(one)
    if any(cost.stack != one.stack for cost in scale_limits.costs(one.runs)):
        yield _stacks(one.runs)


def _short(one: Answer) -> Iterator[Prose]:
    sizes = listed(
        [f"{count(one.plan(c).machines)} for {c.scenario}" for c in one.costs]
    )
    yield prose(
        "{} slow clients of {} have room in the memory of so many machines of {} GB: "
        "{}.",
        *(count(one.clients), one.stack, str(USUAL.memory_gb), sizes),
    )
    first = scale_limits.limits(
        *(one.costs[0], USUAL, one.clients, one.share(USUAL), one.rest_mb(USUAL))
    )[0]
    yield prose(
        "What ends first, with the settings of Linux: {}. In 99 of 100 simulated runs, "
        "the busiest of {} workers gets at most {} % of the clients.",
        *(f"{first.setting}, at {amount(first.ends_at, 'slow client')}",),
        *(str(USUAL.workers), figure(100 * one.share(USUAL))),
    )
    yield prose(
        "No worker of these runs held more than {} slow clients. The tables show how "
        "many machines it takes to stay within that.",
        count(scale_limits.most_of_a_worker(one.held)),
    )
    yield _test(one)
    for held in one.held:
        end_mb = scale.tcp_mem_mb(held.run.environment.memory_mb)
        if held.kernel_mb > _FULL * end_mb:
            yield _full(held, end_mb)


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


def _full(held: Held, end_mb: float) -> Prose:
    came = [step.arrival for step in held.cell.steps if step.arrival]
    asked, answered = sum(a.attempted for a in came), sum(a.answered for a in came)
    return prose(
        "{} slow clients under {} filled tcp_mem: {} of {} MB. While they came, {} of "
        "{} healthy requests were answered. Once all were held, {} of {} were.",
        *(count(held.clients), held.cell.scenario),
        *(figure(held.kernel_mb), figure(end_mb), count(answered), count(asked)),
        *(count(held.last.answered), count(held.last.attempted)),
    )


def _holds(one: Answer) -> Table:
    machines = [(str(n), n, USUAL) for n in (10, 100)]
    sizes = [(f"of {m.memory_gb} GB", 1, m) for m in MACHINES]
    columns = [
        Column("scenario", "slow clients", name=True),
        Column("kb", "kB of the server"),
        Column("kernel", "kB of buffers"),
        Column("socket", "kB of the socket"),
        *(Column(key, f"1 {key}") for key, _, _ in sizes),
        *(Column(key, f"{key} of {USUAL.memory_gb} GB") for key, _, _ in machines),
    ]
    rows: list[dict[str, Value]] = []
    for cost in one.costs:
        row: dict[str, Value] = {
            "scenario": Name(cost.scenario),
            "kb": values.Figure(cost.kb),
            "kernel": values.Figure(cost.kernel_kb),
            "socket": values.Figure(cost.socket_kb),
        }
        for key, times, machine in (*sizes, *machines):
            row[key] = Count(times * _rounded(one.holds(cost, machine)))
        rows.append(row)
    return Table("How many slow clients machines have memory for", columns, rows)


def _rounded(number: int) -> int:
    """To two digits: no cost is known better."""
    unit = int(10 ** max(0, len(str(number)) - 2))
    return number // unit * unit


def _plans(one: Answer) -> Table:
    columns = [
        Column("scenario", "slow clients", name=True),
        Column("machines", f"machines of {USUAL.memory_gb} GB, by memory"),
        Column("as_measured", "machines, workers as full as measured"),
        Column("each", "on each"),
        Column("nofile", "nofile of a worker"),
        Column("pages", "tcp_mem, pages"),
        Column("addresses", "addresses of a balancer"),
        Column("come", "CPU to come, s"),
        Column("step", f"cores, a step every {GAP_S:g} s"),
    ]
    rows = [_planned(one.plan(cost)) for cost in one.costs]
    return Table(f"{one.clients:,} slow clients", columns, rows)


def _planned(plan: Plan) -> dict[str, Value]:
    return {
        "scenario": Name(plan.cost.scenario),
        "machines": Count(plan.machines),
        "as_measured": Count(plan.as_measured),
        "each": Count(plan.each),
        "nofile": Count(plan.nofile),
        "pages": Count(plan.tcp_mem_pages or None),
        "addresses": Count(plan.addresses),
        "come": values.Figure(plan.come_core_s),
        "step": values.Figure(plan.step_cores),
    }


def _limits(one: Answer) -> Table:
    found = {
        cost.scenario: {
            limit.setting: limit
            for limit in scale_limits.limits(
                *(cost, USUAL, one.clients, one.share(USUAL), one.rest_mb(USUAL))
            )
        }
        for cost in one.costs
    }
    first: dict[scale_limits.Setting, int] = {}
    for limits in found.values():
        for setting, limit in limits.items():
            first[setting] = min(limit.ends_at, first.get(setting, limit.ends_at))
    columns = [Column("limit", "limit", name=True)]
    columns += [Column(name, name) for name in found]
    rows = [
        {
            "limit": Name(setting),
            **{
                name: Count(_rounded(by[setting].ends_at) if setting in by else None)
                for name, by in found.items()
            },
        }
        for setting in sorted(first, key=lambda one: first[one])
    ]
    title = (
        f"With how many slow clients a machine of {USUAL.memory_gb} GB is at a limit"
    )
    return Table(title, columns, rows)


def _stacks(runs: Sequence[Run]) -> Table:
    found = scale_limits.costs(runs)
    names = [*dict.fromkeys(cost.scenario for cost in found)]
    columns = [Column("stack", "stack", name=True), *(Column(n, n) for n in names)]
    by_stack: dict[str, dict[str, Value]] = {}
    for cost in found:
        row = by_stack.setdefault(
            cost.stack, {"stack": Name(cost.stack), **{n: Count(None) for n in names}}
        )
        row[cost.scenario] = values.Figure(cost.sum_kb)
    return Table("kB of a slow client in all", columns, [*by_stack.values()])
