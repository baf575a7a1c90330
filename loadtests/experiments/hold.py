"""Holding a stack under slow clients: starts, steers and stops; judges nothing.

Server, probe and slow clients are process groups. The generators boot while the server
starts and say that they are ready. From then on lines steer them.
"""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import os
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

from loadtests import MAKE, UserError
from loadtests.clients.targets import as_option, target_of
from loadtests.clients.wire import Address
from loadtests.experiments.generators import (
    FLEET_WAITS_S,
    MASTER_PORT,
    Generators,
    await_ready_line,
    booting,
    bring,
    ended_first,
    fleet_argv,
    let_go,
    locust_argv,
    master_argv,
    tell,
)
from loadtests.experiments.holding import Holding
from loadtests.experiments.own_server import address_of, serving
from loadtests.experiments.stepping import Stepping
from loadtests.experiments.task import Context, Task
from loadtests.experiments.watch import Probing, Watch
from loadtests.experiments.your_app import BESIDE
from loadtests.records.facts import MISSING, Fact, fact
from loadtests.records.samples import Recording, read_recording
from loadtests.servers.cores import core_shares
from loadtests.servers.neighbours import Neighbours
from loadtests.servers.processes import Group, Guard, wait_until
from loadtests.servers.programs import ProcessError
from loadtests.servers.reached import Served
from loadtests.servers.slow_link import slow_link

_START_IN_S = 0.1


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
        slow_link(holding.network_kbit) as beyond_it,
        booting(context.guard, probe_argv, context.log(task, "probe")) as probing,
        _slowing(holding, [*beyond_it, *slow_argv], task, context) as slowing,
        served as server,
        ended_first([probing, slowing[0], *slowing[1]]),
    ):
        generators = Generators(probing, *slowing)
        await_ready_line(probing)
        _await_fleet(holding, generators.slow_clients)
        ours = {group.id for group in generators.all()} | server.own_groups
        ours |= {*context.guard.ids}  # they write the logs
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


@contextlib.contextmanager
def _slowing(
    holding: Holding, argv: Sequence[str], task: Task, context: Context
) -> Iterator[tuple[Group, Sequence[Group]]]:
    """The process that is led, and those of its fleet that are on this machine."""
    count, fleet = holding.processes, holding.fleet
    each: Iterable[Sequence[str]] = [argv]
    if fleet.workers:
        each = [master_argv(argv, fleet.workers, fleet.bind, MASTER_PORT)]
    elif count > 1:
        each = fleet_argv(argv, count)
    with contextlib.ExitStack() as stack:
        groups = []
        for number, one in enumerate(each):
            log = context.log(task, f"slow-{number}" if number else "slow")
            groups.append(stack.enter_context(booting(context.guard, one, log)))
        first, *workers = groups
        try:
            yield first, workers
        finally:
            if workers or fleet.workers:
                let_go(first)


def _await_fleet(holding: Holding, slow_clients: Group) -> None:
    """Until the slow clients can be led; the workers of other machines may still have
    to be started. UserError where they do not join: nor would they for the next cell.
    """
    fleet = holding.fleet
    if not fleet.workers:
        await_ready_line(slow_clients)
        return
    try:
        await_ready_line(slow_clients, FLEET_WAITS_S)
    except ProcessError:
        if slow_clients.exited:
            raise
        minutes = f"{FLEET_WAITS_S / 60:.0f} minutes"
        raise UserError(
            f"{fleet.workers} workers did not join at {fleet.bind}, port "
            f"{MASTER_PORT}, within {minutes}: on each machine, {MAKE} "
            f"fleet-worker MASTER={fleet.bind}"
        ) from None


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
        remote=holding.other is not None and holding.other.remote,
        sources=holding.fleet.workers or holding.processes,
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
    running = holding.other and holding.other.running
    host = address[0] if running else holding.fleet.bind or address[0]
    return [
        *locust_argv("slow_clients.py", address[1], samples, also, host),
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
    for group in generators.all():
        group.pin(ours)
    os.sched_setaffinity(0, ours)
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)
