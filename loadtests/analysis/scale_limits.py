"""How many slow clients a machine holds, which limit ends that, and what to raise.

The one rule: all of this is arithmetic with the costs that runs measured (scale.py).
Each limit is what Linux sets if nobody tells it otherwise.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from loadtests.analysis import scale
from loadtests.analysis.accepting import busiest_share, load_of
from loadtests.analysis.scale import Held
from loadtests.records.run import Run

# What the kernel allocates for a connection itself, which no figure of a run has. Both
# ends took 7.5 kB (Slab of /proc/meminfo, 6,000 connections with epoll, Linux 6.18),
# most of it TCP and sock_inode_cache of /proc/slabinfo.
SOCKET_KB = 4.0
# The rest is for everything else, for bursts, and for memory that is freed late.
PART_OF_MEMORY = 0.75
NOFILE = 1_024  # the soft limit of most shells and services
# What a worker has open beside its clients: none of the servers here more than half.
OWN_DESCRIPTORS = 64
NR_OPEN = 1_048_576  # the most that nofile may be (fs.nr_open)
CONNTRACK = 262_144  # nf_conntrack_max, with more than 4 GB of memory
PORTS = 28_232  # 32768 to 60999 (net.ipv4.ip_local_port_range)
_FILES_PER_KB = 1 / 10  # fs.file-max (fs/file_table.c, files_maxfiles_init)
_PAGE_KB = 4
GAP_S = 60.0


class Setting(StrEnum):
    NOFILE = "nofile of a worker (ulimit -n, LimitNOFILE=)"
    FILE_MAX = "files of the machine (fs.file-max)"
    NR_OPEN = "the most that nofile may be (fs.nr_open)"
    CONNTRACK = "connections that a firewall tracks (nf_conntrack_max)"
    PORTS = "ports to one address of the server, from one of a balancer"
    TCP_MEM = "memory of TCP (net.ipv4.tcp_mem)"
    MEMORY = "memory"


@dataclass(frozen=True)
class Machine:
    memory_gb: int
    workers: int

    @property
    def memory_mb(self) -> float:
        return 1024.0 * self.memory_gb


@dataclass(frozen=True)
class Cost:
    """What a slow client of a scenario costs a stack: the dearest that was measured.

    `socket_kb` is what the kernel has for the socket itself, `kernel_kb` what it holds
    in buffers. `come_us` is CPU time of the server for one that comes, and `step_us`
    for a line sent or a piece read; None: less than two readings differ by.
    """

    stack: str
    scenario: str
    clients: int
    kb: float
    kernel_kb: float
    come_us: float
    step_us: float | None
    found: Sequence[Held]
    socket_kb: float = SOCKET_KB

    @property
    def sum_kb(self) -> float:
        return self.kb + self.kernel_kb + self.socket_kb


def costs(runs: Sequence[Run]) -> list[Cost]:
    """Of each stack and scenario of which thousands were held."""
    found, slopes = scale.held(runs), scale.kernel_slopes(runs)
    keys = dict.fromkeys(one.key for run in runs for one in found if one.run is run)
    return [_cost([one for one in found if one.key == key], slopes) for key in keys]


def _cost(
    found: Sequence[Held], slopes: dict[tuple[str, str], tuple[float, int]]
) -> Cost:
    stack, scenario = found[0].key
    own = max(one.cell.server.kernel_kb_per_slow_client or 0.0 for one in found)
    known = [one for one in found if one.request_us]
    return Cost(
        *(stack, scenario, found[-1].clients),
        kb=max(one.kb for one in found),
        kernel_kb=max(own, slopes.get((stack, scenario), (0.0, 0))[0]),
        come_us=max((_us(o, (o.arriving or 0) / o.clients) for o in known), default=0),
        step_us=max(
            (_us(o, o.stepping) for o in known if o.stepping is not None), default=None
        ),
        found=found,
    )


def _us(one: Held, requests: float) -> float:
    return requests * (one.request_us or 0.0)


def by_memory(cost: Cost, machine: Machine, rest_mb: float) -> int:
    """How many a machine has memory for, with all buffers of the kernel full."""
    left_mb = PART_OF_MEMORY * machine.memory_mb - rest_mb
    return max(0, math.floor(1024 * left_mb / cost.sum_kb))


def by_memory_as_shrunk(cost: Cost, machine: Machine, rest_mb: float) -> int:
    """The same where all share what tcp_mem gives by default, so buffers shrink."""
    buffers_mb = scale.tcp_mem_mb(machine.memory_mb)
    one = replace(cost, kernel_kb=0.0)
    return by_memory(one, machine, rest_mb + buffers_mb)


def workers_share(found: Sequence[Held], workers: int, seed: int) -> float:
    """What part of the clients the busiest worker gets, in 99 of 100 runs."""
    loads = [load_of(o.by_worker) for o in found if len(o.by_worker) > 1]
    return busiest_share(workers, tuple(loads), seed) if loads else 1.0


@dataclass(frozen=True)
class Limit:
    """A limit, with how many slow clients it is reached, and what so many need."""

    setting: Setting
    ends_at: int
    needed: int


def limits(
    cost: Cost, machine: Machine, clients: int, share: float, rest_mb: float
) -> list[Limit]:
    """What ends a server on that machine, the first limit first. `share` is that of
    the busiest worker; `needed` is in MB for memory and in pages for tcp_mem."""
    own = OWN_DESCRIPTORS
    tcp_mb, kernel_mb = scale.tcp_mem_mb(machine.memory_mb), cost.kernel_kb / 1024
    one, all_of = math.ceil(clients * share) + own, clients + own * machine.workers
    files = math.floor(_FILES_PER_KB * 1024 * machine.memory_mb)
    memory_mb = math.ceil(rest_mb + clients * cost.sum_kb / 1024)
    pages = math.ceil(clients * cost.kernel_kb / _PAGE_KB)
    found = [
        Limit(Setting.NOFILE, math.floor((NOFILE - own) / share), one),
        Limit(Setting.NR_OPEN, math.floor((NR_OPEN - own) / share), one),
        Limit(Setting.FILE_MAX, files, all_of),
        Limit(Setting.CONNTRACK, CONNTRACK, clients),
        Limit(Setting.PORTS, PORTS, clients),
        Limit(Setting.MEMORY, by_memory(cost, machine, rest_mb), memory_mb),
    ]
    if cost.kernel_kb:
        found.append(Limit(Setting.TCP_MEM, math.floor(tcp_mb / kernel_mb), pages))
    return sorted(found, key=lambda limit: limit.ends_at)


@dataclass(frozen=True)
class Plan:
    """So many slow clients of one kind on machines of one kind: see `plan`."""

    cost: Cost
    machine: Machine
    machines: int
    as_measured: int
    each: int
    nofile: int
    tcp_mem_pages: int
    addresses: int
    come_core_s: float
    step_cores: float | None


def most_of_a_worker(found: Sequence[Held]) -> int:
    """The most clients that one of their workers has held."""
    return max(max(one.by_worker, default=one.clients) for one in found)


def plan(
    cost: Cost,
    machine: Machine,
    clients: int,
    share: float,
    rest_mb: float,
    most_measured: int,
) -> Plan:
    """What each machine needs, if the clients are shared out evenly among as many as
    have the memory; the CPU is of all machines together. `addresses`: how many a
    balancer needs in front of one machine, if that listens on one address and port.
    `as_measured`: how many machines it takes if no worker may hold more than
    `most_measured`, the most that was seen to work. One must have room for a client."""
    machines = math.ceil(clients / by_memory(cost, machine, rest_mb))
    each = math.ceil(clients / machines)
    need = {
        one.setting: one.needed for one in limits(cost, machine, each, share, rest_mb)
    }
    step_us = cost.step_us
    return Plan(
        *(cost, machine, machines),
        as_measured=max(machines, math.ceil(clients * share / most_measured)),
        each=each,
        nofile=need[Setting.NOFILE],
        tcp_mem_pages=need.get(Setting.TCP_MEM, 0),
        addresses=math.ceil(each / PORTS),
        come_core_s=clients * cost.come_us / 1e6,
        step_cores=None if step_us is None else clients / GAP_S * step_us / 1e6,
    )
