"""Holding a stack under slow clients: starts, steers and stops; judges nothing.

Server, probe and slow clients are three process groups. The two generators boot while
the server starts and say that they are ready. From then on lines steer them.
"""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import os
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from loadtests.catalog.phases import Phase
from loadtests.catalog.profiles import Profile
from loadtests.catalog.scenarios import Scenario
from loadtests.catalog.stacks import Stack
from loadtests.catalog.target import Target
from loadtests.clients.targets import as_option, target_of
from loadtests.clients.wire import Address
from loadtests.experiments.generators import (
    Generators,
    await_ready_line,
    booting,
    bring,
    locust_argv,
    tell,
)
from loadtests.experiments.own_server import address_of, serving
from loadtests.experiments.stepping import Stepping
from loadtests.experiments.task import Context, Task
from loadtests.experiments.watch import Probing, Watch
from loadtests.experiments.your_app import BESIDE
from loadtests.records.cell import Capacity, InFront, Subject
from loadtests.records.facts import MISSING, Fact, fact
from loadtests.records.samples import Recording, read_recording
from loadtests.records.target import OtherTarget
from loadtests.servers.cores import core_shares
from loadtests.servers.neighbours import Neighbours
from loadtests.servers.processes import Group, Guard, wait_until
from loadtests.servers.reached import Served

_START_IN_S = 0.1
_PORT = 8000  # in what is recorded; nginx listens there, and the server on the next


@dataclass(frozen=True)
class Holding:
    """A stack under the slow clients of a scenario, at the pace of a profile.

    With `comes_back`, a slow client that the server drops is there again soon. What is
    asked is the `other` target, or our own apps.
    """

    stack: Stack
    scenario: Scenario
    profile: Profile
    comes_back: bool = True
    other: OtherTarget | None = None

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


def hold(
    holding: Holding, task: Task, context: Context, script: Callable[[Stepping], None]
) -> Recording:
    """Hold the stack at the steps that the script takes, and let the slow clients go.

    The raw records go to `samples/<task>/` of the run's folder. Raises ProcessError
    when the server or a generator does not do its part.
    """
    samples = context.folder / "samples" / task.key.name
    samples.mkdir(parents=True, exist_ok=True)
    address = address_of(holding.other)
    log = context.log(task, "server")
    log.unlink(missing_ok=True)  # of an earlier try
    probe_argv = _probe_argv(holding, address, samples)
    slow_argv = _slow_argv(holding, address, samples)
    target = target_of(holding.other, str(context.folder / BESIDE))
    served = serving(holding.stack, holding.other, target, context.guard, log, address)
    with (
        booting(context.guard, probe_argv, context.log(task, "probe")) as probing,
        booting(context.guard, slow_argv, context.log(task, "slow")) as slowing,
        served as server,
    ):
        generators = Generators(probing, slowing)
        for group in generators.both():
            await_ready_line(group)
        ours = {group.id for group in generators.both()} | server.own_groups
        ours |= {*context.guard.ids}  # they cut logs meanwhile
        neighbours = Neighbours(lambda: ours, server.pids)
        with _sharing_cores(server, generators):
            tell_time = functools.partial(context.tell, task)
            watch = Watch(server, generators, neighbours, samples, tell_time)
            with contextlib.closing(watch):
                stepping = _stepping(watch, generators, holding, samples, context)
                with contextlib.closing(stepping):
                    script(stepping)
                    stepping.leave()
    return dataclasses.replace(read_recording(samples), neighbours=neighbours.names())


def _stepping(
    watch: Watch,
    generators: Generators,
    holding: Holding,
    samples: Path,
    context: Context,
) -> Stepping:
    """Start the probe; from here on the script decides what happens."""
    begins_s = time.monotonic() + _START_IN_S
    tell(generators.probe, begins_s)
    probing = Probing(begins_s, context.method.rate_per_s)
    watch.until_s(begins_s)
    after_s = holding.stack.held_under(holding.scenario.id).begins_after_s
    return Stepping(
        watch,
        generators,
        probing,
        context.method,
        samples,
        begins_after_s=after_s,
        stored_mb=holding.stored_mb,
        sees_threads=holding.profile.sees_threads,
    )


def _probe_argv(holding: Holding, address: Address, samples: Path) -> list[str]:
    profile = holding.profile
    return [
        *locust_argv("probe.py", address[1], samples, host=address[0]),
        *as_option(holding.other),
        *("--users", "1", "--rate", str(profile.rate_per_s)),
        *("--deadline-s", str(profile.deadline_s)),
    ]


@contextlib.contextmanager
def beside_it(
    holding: Holding | None, address: Address, samples: Path, guard: Guard, log: Path
) -> Iterator[Sequence[Group]]:
    """The generator of slow clients that are held while something else is measured;
    none without such a holding."""
    if holding is None:
        yield []
        return
    with booting(guard, _slow_argv(holding, address, samples), log) as group:
        yield [group]


def missing(holding: Holding, group: Group, wanted: int) -> Fact | None:
    """Let so many slow clients come, until they hold what they hold; what is wrong if
    some are missing then."""
    present = bring(group, wanted, holding.profile.arrive_per_s, wait_until)
    time.sleep(holding.stack.held_under(holding.scenario.id).begins_after_s)
    some = fact(MISSING, present=present, wanted=wanted)
    return some if present < wanted else None


def _slow_argv(holding: Holding, address: Address, samples: Path) -> list[str]:
    also = holding.scenario.locust_file
    return [
        *locust_argv("slow_clients.py", address[1], samples, also, address[0]),
        *as_option(holding.other),
        *("--arrive-per-s", str(holding.profile.arrive_per_s)),
        *("--gap-s", str(holding.profile.gap_s)),
        *([] if holding.comes_back else ["--once"]),
        *(["--short-download"] if holding.stores else []),
        *("--scenario", holding.scenario.id),
    ]


@contextlib.contextmanager
def _sharing_cores(server: Served, generators: Generators) -> Iterator[None]:
    """Pinned only now: until all are ready they may use what there is. We ourselves
    take the generators' cores meanwhile, to be in nobody else's way."""
    before = os.sched_getaffinity(0)
    ours, servers = core_shares()
    server.pin(servers)
    for group in generators.both():
        group.pin(ours)
    os.sched_setaffinity(0, ours)
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)
