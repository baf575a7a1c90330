"""A fleet: to the harness it is one process of slow clients; lacking a worker, none."""

from __future__ import annotations

import contextlib
import os
import signal
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from loadtests.catalog.stacks import HOST
from loadtests.experiments.generators import (
    await_ready_line,
    booting,
    fleet_argv,
    locust_argv,
    tell,
)
from loadtests.servers.processes import Group, Guard, wait_until
from tests.catalog import slow_trailers
from tests.clients.steered import Led
from tests.clients.test_steering import Door
from tests.clients.test_steering import door as door


@contextlib.contextmanager
def fleet(
    guard: Guard, port: int, folder: Path, workers: int = 2
) -> Iterator[tuple[Led, Sequence[Group], list[str]]]:
    """The fleet that is led, its workers, and the words that start one more."""
    argv = [*locust_argv("slow_clients.py", port, folder), "--scenario", "idle"]
    master, *others = fleet_argv(argv, workers)
    with contextlib.ExitStack() as stack:
        led, *groups = [
            stack.enter_context(booting(guard, one, folder / f"{number}.log"))
            for number, one in enumerate([master, *others])
        ]
        await_ready_line(led)
        yield Led(led, folder), groups, others[-1]


def test_fleet_is_led_as_one_process(door: Door, guard: Guard, tmp_path: Path) -> None:
    with fleet(guard, door.port, tmp_path) as (clients, _, _):
        for number in (9, 4, 7, 0):
            assert clients.go_to(number)[0] == number
            assert wait_until(lambda number=number: door.there() == number, 5)  # type: ignore[misc]
        visits = clients.visits()
        assert len({visit.client for visit in visits}) == len(visits) == 12
        assert {visit.fate for visit in visits} == {"held"}
        # By the master's clock: each came when the door saw it, or a little before.
        # (Each worker has tried the way before, from its usual address.)
        came = zip(door.came_s, door.came_from, strict=True)
        slow_s = [at_s for at_s, source in came if source != HOST]
        came_s = zip(sorted(v.began_s for v in visits), slow_s, strict=True)
        assert all(-1 < seen_s - began_s < 5 for began_s, seen_s in came_s)
        from_each = Counter(one for one in door.came_from if one != HOST)
        assert sorted(from_each) == ["127.0.0.2", "127.0.0.3"]
        assert max(from_each.values()) <= 7


def test_fleet_that_lacks_a_worker_ends_and_says_so(
    door: Door, guard: Guard, tmp_path: Path
) -> None:
    """One that has too much to do is as good as gone."""
    with fleet(guard, door.port, tmp_path) as (clients, workers, _):
        assert clients.go_to(4)[0] == 4
        os.killpg(workers[0].id, signal.SIGSTOP)
        assert wait_until(lambda: clients.group.exited, 20)
        assert "no sign of" in clients.group.last_words()
        os.killpg(workers[0].id, signal.SIGCONT)
        assert wait_until(lambda: workers[1].exited, 20), "it was told to end"


@pytest.mark.long
def test_worker_that_joins_late_gets_no_slow_clients(
    door: Door, guard: Guard, tmp_path: Path
) -> None:
    with fleet(guard, door.port, tmp_path, workers=1) as (clients, _, one_more):
        assert clients.go_to(2)[0] == 2
        late = [*one_more[:-1], "127.0.0.9"]
        with booting(guard, late, tmp_path / "late.log") as group:
            assert not wait_until(lambda: group.exited, 3)
            assert clients.go_to(6)[0] == 6
            assert "127.0.0.9" not in door.came_from
            clients.end()
            assert wait_until(lambda: group.exited, 10)


def test_worker_that_cannot_do_what_it_is_told_says_why(
    door: Door, guard: Guard, tmp_path: Path
) -> None:
    """One of another version, which does not know the scenario of the master."""
    more = locust_argv("slow_clients.py", door.port, tmp_path, slow_trailers.__file__)
    trailers = [*more, "--scenario", slow_trailers.SLOW_TRAILERS.id]
    less = locust_argv("slow_clients.py", door.port, tmp_path)
    master, worker = fleet_argv(trailers, 1)
    worker = [*less, *worker[len(trailers) :]]
    with (
        booting(guard, master, tmp_path / "0.log") as group,
        booting(guard, worker, tmp_path / "1.log"),
    ):
        await_ready_line(group)
        tell(group, 2)
        assert wait_until(lambda: group.exited, 20)
        assert "no scenario 'slow-trailers'" in group.last_words()
