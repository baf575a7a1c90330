"""Slow clients and the probe against real servers, seen from both sides."""

from __future__ import annotations

import contextlib
import dataclasses
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from loadtests import ROOT
from loadtests.catalog.stacks import HOST, STACKS
from loadtests.clients import wire
from loadtests.records import samples
from loadtests.records.samples import Sample, Visit, read_samples
from loadtests.servers.processes import Guard, started, wait_until
from loadtests.servers.server import Server, running
from tests.conftest import UNFRONTED, Servers, runnable
from tests.surroundings import SEND_BUFFER

CHUNKS, SIZE = 512, 65536
HELD_BACK_UNDER = CHUNKS * SIZE / 2
# daphne and nginx keep all of an answer for a client, waitress somewhat over 16 MB.
BUFFERED = {
    "asgi-daphne": CHUNKS * SIZE,
    "wsgi-gunicorn-sync-nginx": CHUNKS * SIZE,
    "wsgi-waitress": 17 * 2**20,
}
# Of those with nginx in front one: tests/servers/test_front.py has more of them.
WATCHED = [*UNFRONTED, "wsgi-gunicorn-sync-nginx"]
PATIENCE_S = 15.0


class Witness:
    """What tests/apps/witness.py noted, read back."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def words(self) -> list[str]:
        return self.path.read_text().split(maxsplit=1) if self.path.exists() else []

    def taken(self) -> int:
        return int(self.words()[0]) if self.words() else 0

    def ended(self) -> str:
        return self.words()[1] if len(self.words()) > 1 else ""

    def await_standstill(self, *, begins: bool) -> int:
        """The count once it has not moved for half a second, and has begun to where it
        `begins`. After losses the kernel gives a connection a small buffer at first, in
        which not one piece has room (tcp(7), tcp_no_metrics_save)."""
        last, since = -1, time.monotonic()

        def still() -> bool:
            nonlocal last, since
            now = self.taken()
            if now != last:
                last, since = now, time.monotonic()
            moved = now > 0 or not begins
            return moved and time.monotonic() - since > 0.5

        assert wait_until(still, PATIENCE_S), (
            f"the app's answer never came to a standstill: {last}, of {self.words()}"
        )
        return last


Watched = tuple[Server, Witness]


@pytest.fixture(scope="module", params=runnable(WATCHED))
def watching(
    request: pytest.FixtureRequest,
    guard: Guard,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Watched]:
    """A server of each stack, and what its app notes of the answers that it makes."""
    folder, stack = tmp_path_factory.mktemp("witness"), STACKS[request.param]
    witness = Witness(folder / "witness")
    stack = dataclasses.replace(stack, app=f"tests.apps.witness:{stack.interface}")
    with contextlib.ExitStack() as block:
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("WITNESS", str(witness.path))
            server = block.enter_context(running(stack, guard, folder / "log"))
        yield server, witness


@pytest.fixture
def watched(watching: Watched) -> Watched:
    watching[1].path.unlink(missing_ok=True)
    return watching


def ask_for_stream(server: Server, chunks: int, interval_ms: int = 0) -> socket.socket:
    sock = wire.connect(server.address, receive_buffer=wire.SMALL_RECEIVE_BUFFER)
    target = f"/stream?chunks={chunks}&size={SIZE}&interval_ms={interval_ms}"
    head = f"GET {target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    sock.sendall(head.encode())
    return sock


def test_slow_reader_holds_the_app_back_and_not_for_good(watched: Watched) -> None:
    server, witness = watched
    buffered = BUFFERED.get(server.stack.id, 0)
    with ask_for_stream(server, CHUNKS) as sock:
        assert sock.recv(512)
        taken = witness.await_standstill(begins=buffered > 0)
        most = max(buffered + SEND_BUFFER, HELD_BACK_UNDER)
        assert 0.9 * buffered <= taken <= most
        assert bool(witness.ended()) == (buffered == CHUNKS * SIZE)
        sock.settimeout(PATIENCE_S)
        while sock.recv(2**20):
            pass
        assert wait_until(lambda: witness.ended() == "whole", PATIENCE_S)
        assert witness.taken() == CHUNKS * SIZE


# a2wsgi hears of a disconnect nowhere: its app runs on to the end of its answer.
@pytest.mark.parametrize(
    "watching", runnable(s for s in WATCHED if s != "wsgi-uvicorn"), indirect=True
)
def test_endless_stream_ends_when_its_client_leaves(watched: Watched) -> None:
    server, witness = watched
    with ask_for_stream(server, 999_999_999, interval_ms=5) as sock:
        heard = 0
        while heard < SIZE:  # uWSGI gives up a client that does not read for 4 s
            heard += len(piece := sock.recv(SIZE))
            assert piece
        assert wait_until(lambda: witness.taken() >= SIZE, PATIENCE_S)
        before = witness.taken()
    assert wait_until(lambda: witness.ended() in ("closed", "left early"), PATIENCE_S)
    assert (witness.taken() - before) / SIZE < 100  # half a second, if the app is free


@pytest.mark.parametrize("watching", ["wsgi-uvicorn"], indirect=True)
def test_stream_on_a2wsgi_runs_on_without_its_client(watched: Watched) -> None:
    server, witness = watched
    with ask_for_stream(server, CHUNKS) as sock:
        assert sock.recv(512)
    assert wait_until(lambda: bool(witness.ended()), PATIENCE_S)
    assert witness.words() == [str(CHUNKS * SIZE), "whole"]


def locust(file: str, *options: str) -> list[str]:
    return ["python", "-m", "locust", "-f", f"loadtests/clients/{file}", *options]


HOLD_S = 2
STEPS = ("--levels", "0,3", "--hold-s", str(HOLD_S), "--release-s", "4")
# What Locust is run with, and against which stack; None: a listener that never accepts.
RUNS: dict[str, tuple[str | None, tuple[str, ...]]] = {
    "Idle": ("asgi-uvicorn", ("slow_clients.py", *STEPS, "Idle")),
    "SlowHeaders": ("asgi-gunicorn", ("slow_clients.py", *STEPS, "SlowHeaders")),
    "SlowBody": ("wsgi-gunicorn-gthread", ("slow_clients.py", *STEPS)),
    "SlowRead": (
        "asgi-uvicorn",
        ("slow_clients.py", *STEPS, "--scenario", "slow-read"),
    ),
    "dropped": (
        "wsgi-gunicorn-gevent",
        (
            *("slow_clients.py", "--levels", "2"),
            *("--hold-s", "5", "--release-s", "1", "Idle"),
        ),
    ),
    "knocking": (None, ("slow_clients.py", *STEPS, "Idle")),
    "probe": ("asgi-uvicorn", ("probe.py", "--rate", "50", "--lasts-s", "2")),
    "unanswered": (
        None,
        ("probe.py", "--rate", "50", "--lasts-s", "1", "--deadline-s", "0.4"),
    ),
}


@pytest.fixture(scope="module")
def recorded(
    servers: Servers, guard: Guard, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """The raw records of all RUNS, in a folder each; they all run at the same time."""
    folder = tmp_path_factory.mktemp("locust")
    with contextlib.ExitStack() as stack:
        silent = stack.enter_context(socket.create_server((HOST, 0)))
        full = stack.enter_context(socket.create_server((HOST, 0), backlog=0))
        groups = []
        for name, (stack_id, (file, *options)) in RUNS.items():
            nobody = full if name == "knocking" else silent
            port = servers[stack_id].port if stack_id else nobody.getsockname()[1]
            (folder / name).mkdir()
            where = ("--host", f"http://{HOST}:{port}", "--raw", str(folder / name))
            argv = locust(file, "--headless", *where, *options)
            log = folder / f"{name}.log"
            groups.append(stack.enter_context(started(guard, argv, log, cwd=ROOT)))
        assert wait_until(lambda: all(group.exited for group in groups), 60)
    return folder


@pytest.mark.parametrize("name", ["Idle", "SlowHeaders", "SlowBody", "SlowRead"])
def test_slow_clients_climb_are_held_and_leave(recorded: Path, name: str) -> None:
    """A staircase without a harness, as `--levels` asks Locust for it."""
    visits = read_samples(recorded / name, samples.VISITS_FILE, Visit)
    assert [visit.fate for visit in visits] == ["held"] * 3
    # They are let go when their step is over, and not when Locust ends.
    lasted_s = [visit.ended_s - visit.began_s for visit in visits]
    assert max(lasted_s) < HOLD_S + 3
    assert min(lasted_s) > 0  # on a busy machine they come late


def test_slow_clients_before_a_full_backlog_are_there_too(recorded: Path) -> None:
    """Linux keeps one more than it is told, and leaves the others without an answer."""
    visits = read_samples(recorded / "knocking", samples.VISITS_FILE, Visit)
    assert sorted(visit.fate for visit in visits) == ["held", "refused", "refused"]
    assert {visit.client for visit in visits} == {0, 1, 2}


def test_slow_clients_that_are_dropped_are_recorded_and_come_back(
    recorded: Path,
) -> None:
    """gunicorn's gevent worker hangs up after 2 s without a request."""
    visits = read_samples(recorded / "dropped", samples.VISITS_FILE, Visit)
    dropped = [visit for visit in visits if visit.fate == "closed"]
    assert {visit.client for visit in dropped} == {0, 1}
    assert all(visit.ended_s - visit.began_s > 1.5 for visit in dropped)
    assert len(visits) >= 4


def test_probe_keeps_its_rate_and_checks_its_answers(recorded: Path) -> None:
    taken = read_samples(recorded / "probe", samples.SAMPLES_FILE, Sample)
    assert len(taken) == 100
    assert not [sample for sample in taken if sample.fault]
    intended = sorted(sample.intended_s for sample in taken)
    assert intended[-1] - intended[0] == pytest.approx(99 / 50)


def test_probe_counts_from_the_intended_start_when_nobody_answers(
    recorded: Path,
) -> None:
    """Every request is late, and none delays another."""
    taken = read_samples(recorded / "unanswered", samples.SAMPLES_FILE, Sample)
    assert len(taken) == 50
    assert {sample.fault for sample in taken} == {"late"}
    lateness_s = sorted(s.started_s - s.intended_s for s in taken)
    # One after the other they would leave up to 20 s late, and half of them over 9 s.
    assert lateness_s[25] < 1
    assert lateness_s[-1] < 5
