"""The tasks of a run: which one a record belongs to, and those that failed."""

from __future__ import annotations

from dataclasses import dataclass

from loadtests.records.facts import Fact

# The kinds of task.
CELL, SELF_RECOVERY, COST = "cell", "self-recovery", "cost"
RATE, TRACES = "rate", "traces"


@dataclass(frozen=True)
class TaskKey:
    """Which task of a run; `what` is the scenario, or the app that was served."""

    kind: str
    stack: str
    what: str
    repeat: int = 1

    @property
    def name(self) -> str:
        """The stem of the task's sample and log files."""
        last = "at-capacity" if self.kind == SELF_RECOVERY else self.repeat
        return f"{self.stack}.{self.what}.{last}"


@dataclass(frozen=True)
class Failure:
    """A task beside the cells that could not be measured, and why."""

    task: TaskKey
    reason: Fact
