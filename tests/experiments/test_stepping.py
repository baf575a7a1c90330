"""Steps of real servers: what each was asked for, what it was found to do.

The odd servers are those of tests/experiments/odd_server.py.
"""

from __future__ import annotations

import contextlib
import dataclasses
import itertools
import tempfile
from pathlib import Path
from typing import Any

import pytest

from loadtests.catalog.stacks import STACKS, Supply
from loadtests.catalog.stacks.stack import everywhere
from loadtests.experiments.stepping import Stepping
from loadtests.experiments.watch import Probing
from loadtests.records.facts import LEFT_LATE, NO_DISK, NO_MEMORY, NO_PORTS, Fact
from loadtests.records.samples import STEPS_FILE, WORKERS_FILE
from loadtests.servers import room
from loadtests.servers.processes import Guard
from tests import runs
from tests.experiments.held import Lab, odd, short, taking


@pytest.fixture
def lab(guard: Guard, tmp_path: Path) -> Lab:
    return Lab(guard, tmp_path)


def test_steps_and_what_each_worker_held_are_recorded(lab: Lab) -> None:
    stack = STACKS["asgi-uvicorn"].with_counts(None, None, nofile=128)
    recording, cell = lab.hold(stack, "slow-body", short(), taking(0, 12, 6))
    assert [step.slow_clients for step in recording.taken] == [0, 12, 6, 0]
    assert [step.in_place for step in recording.taken] == [0, 12, 6, 0]
    for step, after in itertools.pairwise(recording.taken):
        assert step.asked_s < step.begins_s < step.ends_s <= after.asked_s
    steps = {step.slow_clients: step for step in cell.steps}
    for n in (0, 6, 12):
        assert 0 <= sum(steps[n].by_worker) - n < 6, "a healthy request may be there"
    for reading in recording.workers:
        assert reading.nofile in (128, None)
        assert reading.queued is not None
        assert reading.queued < 6  # a healthy request may just have come
    # A busy machine may delay the probe; everything else is there.
    assert {fault.kind for fault in cell.faults} <= {LEFT_LATE}
    assert cell.server.rss_idle_mb
    assert cell.fates.held == 12
    assert cell.steps[0].attempted >= 39
    [folder] = (lab.folder / "samples").iterdir()
    assert {STEPS_FILE, WORKERS_FILE} <= {path.name for path in folder.iterdir()}


def test_stack_that_holds_nothing_at_first_is_looked_at_when_it_does(lab: Lab) -> None:
    plain = STACKS["asgi-uvicorn"]
    later = dataclasses.replace(plain.held_under("idle"), begins_after_s=2.0)
    stack = dataclasses.replace(plain, holds=everywhere(later))
    recording, _ = lab.hold(stack, "idle", short(), taking(0, 4))
    alone, beside, _ = recording.taken
    assert beside.begins_s - beside.asked_s >= 2.0
    assert alone.begins_s - alone.asked_s < beside.begins_s - beside.asked_s


@pytest.mark.long
def test_step_that_would_take_the_memory_of_the_machine_is_not_taken(lab: Lab) -> None:
    found: list[Fact | None] = []

    def script(stepping: Stepping) -> None:
        for slow_clients in (0, 20):
            stepping.take(slow_clients, long=False)
            found.append(stepping.lacks_memory(10**9))
        found.append(stepping.lacks_memory(21))

    lab.hold(STACKS["asgi-daphne"], "slow-read", short(), script)
    nothing_known, spared, enough = found
    assert nothing_known is enough is None
    assert spared is not None
    assert spared.kind == NO_MEMORY
    assert spared.figures["wanted_mb"] > spared.figures["free_mb"] / 2


def test_step_whose_answers_would_fill_the_disk_is_not_taken() -> None:
    """Known from the length of the answer, before the first is asked for."""
    unused: Any = None
    with tempfile.TemporaryDirectory() as name:
        given = (unused, unused, unused, unused, Path(name))
        stores, does_not = Stepping(*given, stored_mb=64.0), Stepping(*given)
        with contextlib.closing(stores), contextlib.closing(does_not):
            assert stores.lacks_room(10) is does_not.lacks_room(10**9) is None
            spared = stores.lacks_room(10**9)
    assert spared is not None
    assert spared.kind == NO_DISK
    assert spared.figures["wanted_mb"] == 64e9 > spared.figures["free_mb"]


