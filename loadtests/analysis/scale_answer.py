"""What runs say of a stack: so many slow clients, on what machines."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from loadtests.analysis import scale, scale_limits
from loadtests.analysis.scale import Held
from loadtests.analysis.scale_checks import Check, checks, of_larger_runs
from loadtests.analysis.scale_limits import Cost, Limit, Machine, Plan
from loadtests.records.run import Run

MACHINES = (Machine(8, 2), Machine(32, 8), Machine(128, 32))
USUAL = MACHINES[1]


@dataclass(frozen=True)
class Answer:
    """The costs that the runs measured, and what follows for so many slow clients."""

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

    @cached_property
    def checks(self) -> list[Check]:
        return [one for one in checks(self.runs) if one.held.stack == self.stack]

    def is_checked(self, cost: Cost) -> bool:
        """Whether a larger run has checked the memory of a client of that kind."""
        return (cost.stack, cost.scenario) in of_larger_runs(self.checks)

    def rest_mb(self, machine: Machine) -> float:
        return scale.rest_mb(self.held, machine.workers)

    def share(self, machine: Machine) -> float:
        return scale_limits.workers_share(self.held, machine.workers, self.seed)

    def holds(self, cost: Cost, machine: Machine) -> int:
        return scale_limits.by_memory(cost, machine, self.rest_mb(machine))

    def limits(self, cost: Cost, clients: int) -> list[Limit]:
        share, rest_mb = self.share(USUAL), self.rest_mb(USUAL)
        return scale_limits.limits(cost, USUAL, clients, share, rest_mb)

    def plan(self, cost: Cost) -> Plan:
        share, rest_mb = self.share(USUAL), self.rest_mb(USUAL)
        most = scale_limits.most_of_a_worker(cost.found)
        return scale_limits.plan(cost, USUAL, self.clients, share, rest_mb, most)

    def machines_as_shrunk(self, cost: Cost) -> int:
        """How many it takes with the tcp_mem that Linux sets."""
        rest_mb = self.rest_mb(USUAL)
        each = scale_limits.by_memory_as_shrunk(cost, USUAL, rest_mb)
        return math.ceil(self.clients / each)
