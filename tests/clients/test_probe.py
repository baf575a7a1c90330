"""The probe against servers of known behaviour: what it reports is what they did."""

from __future__ import annotations

import contextlib

import pytest

from loadtests import ROOT
from loadtests.analysis.cell import analyse_step
from loadtests.catalog.stacks import HOST
from loadtests.records.cell import Step
from loadtests.records.samples import (
    SAMPLES_FILE,
    Recording,
    Sample,
    Tread,
    read_samples,
)
from loadtests.servers.processes import Group, Guard, started, wait_until

pytestmark = pytest.mark.quiet

RATE, LASTS_S = 100, 5
COUNT = RATE * LASTS_S
SERVERS = {
    "delay": ["--delay-ms", "200"],
    "drop": ["--delay-ms", "20", "--drop", "10"],
    "stall": ["--stall-at", "150", "--stall-s", "1.4"],
}


class Seen:
    """What the probe recorded of each server, and what the stalled one said itself."""

    def __init__(self) -> None:
        self.samples: dict[str, list[Sample]] = {}
        self.said: list[float] = []


@pytest.fixture(scope="module")
def seen(guard: Guard, tmp_path_factory: pytest.TempPathFactory) -> Seen:
    folder, seen = tmp_path_factory.mktemp("known"), Seen()
    with contextlib.ExitStack() as stack:

        def start(name: str, *argv: str) -> Group:
            log = folder / f"{name}.log"
            command = started(guard, ["python", *argv], log, cwd=ROOT, pipes=True)
            return stack.enter_context(command)

        servers, probes = {}, []
        for name, options in SERVERS.items():
            servers[name] = start(name, "-m", "tests.clients.known_server", *options)
            port = int(line(servers[name]))
            (folder / name).mkdir()
            where = ["--host", f"http://{HOST}:{port}", "--raw", str(folder / name)]
            rate = ["--rate", str(RATE), "--lasts-s", str(LASTS_S)]
            files = ["-m", "locust", "-f", "loadtests/clients/probe.py", "--headless"]
            probes.append(start(f"{name}-probe", *files, *where, *rate))
        assert wait_until(lambda: all(probe.exited for probe in probes), 60)
        for name in SERVERS:
            seen.samples[name] = read_samples(folder / name, SAMPLES_FILE, Sample)
        seen.said = [float(word) for word in line(servers["stall"]).split()]
    return seen


def line(group: Group) -> str:
    assert group.process.stdout is not None
    return group.process.stdout.readline().decode()


def as_step(samples: list[Sample]) -> Step:
    recording = Recording(samples, [], [], [], [])
    return analyse_step(Tread(0, float("-inf"), float("inf")), recording)


def test_probe_reports_the_delay_of_the_server(seen: Seen) -> None:
    step = as_step(seen.samples["delay"])
    assert (step.attempted, step.answered) == (COUNT, COUNT)
    assert step.p50_ms == pytest.approx(200, rel=0.05)
    assert step.p90_ms == pytest.approx(200, rel=0.05)


def test_probe_counts_what_the_server_drops(seen: Seen) -> None:
    step = as_step(seen.samples["drop"])
    assert (step.attempted, step.answered) == (COUNT, COUNT - COUNT // 10)
    faults = [s.fault for s in seen.samples["drop"] if s.fault]
    assert faults == ["closed"] * (COUNT // 10)


def test_stall_shows_in_every_request_that_was_due_meanwhile(seen: Seen) -> None:
    """No coordinated omission: a closed workload would see one slow request."""
    began_s, ended_s = seen.said
    samples = sorted(seen.samples["stall"])
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
