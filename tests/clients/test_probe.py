"""The probe against servers of known behaviour: what it reports is what they did."""

from __future__ import annotations

import contextlib
import statistics
from pathlib import Path

import pytest

from loadtests import ROOT
from loadtests.catalog.stacks import HOST
from loadtests.records.samples import SAMPLES_FILE, Sample, read_samples
from loadtests.servers.processes import Group, Guard, started, wait_until

RATE, LASTS_S = 100, 5
COUNT = RATE * LASTS_S
DEADLINE_S = 1.0  # as the probe has it unless told otherwise
DELAY_S = 0.2
SERVERS = {
    "delay": ["--delay-ms", f"{DELAY_S * 1000:.0f}"],
    "drop": ["--delay-ms", "20", "--drop", "10"],
    "stall": ["--stall-at", "150", "--stall-s", "1.4"],
}


Seen = dict[str, tuple[list[Sample], list[float]]]


@pytest.fixture(scope="module")
def seen(guard: Guard, tmp_path_factory: pytest.TempPathFactory) -> Seen:
    """What the probe recorded of each server, and when the server said it stalled.

    All servers are seen at the same time.
    """
    folder = tmp_path_factory.mktemp("known")
    with contextlib.ExitStack() as stack:

        def start(name: str, *argv: str) -> Group:
            log = folder / f"{name}.log"
            group = started(guard, ["python", *argv], log, cwd=ROOT, pipes=True)
            return stack.enter_context(group)

        servers, probes = {}, []
        for name, options in SERVERS.items():
            argv = ["-m", "tests.clients.known_server", *options]
            servers[name] = start(name, *argv)
            (folder / name).mkdir()
            probe = probe_argv(int(line(servers[name])), folder / name)
            probes.append(start(f"{name}-probe", *probe))
        assert wait_until(lambda: all(probe.exited for probe in probes), 60)
        stalled_s = [float(word) for word in line(servers["stall"]).split()]
    return {
        name: (read_samples(folder / name, SAMPLES_FILE, Sample), stalled_s)
        for name in SERVERS
    }


def probe_argv(port: int, raw: Path) -> list[str]:
    return [
        *("-m", "locust", "-f", "loadtests/clients/probe.py", "--headless"),
        *("--host", f"http://{HOST}:{port}", "--raw", str(raw)),
        *("--rate", str(RATE), "--lasts-s", str(LASTS_S)),
    ]


def line(group: Group) -> str:
    assert group.process.stdout is not None
    return group.process.stdout.readline().decode()


@pytest.mark.long
def test_probe_reports_the_delay_of_the_server(seen: Seen) -> None:
    samples, _ = seen["delay"]
    assert len(samples) == COUNT
    assert not [s.fault for s in samples if s.fault]
    waited_s = [s.ended_s - s.intended_s for s in samples]
    assert min(waited_s) >= DELAY_S
    # A busy machine adds to some of 500; it does not add that much to half of them.
    assert statistics.median(waited_s) < 1.25 * DELAY_S


def test_probe_counts_what_the_server_drops(seen: Seen) -> None:
    samples, _ = seen["drop"]
    assert len(samples) == COUNT
    faults = [s.fault for s in samples if s.fault]
    assert faults == ["closed"] * (COUNT // 10)


def test_stall_shows_in_every_request_that_was_due_meanwhile(seen: Seen) -> None:
    """No coordinated omission: a closed workload would see one slow request."""
    samples, (began_s, ended_s) = seen["stall"]
    assert len(samples) == COUNT
    late = {s for s in samples if s.fault}
    assert {s.fault for s in late} == {"late"}
    due = {s for s in samples if began_s < s.intended_s < ended_s}
    surely = {s for s in due if s.intended_s < ended_s - DEADLINE_S}
    # Those of the last second are late or not, as fast as the server catches up.
    assert surely
    assert surely <= late
    assert all(began_s - DEADLINE_S < s.intended_s < ended_s for s in late)
    assert due - late
    assert all(s.ended_s >= ended_s for s in due - late)
