"""A run: the one loop that measures the tasks of an order.

The run is saved after each task. What is missing is measured first; then what came out
void, or failed, is tried once more, when whatever disturbed it may be over.
"""

from __future__ import annotations

import contextlib
import dataclasses
import itertools
import os
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

from loadtests import MAKE, ROOT, UserError
from loadtests.catalog.profiles import Profile
from loadtests.clients.targets import target_of
from loadtests.clients.wire import SEGMENT_BYTES, WireError
from loadtests.experiments.machine import environment
from loadtests.experiments.order import PACE, Order, order_of
from loadtests.experiments.task import Context, State, Task
from loadtests.experiments.your_app import LOOK_LOG, Seen, look_again, prepare
from loadtests.records.facts import NOT_MEASURED, fact
from loadtests.records.folder import refuse_links
from loadtests.records.run import (
    LATEST,
    RUN_FILE,
    Method,
    ResultError,
    Run,
    RunInfo,
    load_run,
    save_run,
)
from loadtests.records.target import OtherTarget
from loadtests.servers.cores import core_shares
from loadtests.servers.processes import Guard
from loadtests.servers.programs import GuardError
from loadtests.servers.server import ServerBrokenError


class LoadError(UserError):
    """A run that cannot be started or gone on with; one line."""


def method_of(profile: Profile, other: OtherTarget | None = None) -> Method:
    """How a profile's cells are measured, for the record."""
    return Method(
        **{name: getattr(profile, name) for name in PACE},
        healthy_request=target_of(other).name,
        segment_bytes=SEGMENT_BYTES,
        cores=_cores_of_generators() if other and other.running else _cores(),
    )


def _cores_of_generators() -> str:
    """Nobody gives cores to a server that runs already."""
    ours = ", ".join(map(str, sorted(core_shares()[0])))
    return f"the load generator has core {ours}, and the server those of its own choice"


def _cores() -> str:
    """Who runs on which cores."""
    generators, server = core_shares()
    if generators & server:
        return "server and load generator share the only core"
    ours, theirs = (", ".join(map(str, sorted(some))) for some in (generators, server))
    return f"the server has core {theirs}, the load generator core {ours}"


def begin_run(
    order: Order, argv: Sequence[str], reports: Path, seen: Seen | None = None
) -> tuple[Run, Path]:
    """A new run without cells, and its folder."""
    _refuse_what_is_in_the_way(reports)
    now = datetime.now(UTC)
    folder = new_folder(reports, f"{now:%Y%m%d-%H%M%S}-{order.profile.id}")
    info = RunInfo(
        id=folder.name,
        started_at=now.isoformat(timespec="seconds"),
        profile=order.profile.id,
        seed=order.seed,
        complete=False,
        argv=list(argv),
    )
    run = Run(
        info,
        method_of(order.profile, order.other),
        environment(ROOT, seen),
        cells=[],
        ordered=order.recorded(),
        target=order.other,
    )
    save_run(run, folder)
    if order.other:
        prepare(order.other, folder)
    return run, folder


def _refuse_what_is_in_the_way(reports: Path) -> None:
    """LoadError where `latest` cannot become a link after the first cell."""
    latest = reports / LATEST
    if latest.is_dir() and not latest.is_symlink():
        raise LoadError(f"{latest} is a folder, and has to be a link: move it away")


def new_folder(reports: Path, name: str) -> Path:
    """A folder that nobody else has, even if another run begins in the same second."""
    reports.mkdir(parents=True, exist_ok=True)
    names = (name if n == 1 else f"{name}-{n}" for n in itertools.count(1))
    for folder in (reports / name for name in names):
        with contextlib.suppress(FileExistsError):
            folder.mkdir()
            return folder
    raise AssertionError("numbers do not end")


def resume_run(folder: Path) -> tuple[Run, Path]:
    """A run that was stopped, to go on with. LoadError where that would mix figures of
    two machines or versions, or there is nothing left to do."""
    folder = folder.resolve()
    _refuse_what_is_in_the_way(folder.parent)
    run = load_run(folder)
    refuse_links(folder)
    run_id = run.run.id
    try:
        tasks = order_of(run).tasks()
    except ResultError as error:
        raise LoadError(f"{folder / RUN_FILE}: {error}") from None
    if run.run.complete and all(t.state(run, folder) is State.DONE for t in tasks):
        raise LoadError(f"{run_id} is complete: {MAKE} report RUN={folder} shows it")
    seen = look_again(run.target, folder / LOOK_LOG) if run.target else None
    refuse_another_machine(run, seen)
    return run, folder


def refuse_another_machine(run: Run, seen: Seen | None = None) -> None:
    """LoadError where the figures of a stored run and of now must not be mixed."""
    now = environment(ROOT, seen)
    for name in ("python", "kernel", "cpu", "cpus", "packages"):
        if getattr(now, name) != getattr(run.environment, name):
            raise LoadError(
                f"{run.run.id} was measured with another {name}; start a new run "
                "instead"
            )


def go_on(
    run: Run,
    folder: Path,
    order: Order,
    guard: Guard,
    tell: Callable[[Task, float], None],
) -> Iterator[tuple[Task, Run]]:
    """Measure what is missing, then once more what does not count.

    Yields each task with the run as it then is; the run is already saved, and
    `latest` leads to it.
    """
    context = Context(folder, guard, run.method, tell)
    tasks = order.tasks()
    states = [State.MISSING, *([State.VOID] if order.profile.second_tries else [])]
    for wanted in states:
        # Which are void is seen once all that was missing has been measured.
        for task in [task for task in tasks if task.state(run, folder) is wanted]:
            tell(task, 0.0)
            run = attempted(task, run, context)
            save_run(run, folder)
            point_latest(folder.parent, folder.name)
            yield task, run


def attempted(task: Task, run: Run, context: Context) -> Run:
    """The run with what was found of a task, or with the reason why nothing was.

    Raises GuardError where nothing more can be measured.
    """
    try:
        return task.measured(run, context)
    except GuardError:
        raise
    except ServerBrokenError as error:
        return task.failed(run, context, error.why)
    except (UserError, WireError) as error:
        return task.failed(run, context, fact(NOT_MEASURED, words=str(error)))


def finish_run(run: Run, folder: Path) -> Run:
    """The run, marked as complete and saved."""
    run = dataclasses.replace(run, run=dataclasses.replace(run.run, complete=True))
    save_run(run, folder)
    return run


def point_latest(reports: Path, run_id: str) -> None:
    """Let `latest` lead to that run."""
    partial = reports / f".{LATEST}.{os.getpid()}"
    partial.unlink(missing_ok=True)
    try:
        partial.symlink_to(run_id)
        partial.replace(reports / LATEST)
    finally:
        partial.unlink(missing_ok=True)
