"""Slow clients and the probe as the harness leads them, against a real listener."""

from __future__ import annotations

import contextlib
import itertools
import select
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from loadtests.catalog.stacks import HOST
from loadtests.experiments.generators import (
    await_ready_line,
    booting,
    locust_argv,
    tell,
)
from loadtests.records.samples import SAMPLES_FILE, Sample, read_samples
from loadtests.servers.processes import Guard, wait_until
from loadtests.servers.server import free_port
from tests.clients.steered import led

IDLE = ("--scenario", "idle")


class Door:
    """A listener that accepts all who come, notes when, and says nothing."""

    def __init__(self, listener: socket.socket) -> None:
        self.port: int = listener.getsockname()[1]
        self.came_s: list[float] = []
        self.came_from: list[str] = []
        self._listener = listener
        self._held: list[socket.socket] = []
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, (address, _) = self._listener.accept()
                self.came_from.append(address)
                self.came_s.append(time.monotonic())
                self._held.append(connection)

    def there(self) -> int:
        """How many of those who came have not left."""
        gone, _, _ = select.select(self._held, [], [], 0)
        return len(self._held) - len(gone)

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._thread.join(5)
        for connection in self._held:
            connection.close()


@pytest.fixture
def door() -> Iterator[Door]:
    with socket.create_server((HOST, 0), backlog=512) as listener:
        door = Door(listener)
        yield door
        door.close()


def test_slow_clients_come_one_after_another_at_the_rate_that_is_asked(
    door: Door, guard: Guard, tmp_path: Path
) -> None:
    before = len(door.came_s)
    with led(guard, door.port, tmp_path, *IDLE, "--arrive-per-s", "50") as clients:
        assert clients.go_to(40)[0] == 40
        came_s = door.came_s[before:]
        assert len(came_s) == 40
        # No faster; on a busy machine some come late, and the next then sooner after.
        assert came_s[-1] - came_s[0] > 0.8 * 39 / 50
        gaps_s = [after - one for one, after in itertools.pairwise(came_s)]
        assert sum(gap_s > 0.005 for gap_s in gaps_s) > 5, "not all at once"


def test_as_many_are_there_as_was_said_and_the_last_that_came_leave_first(
    door: Door, guard: Guard, tmp_path: Path
) -> None:
    with led(guard, door.port, tmp_path, *IDLE) as clients:
        assert clients.go_to(0)[0] == 0
        for number in (8, 5, 7, 7, 2):
            assert clients.go_to(number)[0] == number
            assert wait_until(lambda number=number: door.there() == number, 5)  # type: ignore[misc]
        visits = clients.visits()
        # Of eight, three left; two more came, and of those seven, five left.
        assert [visit.client for visit in visits] == [7, 6, 5, 9, 8, 4, 3, 2]
        assert {visit.fate for visit in visits} == {"held"}


def test_end_of_the_input_is_the_end_and_lets_everybody_go(
    door: Door, guard: Guard, tmp_path: Path
) -> None:
    with led(guard, door.port, tmp_path, *IDLE) as clients:
        clients.go_to(6)
        clients.end()
        assert door.there() == 0
        assert sorted(visit.client for visit in clients.visits()) == [*range(6)]
        assert {visit.fate for visit in clients.visits()} == {"held"}


def test_slow_client_that_is_dropped_was_in_place_and_comes_back(
    guard: Guard, tmp_path: Path
) -> None:
    with socket.create_server((HOST, 0)) as listener:

        def drop() -> None:
            with contextlib.suppress(OSError):
                while True:
                    listener.accept()[0].close()

        thread = threading.Thread(target=drop, daemon=True)
        thread.start()
        port = listener.getsockname()[1]
        with led(guard, port, tmp_path, *IDLE) as clients:
            assert clients.go_to(3)[0] == 3
            assert wait_until(lambda: len(clients.visits()) >= 9, 10)
        assert {visit.fate for visit in clients.visits()} <= {"closed", "reset", "held"}
        listener.shutdown(socket.SHUT_RDWR)
        thread.join(5)


def test_slow_client_that_is_refused_is_in_place_once_it_was(
    guard: Guard, tmp_path: Path
) -> None:
    with led(guard, free_port(), tmp_path, *IDLE) as clients:
        number, took_s = clients.go_to(3)
        assert number == 3
        assert took_s < 5
        assert {visit.fate for visit in clients.visits()} == {"refused"}


def test_slow_clients_before_a_full_backlog_are_waited_for(
    guard: Guard, tmp_path: Path
) -> None:
    """Linux keeps one more than it is told, and leaves the others without an answer."""
    with socket.create_server((HOST, 0), backlog=0) as full:
        port = full.getsockname()[1]
        with led(guard, port, tmp_path, *IDLE) as clients:
            number, took_s = clients.go_to(4)
            assert number == 4
            assert took_s > 4.5  # the time limit of a connect
            clients.end()
        visits = clients.visits()
        assert {visit.client for visit in visits} == {*range(4)}
        assert sum(visit.fate == "held" for visit in visits) == 1


def test_hundreds_leave_at_once(door: Door, guard: Guard, tmp_path: Path) -> None:
    folder = tmp_path / f"{len(door.came_s)}"
    folder.mkdir()
    with led(guard, door.port, folder, *IDLE) as clients:
        _, coming_s = clients.go_to(400)
        _, leaving_s = clients.go_to(0)
        assert len(clients.visits()) == 400
        assert leaving_s < coming_s


def test_probe_begins_when_it_is_told_and_ends_with_its_input(
    guard: Guard, tmp_path: Path
) -> None:
    argv = [*locust_argv("probe.py", free_port(), tmp_path), "--rate", "50"]
    with booting(guard, argv, tmp_path / "probe.log") as probe:
        await_ready_line(probe)
        begins_s = time.monotonic() + 0.5
        tell(probe, begins_s)
        assert wait_until(lambda: len(samples(tmp_path)) >= 25, 10)
        assert probe.process.stdin is not None
        probe.process.stdin.close()
        ended_s = time.monotonic()
        assert wait_until(lambda: probe.exited, 10)
    found = sorted(samples(tmp_path))
    assert found[0].intended_s == pytest.approx(begins_s, abs=1e-6)
    assert found[24].intended_s == pytest.approx(begins_s + 24 / 50, abs=1e-6)
    assert {sample.fault for sample in found} == {"refused"}
    assert found[-1].intended_s < ended_s + 5


def samples(folder: Path) -> list[Sample]:
    try:
        return read_samples(folder, SAMPLES_FILE, Sample)
    except FileNotFoundError:
        return []
