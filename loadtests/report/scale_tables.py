"""The tables of how many slow clients machines hold, and at which limits."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from loadtests.analysis import scale_limits
from loadtests.analysis.scale_answer import MACHINES, USUAL, Answer
from loadtests.analysis.scale_limits import GAP_S, Cost, Limit, Plan, Setting
from loadtests.records.run import Run
from loadtests.report import values
from loadtests.report.blocks import Block, Column, Table, Text
from loadtests.report.prose import prose
from loadtests.report.values import Count, Name, Value

UNCHECKED = " *"
_NOTE = "{}: what a client of this scenario costs was not checked by a larger run."
# Linux sets these themselves. The others are shares of clients, or follow from costs,
# of which none is known better than to two digits.
_EXACT = (Setting.PORTS, Setting.CONNTRACK)
_OF_COSTS = (Setting.MEMORY, Setting.TCP_MEM)
_OF_A_COST, _OF_A_SHARE = 2, 3


def tables(one: Answer) -> Iterator[Block]:
    yield _holds(one)
    yield _plans(one)
    if not all(map(one.is_checked, one.costs)):
        yield Text(prose(_NOTE, UNCHECKED.strip()), look="note")
    yield _limits(one)
    if any(cost.stack != one.stack for cost in scale_limits.costs(one.runs)):
        yield _stacks(one.runs)


def rounded(limit: Limit) -> int:
    """With how many clients a limit is reached, as well as that is known."""
    if limit.setting in _EXACT:
        return limit.ends_at
    digits = _OF_A_COST if limit.setting in _OF_COSTS else _OF_A_SHARE
    return _rounded(limit.ends_at, digits)


def _rounded(number: int, digits: int) -> int:
    return round(number, min(0, digits - len(str(number))))


def _name(one: Answer, cost: Cost) -> Name:
    return Name(cost.scenario + ("" if one.is_checked(cost) else UNCHECKED))


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
            "scenario": _name(one, cost),
            "kb": values.Figure(cost.kb),
            "kernel": values.Figure(cost.kernel_kb),
            "socket": values.Figure(cost.socket_kb),
        }
        for key, times, machine in (*sizes, *machines):
            row[key] = Count(times * _rounded(one.holds(cost, machine), _OF_A_COST))
        rows.append(row)
    return Table("How many slow clients machines have memory for", columns, rows)


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
        Column("step", f"cores, a line or a piece every {GAP_S:g} s"),
    ]
    rows = [
        {"scenario": _name(one, cost), **_planned(one.plan(cost))} for cost in one.costs
    ]
    return Table(f"{one.clients:,} slow clients", columns, rows)


def _planned(plan: Plan) -> dict[str, Value]:
    return {
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
        cost.scenario: {limit.setting: limit for limit in one.limits(cost, one.clients)}
        for cost in one.costs
    }
    first: dict[Setting, int] = {}
    for limits in found.values():
        for setting, limit in limits.items():
            first[setting] = min(limit.ends_at, first.get(setting, limit.ends_at))
    columns = [Column("limit", "limit", name=True)]
    columns += [Column(name, name) for name in found]
    rows = [
        {
            "limit": Name(setting),
            **{
                name: Count(rounded(by[setting]) if setting in by else None)
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
