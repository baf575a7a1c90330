"""A generator that cannot write what it sees ends, and so does the run."""

from __future__ import annotations

import contextlib
import errno
import resource
import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from loadtests.catalog.stacks import HOST
from loadtests.experiments.asking import Asking
from loadtests.experiments.generators import (
    await_ready_line,
    booting,
    bring,
    ended_first,
    locust_argv,
    see_that_it_runs,
    tell,
)
from loadtests.servers.processes import Group, Guard, wait_until

IDLE = ("--scenario", "idle", "--arrive-per-s", "100")


@contextlib.contextmanager
def ready(guard: Guard, folder: Path, file: str, *options: str) -> Iterator[Group]:
    """A generator of ours that waits for its first line; its server only listens."""
    with socket.create_server((HOST, 0)) as listener:
        argv = locust_argv(file, listener.getsockname()[1], folder)
        with booting(guard, [*argv, *options], folder / "log") as group:
            await_ready_line(group)
            see_that_it_runs(group)
            yield group


def fill_the_disk(group: Group) -> None:
    """Its files can become no longer: what was written of them has more bytes."""
    one = (1, resource.getrlimit(resource.RLIMIT_FSIZE)[1])
    resource.prlimit(group.process.pid, resource.RLIMIT_FSIZE, one)


def probing(group: Group, folder: Path) -> None:
    tell(group, time.monotonic())
    assert wait_until(lambda: group.exited, 20.0)
    see_that_it_runs(group)


def asking(group: Group, folder: Path) -> None:
    Asking(group, folder, deadline_s=1.0).step(20.0)


def coming_and_leaving(group: Group, folder: Path) -> None:
    for number in (4, 0):
        bring(group, number, 100.0, wait_until)


def telling(group: Group, folder: Path) -> None:
    """The one that has left found no room to be recorded."""
    assert bring(group, 1, 100.0, wait_until) == 1
    tell(group, 0)
    assert wait_until(lambda: group.exited, 20.0)
    tell(group, 1)


@pytest.mark.parametrize(
    ("file", "options", "does"),
    [
        ("probe.py", (), probing),
        ("probe.py", ("--bursts",), asking),
        ("slow_clients.py", IDLE, coming_and_leaving),
        ("slow_clients.py", IDLE, telling),
    ],
    ids=["probe", "rates", "slow clients", "slow clients that are told"],
)
def test_record_that_cannot_be_written_is_an_error_of_the_disk(
    guard: Guard,
    tmp_path: Path,
    file: str,
    options: tuple[str, ...],
    does: Callable[[Group, Path], None],
) -> None:
    """Not requests that were not sent, nor fates that were not met."""
    with ready(guard, tmp_path, file, *options) as group:
        fill_the_disk(group)
        with pytest.raises(OSError, match="File too large") as refused:
            does(group, tmp_path)
    assert refused.value.errno == errno.EFBIG
    assert refused.value.filename == str(tmp_path)


def test_records_that_cannot_be_begun_are_an_error_of_the_disk(
    guard: Guard, tmp_path: Path
) -> None:
    gone = tmp_path / "gone"
    with booting(guard, locust_argv("probe.py", 1, gone), tmp_path / "log") as group:
        with pytest.raises(FileNotFoundError) as refused:
            await_ready_line(group)
        assert refused.value.filename == str(gone)


@pytest.mark.parametrize("file", ["probe.py", "slow_clients.py"])
def test_generator_does_not_wait_for_its_server_where_a_run_is_stopped(
    guard: Guard, tmp_path: Path, file: str
) -> None:
    """A server that ends may be waiting for its slow clients."""
    with ready(guard, tmp_path, file) as group:
        with pytest.raises(KeyboardInterrupt), ended_first([group]):
            raise KeyboardInterrupt
        assert wait_until(lambda: group.exited, 20.0), "its block is not over yet"
