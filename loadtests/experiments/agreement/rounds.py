"""The rounds: a server, and the instruments that ask it in turns."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from loadtests import ROOT
from loadtests.analysis.agreement import PROBE, Round
from loadtests.catalog.stacks import HOST, Stack
from loadtests.catalog.target import RAW
from loadtests.experiments.agreement.tools import Task, Tool, ToolError, of_probe
from loadtests.experiments.generators import await_ready_line, locust_argv, tell
from loadtests.records.samples import SAMPLES_FILE, Sample, read_samples
from loadtests.servers.cores import core_shares
from loadtests.servers.processes import Group, Guard, started, wait_until
from loadtests.servers.server import free_port, running

# As fast as the tools' answers are sure to be there before the next request is due:
# then they hold the rate though they wait for each.
RATE_PER_S = 200
ROUND_S = 1
_START_IN_S = 0.1
_OVERTIME_S = 10.0


@dataclass(frozen=True)
class Setting:
    """What all rounds against one stack have in common."""

    guard: Guard
    folder: Path
    port: int
    task: Task
    tell: Callable[[str], None]


def play(
    stack: Stack,
    tools: Sequence[Tool],
    count: int,
    guard: Guard,
    folder: Path,
    tell: Callable[[str], None],
) -> dict[str, list[Round]]:
    """That many rounds of each instrument, which take turns; the probe's first."""
    port = free_port()
    url = f"http://{HOST}:{port}{RAW.healthy.target}"
    task = Task(url, RATE_PER_S, ROUND_S, len(core_shares()[0]))
    setting = Setting(guard, folder, port, task, tell)
    tell("starting the server and the probes")
    with contextlib.ExitStack() as groups:
        probes = [groups.enter_context(_booting(setting, n)) for n in range(count)]
        log = folder / "server.log"
        server = groups.enter_context(running(stack, guard, log, port=port))
        for group in probes:
            await_ready_line(group)
        groups.enter_context(_sharing_cores(server.group, probes))
        return _take_turns(setting, tools, probes)


def _take_turns(
    setting: Setting, tools: Sequence[Tool], probes: Sequence[Group]
) -> dict[str, list[Round]]:
    """The rounds, every other one the other way round."""
    found: dict[str, list[Round]] = {PROBE: [], **{tool.name: [] for tool in tools}}
    for n, probe in enumerate(probes):
        turns: list[Tool | None] = [None, *tools]
        for tool in turns[:: -1 if n % 2 else 1]:
            name = tool.name if tool else PROBE
            setting.tell(f"round {n + 1} of {len(probes)}: {name}")
            seen = _tool(setting, tool) if tool else _probe(setting, n, probe)
            found[name].append(_answered(name, seen))
    return found


def _booting(setting: Setting, number: int) -> contextlib.AbstractContextManager[Group]:
    """A probe for one round. Locust takes a second or two to load, and so all probes
    do that beforehand, when they are in nobody's way."""
    samples = setting.folder / str(number)
    samples.mkdir()
    task = setting.task
    argv = [
        *locust_argv("probe.py", setting.port, samples),
        *("--users", "1", "--rate", str(task.rate_per_s)),
        *("--lasts-s", str(task.lasts_s)),
    ]
    log = setting.folder / f"{PROBE}.log"
    return started(setting.guard, argv, log, cwd=ROOT, pipes=True)


@contextlib.contextmanager
def _sharing_cores(server: Group, probes: Sequence[Group]) -> Iterator[None]:
    """The cores as a cell has them. We take those of the generators ourselves, for the
    tools are our children, and a process begins where its parent runs."""
    before = os.sched_getaffinity(0)
    ours, servers = core_shares()
    server.pin(servers)
    for group in probes:
        group.pin(ours)
    os.sched_setaffinity(0, ours)
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def _probe(setting: Setting, number: int, group: Group) -> Round:
    samples = setting.folder / str(number)
    tell(group, time.monotonic() + _START_IN_S)
    # We are on the instruments' core: to look on meanwhile would be in their way.
    time.sleep(_START_IN_S + setting.task.lasts_s)

    def complete() -> bool:
        return group.exited or len(_samples(samples)) >= setting.task.count

    if not wait_until(complete, _OVERTIME_S):
        raise ToolError(f"the probe did not end in time; {group.last_words()}")
    if group.process.returncode:
        raise ToolError(f"the probe failed; {group.last_words()}")
    # It would wait out its last deadline and then end beside the next instrument.
    group.stop()
    return of_probe(_samples(samples))


def _samples(folder: Path) -> list[Sample]:
    return read_samples(folder, SAMPLES_FILE, Sample)


def _tool(setting: Setting, tool: Tool) -> Round:
    log = setting.folder / f"{tool.name}.log"
    log.unlink(missing_ok=True)
    argv = tool.argv(setting.task)
    with started(setting.guard, argv, log, cwd=ROOT) as group:
        time.sleep(setting.task.lasts_s)  # as with the probe
        if not wait_until(lambda: group.exited, _OVERTIME_S):
            raise ToolError(f"{tool.name} did not end in time")
        if group.process.returncode:
            raise ToolError(f"{tool.name} failed; {group.last_words()}")
    return tool.read(log.read_text(errors="replace"), setting.task)


def _answered(name: str, found: Round) -> Round:
    if not found.times_ms:
        raise ToolError(f"{name} had no right answer to any of {found.made} requests")
    return found
