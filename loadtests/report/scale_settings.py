"""What to set on a machine of those that hold so many slow clients: to be copied.

The one rule: no line lowers what Linux sets. A limit that suffices is only named.
"""

from __future__ import annotations

from collections.abc import Iterator

from loadtests.analysis.scale_answer import USUAL, Answer
from loadtests.analysis.scale_limits import (
    CONNTRACK,
    NOFILE,
    NR_OPEN,
    PORTS,
    Limit,
    Plan,
    Setting,
)
from loadtests.report.words import amount, count, figure, listed

_LOWEST_PORT, _HIGHEST_PORT = 1_024, 65_535
_SYSCTL = "sysctl -w"


def settings(one: Answer) -> list[str]:
    """The lines, each with the reason for it."""
    plans = [one.plan(cost) for cost in one.costs]
    fullest = max(plans, key=lambda plan: plan.each)
    reading = max(plans, key=lambda plan: plan.tcp_mem_pages)
    found = [
        *_files(one, fullest),
        *_tcp_mem(one, reading),
        *_tracked(fullest),
        *_ports(fullest),
    ]
    width = max((len(line) for line, _ in found), default=0)
    head = f"# a machine of {USUAL.memory_gb} GB with {_clients(fullest)}"
    return [head, *(f"{line:<{width}}  # {why}" for line, why in found), *_enough(one)]


def _clients(plan: Plan) -> str:
    return amount(plan.each, "slow client")


def _limit(one: Answer, plan: Plan, setting: Setting) -> Limit | None:
    """That one, if so many clients are more than it lets in."""
    limits = one.limits(plan.cost, plan.each)
    return next(
        (o for o in limits if o.setting is setting and o.ends_at < plan.each), None
    )


def _files(one: Answer, plan: Plan) -> Iterator[tuple[str, str]]:
    share = figure(100 * one.share(USUAL))
    if plan.nofile > NR_OPEN:
        yield f"{_SYSCTL} fs.nr_open={plan.nofile}", "before nofile can be so many"
    if plan.nofile > NOFILE:
        why = f"of the service: {share} % of the clients for its busiest worker"
        yield f"LimitNOFILE={plan.nofile}", why
    if limit := _limit(one, plan, Setting.FILE_MAX):
        yield f"{_SYSCTL} fs.file-max={limit.needed}", "a file for each client"


def _tcp_mem(one: Answer, plan: Plan) -> Iterator[tuple[str, str]]:
    """Buffers shrink from the second figure on, so all must fit below that."""
    if limit := _limit(one, plan, Setting.TCP_MEM):
        most = limit.needed
        yield (
            f'{_SYSCTL} net.ipv4.tcp_mem="{most * 3 // 4} {most} {most}"',
            f"if {_clients(plan)} under {plan.cost.scenario} are to keep all buffers",
        )


def _tracked(plan: Plan) -> Iterator[tuple[str, str]]:
    if plan.each > CONNTRACK:
        line = f"{_SYSCTL} net.netfilter.nf_conntrack_max={plan.each}"
        yield line, "if a firewall tracks connections"


def _ports(plan: Plan) -> Iterator[tuple[str, str]]:
    if plan.each > PORTS:
        ports = _HIGHEST_PORT - _LOWEST_PORT + 1
        yield (
            f'{_SYSCTL} net.ipv4.ip_local_port_range="{_LOWEST_PORT} {_HIGHEST_PORT}"',
            f"on a balancer: {count(ports)} ports to an address, not {count(PORTS)}",
        )


def _enough(one: Answer) -> Iterator[str]:
    plans = [one.plan(cost) for cost in one.costs]
    enough = {
        "fs.file-max": not any(_limit(one, p, Setting.FILE_MAX) for p in plans),
        "fs.nr_open": all(plan.nofile <= NR_OPEN for plan in plans),
    }
    if names := [name for name, holds in enough.items() if holds]:
        suffice = ("suffices", "it") if len(names) == 1 else ("suffice", "them")
        yield "# {} {} as Linux sets {} on {} GB".format(
            listed(names), *suffice, USUAL.memory_gb
        )
