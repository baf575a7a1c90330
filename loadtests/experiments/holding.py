"""Holding a stack under slow clients: starts, watches and stops; judges nothing.

Server, probe and slow clients are three process groups. The two generators boot while
the server starts, say that they are ready, and begin at the same given moment.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import psutil

from loadtests.catalog.profiles import Profile
from loadtests.catalog.scenarios import Scenario
from loadtests.catalog.stacks import Stack
from loadtests.experiments.generators import (
    Generators,
    await_ready_line,
    begin,
    booting,
    locust_argv,
)
from loadtests.experiments.task import Context, Task
from loadtests.records.cell import Capacity, Subject
from loadtests.records.samples import (
    GENERATOR_FILE,
    SERVER_FILE,
    GeneratorReading,
    Recording,
    SampleWriter,
    ServerReading,
    read_recording,
)
from loadtests.servers.cores import core_shares
from loadtests.servers.processes import ProcessError
from loadtests.servers.server import Server, free_port, running
from loadtests.servers.usage import usage

_READING_EVERY_S = 0.25
_START_IN_S = 0.1
_OVERTIME_S = 10.0


@dataclass(frozen=True)
class Holding:
    """A stack under the slow clients of a scenario, as a profile lets them come."""

    stack: Stack
    scenario: Scenario
    profile: Profile

    @property
    def levels(self) -> list[int]:
        return self.profile.staircase(self.stack, self.scenario.id)

    @property
    def lasts_s(self) -> int:
        return self.profile.cell_s(self.stack, self.scenario.id)

    def subject(self, repeat: int) -> Subject:
        """What is known before it starts, with the prediction and its reason."""
        return Subject(
            stack=self.stack.id,
            scenario=self.scenario.id,
            repeat=repeat,
            argv=self.stack.command(port=8000),
            workers=self.stack.workers,
            threads=self.stack.threads,
            capacity=predicted(self.stack, self.scenario),
        )


def predicted(stack: Stack, scenario: Scenario) -> Capacity:
    """What is predicted of a cell, with the reason; what is measured is still open."""
    holds = stack.held_under(scenario.id)
    return Capacity(
        predicted_out_at=stack.predicted_out_at(scenario.id),
        degrades_at=None,
        out_at=None,
        held=None,
        predicted_out_by=stack.predicted_out_by(scenario.id),
        predicted_degrades_at=stack.predicted_degrades_at(scenario.id),
        predicted_degrades_by=stack.predicted_degrades_by(scenario.id),
        predicted_because=f"a slow client holds {holds.what}: {holds.because}",
    )


def hold(holding: Holding, task: Task, context: Context) -> Recording:
    """Hold the stack; the raw records go to `samples/<task>/` of the run's folder.

    Raises ProcessError when the server or a generator does not do its part.
    """
    samples = context.folder / "samples" / task.key.name
    samples.mkdir(parents=True, exist_ok=True)
    port = free_port()
    log = context.log(task, "server")
    log.unlink(missing_ok=True)  # of an earlier try
    probe = booting(
        context.guard, _probe_argv(holding, port, samples), context.log(task, "probe")
    )
    slow = booting(
        context.guard, _slow_argv(holding, port, samples), context.log(task, "slow")
    )
    with (
        probe as probing,
        slow as slowing,
        running(holding.stack, context.guard, log, port=port) as server,
    ):
        generators = Generators(probing, slowing)
        _start_together(server, generators)
        _watch(holding, server, generators, samples, lambda s: context.tell(task, s))
    return read_recording(samples)


def _probe_argv(holding: Holding, port: int, samples: Path) -> list[str]:
    profile = holding.profile
    return [
        *locust_argv("probe.py", port, samples),
        *("--users", "1", "--rate", str(profile.rate_per_s)),
        *("--deadline-s", str(profile.deadline_s)),
        # The last request's deadline is the end of the cell.
        *("--lasts-s", str(holding.lasts_s - profile.deadline_s)),
    ]


def _slow_argv(holding: Holding, port: int, samples: Path) -> list[str]:
    profile = holding.profile
    return [
        *locust_argv("slow_clients.py", port, samples, holding.scenario.locust_file),
        *("--levels", ",".join(map(str, holding.levels))),
        *("--hold-s", str(profile.hold_s)),
        *("--top-extra-s", str(profile.top_extra_s)),
        *("--release-s", str(profile.release_s)),
        *([] if profile.comes_back else ["--once"]),
        *("--scenario", holding.scenario.id),
    ]


def _start_together(server: Server, generators: Generators) -> None:
    for group in generators.both():
        await_ready_line(group)
    _share_cores(server, generators)
    begins_s = time.monotonic() + _START_IN_S
    for group in generators.both():
        begin(group, begins_s)


def _share_cores(server: Server, generators: Generators) -> None:
    """All are pinned only now: until they are ready, they may use what there is."""
    ours, servers = core_shares()
    server.group.pin(servers)
    for group in generators.both():
        group.pin(ours)


def _watch(
    holding: Holding,
    server: Server,
    generators: Generators,
    samples: Path,
    tell: Callable[[float], None],
) -> None:
    """Take a reading every 250 ms until both generators are done."""
    of_server = SampleWriter(samples, SERVER_FILE, ServerReading)
    of_generator = SampleWriter(samples, GENERATOR_FILE, GeneratorReading)
    processes = [psutil.Process(group.id) for group in generators.both()]
    began_s = time.monotonic()
    with contextlib.closing(of_server), contextlib.closing(of_generator):
        for n in range(1, int((holding.lasts_s + _OVERTIME_S) / _READING_EVERY_S)):
            if generators.ended:
                return generators.see_that_they_ended_well()
            of_server.write(_server_reading(server))
            of_generator.write(_generator_reading(processes))
            tell(time.monotonic() - began_s)
            time.sleep(max(0.0, began_s + n * _READING_EVERY_S - time.monotonic()))
    raise ProcessError("the generators did not end in time")


def _server_reading(server: Server) -> ServerReading:
    used = usage(server.group)
    pids = " ".join(map(str, sorted(used.pids)))
    return ServerReading(time.monotonic(), used.cpu_s, used.rss_mb, pids)


def _generator_reading(processes: list[psutil.Process]) -> GeneratorReading:
    percents = []
    for process in processes:
        try:
            percents.append(process.cpu_percent())
        except psutil.NoSuchProcess:
            percents.append(0.0)
    stolen = psutil.cpu_times_percent().steal
    probe, slow_clients = percents
    return GeneratorReading(time.monotonic(), probe, slow_clients, stolen)
