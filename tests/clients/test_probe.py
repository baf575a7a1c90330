"""The probe against servers of known behaviour: what it reports is what they did."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from pathlib import Path

import pytest

from loadtests import ROOT
from loadtests.analysis.cell import analyse_step
from loadtests.catalog.stacks import HOST
from loadtests.records.cell import Step
from loadtests.records.samples import (
    SAMPLES_FILE,
    Recording,
    Sample,
    StepTaken,
    read_samples,
)
from loadtests.servers.processes import Group, Guard, started, wait_until
from tests.again import tried_again

pytestmark = pytest.mark.quiet

RATE, LASTS_S = 100, 5
COUNT = RATE * LASTS_S
SERVERS = {
    "delay": ["--delay-ms", "200"],
    "drop": ["--delay-ms", "20", "--drop", "10"],
    "stall": ["--stall-at", "150", "--stall-s", "1.4"],
}


LATE = "a probe that is kept waiting reports that, and not the server"


class Seen:
    """What the probe recorded of each server, and when the server said it stalled.

    All servers are seen at the same time at first. Who asks for one a second time gets
    a new measurement.
    """

    def __init__(self, guard: Guard, folders: Callable[[], Path]) -> None:
        self._guard = guard
        self._folders = folders
        self._fresh = self._measured(*SERVERS)

    def of(self, name: str) -> tuple[list[Sample], list[float]]:
        found = self._fresh.pop(name, None)
        return found or self._measured(name)[name]

    def _measured(self, *names: str) -> dict[str, tuple[list[Sample], list[float]]]:
        folder = self._folders()
        with contextlib.ExitStack() as stack:

            def start(name: str, *argv: str) -> Group:
                log = folder / f"{name}.log"
                words = ["python", *argv]
                group = started(self._guard, words, log, cwd=ROOT, pipes=True)
                return stack.enter_context(group)

            servers, probes = {}, []
            for name in names:
                argv = ["-m", "tests.clients.known_server", *SERVERS[name]]
                servers[name] = start(name, *argv)
                (folder / name).mkdir()
                probe = probe_argv(int(line(servers[name])), folder / name)
                probes.append(start(f"{name}-probe", *probe))
            assert wait_until(lambda: all(probe.exited for probe in probes), 60)
            said = {name: line(servers[name]) for name in {*names} & {"stall"}}
        return {
            name: (
                read_samples(folder / name, SAMPLES_FILE, Sample),
                [float(word) for word in said.get(name, "").split()],
            )
            for name in names
        }


@pytest.fixture(scope="module")
def seen(guard: Guard, tmp_path_factory: pytest.TempPathFactory) -> Seen:
    return Seen(guard, lambda: tmp_path_factory.mktemp("known"))


def probe_argv(port: int, raw: Path) -> list[str]:
    return [
        *("-m", "locust", "-f", "loadtests/clients/probe.py", "--headless"),
        *("--host", f"http://{HOST}:{port}", "--raw", str(raw)),
        *("--rate", str(RATE), "--lasts-s", str(LASTS_S)),
    ]


def line(group: Group) -> str:
    assert group.process.stdout is not None
    return group.process.stdout.readline().decode()


def as_step(samples: list[Sample]) -> Step:
    recording = Recording(samples, [], [], [], [])
    ever = StepTaken(0, float("-inf"), float("-inf"), float("inf"), 0, 1)
    return analyse_step([ever], recording)


@tried_again(LATE)
def test_probe_reports_the_delay_of_the_server(seen: Seen) -> None:
    step = as_step(seen.of("delay")[0])
    assert (step.attempted, step.answered) == (COUNT, COUNT)
    assert step.p50_ms == pytest.approx(200, rel=0.05)
    assert step.p90_ms == pytest.approx(200, rel=0.05)


@tried_again(LATE)
def test_probe_counts_what_the_server_drops(seen: Seen) -> None:
    samples, _ = seen.of("drop")
    step = as_step(samples)
    assert (step.attempted, step.answered) == (COUNT, COUNT - COUNT // 10)
    faults = [s.fault for s in samples if s.fault]
    assert faults == ["closed"] * (COUNT // 10)


@tried_again(LATE)
def test_stall_shows_in_every_request_that_was_due_meanwhile(seen: Seen) -> None:
    """No coordinated omission: a closed workload would see one slow request."""
    recorded, (began_s, ended_s) = seen.of("stall")
    samples = sorted(recorded)
    assert len(samples) == COUNT
    late = [s for s in samples if s.fault]
    assert {s.fault for s in late} == {"late"}
    # Afterwards the server needs a moment to answer all that has piled up.
    surely = sum(began_s < s.intended_s < ended_s - 1.0 for s in samples)
    perhaps = sum(ended_s - 1.0 <= s.intended_s < ended_s - 0.9 for s in samples)
    assert surely <= len(late) <= surely + perhaps
    for sample in samples:
        if not sample.fault and ended_s - 0.9 < sample.intended_s < ended_s - 0.1:
            waited_s = sample.ended_s - sample.intended_s
            assert waited_s == pytest.approx(ended_s - sample.intended_s, abs=0.1)
