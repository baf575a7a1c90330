"""A validation: stacks with counts drawn at random, predicted, and then measured.

The one rule: all predictions are written before the first server starts. A model that
was fitted to the counts of the profiles will miss at others.
"""

from __future__ import annotations

import dataclasses
import itertools
import math
import random
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

from loadtests import ROOT
from loadtests.catalog.profiles import Profile
from loadtests.catalog.scenarios import SCENARIOS, Scenario, usual
from loadtests.catalog.stacks import HTTP1, Stack
from loadtests.experiments.cell import CellTask
from loadtests.experiments.holding import Holding, predicted
from loadtests.experiments.machine import environment
from loadtests.experiments.run import (
    LoadError,
    attempted,
    method_of,
    new_folder,
    refuse_another_machine,
)
from loadtests.experiments.task import Context, State, Task
from loadtests.records.folder import refuse_links
from loadtests.records.run import Run, RunInfo
from loadtests.records.validation import (
    Draw,
    Predictions,
    Validation,
    load_validation,
    save_predictions,
    save_validation,
)
from loadtests.servers.processes import Guard
from loadtests.servers.programs import lacks

PROFILE = Profile(id="validate", repeats=1, traces=False)
# So that a cell takes less than a minute.
MOST_PREDICTED = 4_000
WORKERS = (1, 4)
THREADS = (1, 16)
NOFILE = (256, 4096)
# More than threads: a gthread worker with fewer can park no connection.
WORKER_CONNECTIONS = (20, 2000)
KEEPALIVE_S = (1, 10)


def drawn(number: int, seed: int) -> list[CellTask]:
    """So many cells at random, the same for the same seed. The repeat of each is its
    number, because one stack and scenario may come twice, with other counts."""
    chance = random.Random(seed)
    found = []
    for repeat, (stack, scenario) in enumerate(_pairs(number, chance), start=1):
        counted = _counted(stack, scenario, chance)
        found.append(CellTask(Holding(counted, scenario, PROFILE), repeat))
    return found


def _pairs(number: int, chance: random.Random) -> Iterator[tuple[Stack, Scenario]]:
    """Stacks and scenarios: all pairs come once before one comes twice."""
    every = [
        (stack, scenario)
        for stack, name in itertools.product(HTTP1.values(), usual())
        if can_be_drawn(stack, scenario := SCENARIOS[name])
    ]
    while number > 0:
        yield from chance.sample(every, min(number, len(every)))
        number -= len(every)


def can_be_drawn(stack: Stack, scenario: Scenario) -> bool:
    """Whether it can run here, and a number is predicted."""
    if lacks(stack) or not stack.serves(scenario.id):
        return False
    return stack.predicted_out_by(scenario.id) is not None


def _counted(stack: Stack, scenario: Scenario, chance: random.Random) -> Stack:
    """The stack with counts at random, of which the scenario can show the end."""
    while True:
        counted = stack.with_counts(
            chance.randint(*WORKERS),
            chance.randint(*THREADS) if stack.threads else None,
            _of_any_size(*NOFILE, chance),
            _of_any_size(*WORKER_CONNECTIONS, chance)
            if stack.worker_connections
            else None,
            chance.randint(*KEEPALIVE_S) if stack.keepalive_s else None,
        )
        if (counted.predicted_out_by(scenario.id) or 0) <= MOST_PREDICTED:
            return counted


def _of_any_size(low: int, high: int, chance: random.Random) -> int:
    """A count at random, as often from 256 to 512 as from 2,048 to 4,096."""
    return round(math.exp(chance.uniform(math.log(low), math.log(high))))


def draw_of(task: CellTask) -> Draw:
    """What is drawn and predicted of a cell, for the record."""
    stack, capacity = (
        task.holding.stack,
        predicted(task.holding.stack, task.holding.scenario),
    )
    return Draw(
        number=task.repeat,
        stack=stack.id,
        scenario=task.holding.scenario.id,
        workers=stack.workers,
        threads=stack.threads,
        nofile=stack.nofile,
        worker_connections=stack.worker_connections,
        keepalive_s=stack.keepalive_s,
        **{k: v for k, v in vars(capacity).items() if k.startswith("predicted_")},
    )


def begin(
    number: int, seed: int, argv: Sequence[str], reports: Path
) -> tuple[Validation, Path]:
    """A new validation: its predictions are written, nothing is measured."""
    now = datetime.now(UTC)
    folder = new_folder(reports, f"{now:%Y%m%d-%H%M%S}-{PROFILE.id}")
    info = RunInfo(
        id=folder.name,
        started_at=now.isoformat(timespec="seconds"),
        profile=PROFILE.id,
        seed=seed,
        complete=False,
        argv=list(argv),
    )
    machine = environment(ROOT)
    draws = [draw_of(task) for task in drawn(number, seed)]
    sha256 = save_predictions(Predictions(seed, machine.revision, draws), folder)
    run = Run(info, method_of(PROFILE), machine, cells=[])
    validation = Validation(sha256, run)
    save_validation(validation, folder)
    return validation, folder


def resume(folder: Path) -> Validation:
    """A validation that was stopped, to go on with. LoadError where that would mix two
    machines, or two versions of the predictions."""
    predictions, validation = load_validation(folder)
    refuse_links(folder.resolve())
    tasks = drawn(len(predictions.draws), predictions.seed)
    if [draw_of(task) for task in tasks] != predictions.draws:
        raise LoadError(f"{folder.name}: this version predicts otherwise; start anew")
    refuse_another_machine(validation.run)
    return validation


def go_on(
    validation: Validation,
    tasks: Sequence[CellTask],
    folder: Path,
    guard: Guard,
    tell: Callable[[Task, float], None],
) -> Iterator[tuple[CellTask, Validation]]:
    """Measure what is missing, then once more what is void; saved after each cell."""
    context = Context(folder, guard, validation.run.method, tell)
    for wanted in (State.MISSING, State.VOID):
        states = [task.state(validation.run, folder) for task in tasks]
        for task, state in zip(tasks, states, strict=True):
            if state is wanted:
                tell(task, 0.0)
                run = attempted(task, validation.run, context)
                validation = dataclasses.replace(validation, run=run)
                save_validation(validation, folder)
                yield task, validation
    run = dataclasses.replace(
        validation.run, run=dataclasses.replace(validation.run.run, complete=True)
    )
    save_validation(dataclasses.replace(validation, run=run), folder)
