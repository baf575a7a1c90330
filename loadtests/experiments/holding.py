"""What is held: a stack under the slow clients of a scenario, and what is predicted."""

from __future__ import annotations

from dataclasses import dataclass, field

from loadtests.catalog.phases import Phase
from loadtests.catalog.profiles import Profile
from loadtests.catalog.scenarios import Scenario
from loadtests.catalog.stacks import Stack
from loadtests.catalog.target import Target
from loadtests.clients.targets import target_of
from loadtests.records.cell import Capacity, InFront, Subject
from loadtests.records.run import Fleet
from loadtests.records.target import OtherTarget

_PORT = 8000  # in what is recorded; nginx listens there, and the server on the next


@dataclass(frozen=True)
class Holding:
    """A stack under the slow clients of a scenario, at the pace of a profile.

    With `comes_back`, a slow client that the server drops is there again soon. What is
    asked is the `other` target, or our own apps. Slow clients come from this process's
    machine, or from a `fleet`. They share a link of `network_kbit`, if that is not 0.
    """

    stack: Stack
    scenario: Scenario
    profile: Profile
    comes_back: bool = True
    other: OtherTarget | None = None
    fleet: Fleet = field(default_factory=Fleet)
    network_kbit: int = 0

    def subject(self, repeat: int) -> Subject:
        """What is known before it starts, with the prediction and its reason."""
        return Subject(
            stack=self.stack.id,
            scenario=self.scenario.id,
            repeat=repeat,
            argv=self.stack.command(_PORT + bool(self.stack.front)),
            workers=self.stack.workers,
            threads=self.stack.threads,
            nofile=self.stack.nofile if self.stack.argv else None,
            worker_connections=self.stack.worker_connections,
            capacity=predicted(self.stack, self.scenario),
            front=_in_front(self.stack),
            download_mb=self._download_mb,
        )

    @property
    def processes(self) -> int:
        """From how many processes of this machine the slow clients come. A link leads
        to one."""
        return 1 if self.network_kbit else self.profile.processes

    @property
    def target(self) -> Target:
        """What is asked: of what stores each answer on disk, a shorter one."""
        target = target_of(self.other)
        return target.with_short_download() if self.stores else target

    @property
    def _download_mb(self) -> float | None:
        reads = self.scenario.phase is Phase.RESPONSE
        return self.target.download_mb if reads else None

    @property
    def stores(self) -> bool:
        """Whether the stack stores on disk what slow clients ask for."""
        return self.stack.stores(self.scenario.id)

    @property
    def stored_mb(self) -> float:
        """How much disk a slow client takes at the most."""
        return (self.target.download_mb or 0.0) if self.stores else 0.0


def _in_front(stack: Stack) -> InFront | None:
    if (front := stack.front) is None:
        return None
    config = stack.front_config(_PORT, behind=_PORT + 1)
    return InFront(front.program, config, front.connections)


def predicted(stack: Stack, scenario: Scenario) -> Capacity:
    """What is predicted of a cell, with the reason; what is measured is still open."""
    if stack.unmodelled:
        return Capacity(None, None, None, None, unpredicted=True)
    return Capacity(
        predicted_out_at=stack.predicted_out_at(scenario.id),
        degrades_at=None,
        out_at=None,
        held=None,
        predicted_out_by=stack.predicted_out_by(scenario.id),
        predicted_degrades_at=stack.predicted_degrades_at(scenario.id),
        predicted_degrades_by=stack.predicted_degrades_by(scenario.id),
        predicted_because=stack.predicted_because(scenario.id),
        predicted_ran_out=stack.predicted_ran_out(scenario.id) or "",
    )
