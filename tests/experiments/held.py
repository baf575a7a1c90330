"""Cells measured for tests: real servers, real slow clients, short times."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import Any

from loadtests.analysis.cell import analyse_cell
from loadtests.catalog.profiles import PROFILES, Profile
from loadtests.catalog.scenarios import SCENARIOS
from loadtests.catalog.stacks import AtLimit, Holds, Limit, Stack, Supply
from loadtests.catalog.stacks.stack import everywhere
from loadtests.experiments.cell import CellTask
from loadtests.experiments.hold import hold
from loadtests.experiments.holding import Holding
from loadtests.experiments.run import method_of
from loadtests.experiments.stepping import Stepping
from loadtests.experiments.task import Context
from loadtests.records.cell import Cell
from loadtests.records.samples import Recording
from loadtests.servers.processes import Guard

Script = Callable[[Stepping], None]

SHORT = dataclasses.replace(
    PROFILES["smoke"], rate_per_s=100.0, hold_s=0.4, release_s=1.5
)
_FOUR = Limit(Supply.WORKERS, lambda _: 4, AtLimit.QUEUES, "it is only said so")


def short(**given: Any) -> Profile:
    return dataclasses.replace(SHORT, **given)


def odd(*options: str, nofile: int = 128) -> Stack:
    """tests/experiments/odd_server.py as a stack of one worker."""
    argv = ("python", "-m", "tests.experiments.odd_server", "--port", "{port}")
    return Stack(
        id="odd",
        interface="asgi",
        server="odd",
        worker="odd",
        argv=(*argv, *options),
        holds=everywhere(Holds("nothing", (_FOUR,), "")),
        app="odd:app",
        packages=(),
        workers=1,
        nofile=nofile,
    )


def taking(*steps: int) -> Script:
    """The script of a cell that takes these steps."""

    def script(stepping: Stepping) -> None:
        for slow_clients in steps:
            stepping.take(slow_clients, long=False)

    return script


@dataclasses.dataclass
class Lab:
    """Where cells are measured; `tell` hears the seconds."""

    guard: Guard
    folder: Path
    tell: Callable[[float], None] = lambda _: None

    def context(self, profile: Profile) -> Context:
        def tell(_: object, seconds: float) -> None:
            self.tell(seconds)

        return Context(self.folder, self.guard, method_of(profile), tell)

    def hold(
        self, stack: Stack, scenario: str, profile: Profile, script: Script
    ) -> tuple[Recording, Cell]:
        """What was recorded, and what comes of it."""
        holding = Holding(stack, SCENARIOS[scenario], profile)
        context = self.context(profile)
        recording = hold(holding, CellTask(holding, 1), context, script)
        cell = analyse_cell(holding.subject(1), recording, context.method)
        return recording, cell
