"""A task of a run, and what all tasks need while they are measured."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Protocol

from loadtests.records.facts import Fact
from loadtests.records.run import Method, Run
from loadtests.records.tasks import Failure, TaskKey
from loadtests.servers.processes import Guard


class State(Enum):
    """What a run knows of a task."""

    MISSING = "missing"
    VOID = "void"  # measured or tried, but it does not count
    DONE = "done"


@dataclass(frozen=True)
class Context:
    """What the tasks of a run share; `tell` hears the seconds measured so far."""

    folder: Path
    guard: Guard
    method: Method
    tell: Callable[[Task, float], None]

    def log(self, task: Task, process: str) -> Path:
        """Where the output of one of the task's processes goes."""
        logs = self.folder / "logs"
        logs.mkdir(parents=True, exist_ok=True)
        return logs / f"{task.key.name}.{process}.log"


class Task(Protocol):
    """One thing to measure; a run is a list of these.

    `measured` and `failed` return the run with what was found in it, in place of what
    an earlier try found.
    """

    @property
    def key(self) -> TaskKey: ...

    @property
    def lasts_s(self) -> float:
        """How long the measured windows are, without starting and stopping."""
        ...

    def state(self, run: Run, folder: Path) -> State: ...

    def measured(self, run: Run, context: Context) -> Run:
        """Measure. Raises ProcessError where a server or generator does not work."""
        ...

    def failed(self, run: Run, context: Context, reason: Fact) -> Run: ...


def has_failed(run: Run, key: TaskKey) -> bool:
    return any(failure.task == key for failure in run.failures)


def with_failure(run: Run, key: TaskKey, reason: Fact) -> Run:
    """The run with this as the task's failure, in place of an earlier one."""
    run = without_failure(run, key)
    return dataclasses.replace(run, failures=[*run.failures, Failure(key, reason)])


def without_failure(run: Run, key: TaskKey) -> Run:
    others = [failure for failure in run.failures if failure.task != key]
    return dataclasses.replace(run, failures=others)
