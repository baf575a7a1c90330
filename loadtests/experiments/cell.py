"""One cell: a stack under a scenario, once. Starts, watches and stops; judges nothing.

Server, probe and slow clients are three process groups. The two generators boot while
the server starts, say that they are ready, and begin at the same given moment.
"""

from __future__ import annotations

import contextlib
import select
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil

from loadtests import ROOT
from loadtests.catalog.profiles import Profile
from loadtests.catalog.scenarios import Scenario
from loadtests.catalog.stacks import HOST, Stack
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
from loadtests.servers.processes import Group, Guard, ProcessError, started
from loadtests.servers.server import Server, free_port, running
from loadtests.servers.usage import usage

_READING_EVERY_S = 0.25
_GENERATOR_READY_S = 30.0
_START_IN_S = 0.1
_OVERTIME_S = 10.0


@dataclass(frozen=True)
class Plan:
    """What to measure: one cell of a run, before it has a result."""

    stack: Stack
    scenario: Scenario
    repeat: int
    profile: Profile

    @property
    def key(self) -> tuple[str, str, int]:
        return (self.stack.id, self.scenario.id, self.repeat)

    @property
    def name(self) -> str:
        repeat = self.repeat if self.profile.levels else "at-capacity"
        return f"{self.stack.id}.{self.scenario.id}.{repeat}"

    @property
    def levels(self) -> list[int]:
        return self.profile.staircase(self.stack, self.scenario.id)

    @property
    def lasts_s(self) -> int:
        return self.profile.cell_s(self.stack, self.scenario.id)


@dataclass(frozen=True)
class Generators:
    """The two Locust processes of a cell."""

    probe: Group
    slow_clients: Group

    def both(self) -> Iterator[Group]:
        yield self.probe
        yield self.slow_clients


def measure_cell(
    plan: Plan, folder: Path, guard: Guard, tell: Callable[[float], None]
) -> Recording:
    """Measure one cell; its raw records go to `folder/samples/<cell>/`.

    `tell` is called with the seconds measured so far. Raises ProcessError when the
    server or a generator does not do its part.
    """
    samples, logs = folder / "samples" / plan.name, folder / "logs"
    samples.mkdir(parents=True, exist_ok=True)
    logs.mkdir(parents=True, exist_ok=True)
    port = free_port()
    log = f"{logs / plan.name}."
    with (
        _generator(guard, _probe_argv(plan, port, samples), f"{log}probe.log") as probe,
        _generator(guard, _slow_argv(plan, port, samples), f"{log}slow.log") as slow,
        running(plan.stack, guard, Path(f"{log}server.log"), port=port) as server,
    ):
        generators = Generators(probe, slow)
        _start_together(server, generators)
        _watch(plan, server, generators, samples, tell)
    return read_recording(samples)


def _generator(
    guard: Guard, argv: list[str], log: str
) -> contextlib.AbstractContextManager[Group]:
    return started(guard, argv, Path(log), cwd=ROOT, pipes=True)


def locust(file: str, port: int, samples: Path, also: str = "") -> list[str]:
    """Locust with one of our files, to be started with a line on standard input; `also`
    is a file that it loads besides."""
    files = ",".join(filter(None, (f"loadtests/clients/{file}", also)))
    return [
        *("python", "-m", "locust", "-f", f"{files}", "--headless"),
        *("--host", f"http://{HOST}:{port}", "--only-summary", "--loglevel", "ERROR"),
        *("--exit-code-on-error", "0", "--raw", str(samples), "--on-signal"),
    ]


def _probe_argv(plan: Plan, port: int, samples: Path) -> list[str]:
    profile = plan.profile
    return [
        *locust("probe.py", port, samples),
        *("--users", "1", "--rate", str(profile.rate_per_s)),
        *("--deadline-s", str(profile.deadline_s)),
        # The last request's deadline is the end of the cell.
        *("--lasts-s", str(plan.lasts_s - profile.deadline_s)),
    ]


def _slow_argv(plan: Plan, port: int, samples: Path) -> list[str]:
    return [
        *locust("slow_clients.py", port, samples, plan.scenario.locust_file),
        *("--levels", ",".join(map(str, plan.levels))),
        *("--hold-s", str(plan.profile.hold_s)),
        *("--top-extra-s", str(plan.profile.top_extra_s)),
        *("--release-s", str(plan.profile.release_s)),
        *([] if plan.profile.comes_back else ["--once"]),
        *("--scenario", plan.scenario.id),
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


def await_ready_line(group: Group) -> None:
    """The generator has loaded Locust and waits for its start."""
    stdout = group.process.stdout
    assert stdout is not None
    readable, _, _ = select.select([stdout], [], [], _GENERATOR_READY_S)
    if not readable or stdout.readline().strip() != b"ready":
        raise ProcessError(f"Locust did not start; {group.last_words()}")


def begin(group: Group, at_s: float) -> None:
    """Tell a generator that is ready when to begin."""
    assert group.process.stdin is not None
    group.process.stdin.write(f"{at_s}\n".encode())
    group.process.stdin.flush()


def _watch(
    plan: Plan,
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
        for n in range(1, int((plan.lasts_s + _OVERTIME_S) / _READING_EVERY_S)):
            if all(group.exited for group in generators.both()):
                return _see_that_they_ended_well(generators)
            of_server.write(_server_reading(server))
            of_generator.write(_generator_reading(processes))
            tell(time.monotonic() - began_s)
            time.sleep(max(0.0, began_s + n * _READING_EVERY_S - time.monotonic()))
    raise ProcessError(f"the generators of {plan.name} did not end in time")


def _see_that_they_ended_well(generators: Generators) -> None:
    for group in generators.both():
        if group.process.returncode:
            raise ProcessError(f"a generator failed; {group.last_words()}")


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