@pytest.mark.parametrize(("remote", "most"), [(False, 300), (True, 0)])
def test_ports_are_counted_for_slow_clients_and_the_probe(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, remote: bool, most: int
) -> None:
    """A request of the probe has one for its second, and until it can be used again."""
    rests_s = {False: 1.0, True: 60.0}
    monkeypatch.setattr(room, "free_ports", lambda: 500)
    monkeypatch.setattr(room, "port_rests_s", lambda *, remote: rests_s[remote])
    unused: Any = None
    given = (unused, unused, unused, runs.METHOD, tmp_path)
    with contextlib.closing(Stepping(*given, remote=remote)) as stepping:
        if most:
            assert stepping.lacks_ports(most) is None
        assert stepping.most_with_ports == most
        spared = stepping.lacks_ports(most + 1)
    assert spared is not None
    wanted = most + 1 + 100 * (1 + rests_s[remote])
    figures = {"slow_clients": most + 1, "wanted": wanted, "free": 500}
    assert (spared.kind, spared.figures) == (NO_PORTS, figures)


def test_server_that_calms_down_late_is_held_when_it_has(lab: Lab) -> None:
    """Three seconds of work for those that came belong to their arrival."""
    stack = odd("--burn-s", "3")
    profile = short(arrive_per_s=4.0)
    recording, cell = lab.hold(stack, "idle", profile, taking(0, 8))
    arrival = cell.steps[1].arrival
    assert arrival is not None
    assert arrival.settled
    assert arrival.lasted_s >= 3.0
    assert recording.steps[1].settled == 1


def test_server_that_never_comes_to_rest_is_measured_all_the_same(lab: Lab) -> None:
    # The first one sets it to work, and the last one comes two seconds later.
    stack, profile = odd("--burn-s", "60"), short(settle_s=1.5, arrive_per_s=4.0)
    _, cell = lab.hold(stack, "idle", profile, taking(0, 8))
    arrival = cell.steps[1].arrival
    assert arrival is not None
    assert not arrival.settled
    assert arrival.lasted_s >= 1.5
    assert cell.steps[1].attempted >= 39


@pytest.mark.long
def test_stack_has_recovered_when_all_are_answered_in_time_however_late(
    lab: Lab,
) -> None:
    """30 silent clients share 20 greenlets by turns of 2 s: each request waits 0.5 s,
    before harm and after it."""
    gevent = STACKS["wsgi-gunicorn-gevent"]
    stack = gevent.with_counts(1, None, None, worker_connections=20)
    recovered = []

    def script(steps: Stepping) -> None:
        steps.take(0, long=False)
        steps.take(30, long=False)
        steps.take(60, long=False)
        recovered.append(steps.recover(30))

    lab.hold(stack, "idle", short(), script)
    assert recovered == [True]


def test_server_that_leaks_descriptors_runs_out_of_them(lab: Lab) -> None:
    """One with each request: the baseline alone is too much."""
    _, cell = lab.hold(odd("--leaks"), "idle", short(hold_s=0.7), taking(0))
    assert cell.capacity.degrades_at == 0
    assert cell.capacity.ran_out == Supply.DESCRIPTORS


@pytest.mark.long
def test_kernel_memory_of_large_buffers_is_seen(lab: Lab) -> None:
    """Of idle connections the kernel holds next to nothing."""
    stack = odd("--sndbuf", "200000", nofile=256)
    _, reading = lab.hold(stack, "slow-read", short(), taking(0, 16, 32))
    _, idle = lab.hold(stack, "idle", short(), taking(0, 16, 32))
    large = reading.server.kernel_kb_per_slow_client
    small = idle.server.kernel_kb_per_slow_client
    assert large is not None
    assert small is not None
    assert small < 20
    assert 200 < large < 1000


@pytest.mark.parametrize(
    ("from_s", "to_s", "due"),
    [(9.0, 10.0, 0), (9.0, 10.5, 50), (10.0, 11.0, 100), (10.001, 10.011, 1)],
)
def test_requests_are_due_from_when_the_probe_began(
    from_s: float, to_s: float, due: int
) -> None:
    assert Probing(began_s=10.0, rate_per_s=100.0).due(from_s, to_s) == due
