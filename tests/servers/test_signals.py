"""What make keeps to itself is heard, once; and a real make, to hear it from."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path
from types import FrameType

import pytest

from loadtests.servers.processes import wait_until
from loadtests.servers.signals import ends_by, hearing

# make hands on SIGTERM, and waits for what it has started after one of these.
KEPT = (signal.SIGINT, signal.SIGHUP)


@contextlib.contextmanager
def waiting_make(folder: Path, *, ignores: bool = False) -> Iterator[int]:
    """A make that waits for a command which hears of nothing."""
    (folder / "Makefile").write_text("all:\n\t@tail -f Makefile\n")
    # Whatever ignores them above us, as a shell does for what is in the background.
    before = {number: signal.signal(number, signal.SIG_DFL) for number in KEPT}
    if ignores:
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        make = subprocess.Popen(
            ["make", "-s"],
            cwd=folder,
            stdout=subprocess.PIPE,
            start_new_session=True,
        )
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    with make:
        try:
            assert make.stdout is not None
            assert make.stdout.readline() == b"all:\n"  # its command runs
            yield make.pid
        finally:
            os.killpg(make.pid, signal.SIGKILL)


@pytest.fixture
def heard() -> Iterator[list[int]]:
    """The signals that came to us, instead of what they would do."""
    found: list[int] = []

    def hear(number: int, _: FrameType | None) -> None:
        found.append(number)

    before = {number: signal.signal(number, hear) for number in KEPT}
    yield found
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.mark.parametrize("number", KEPT)
def test_signal_that_make_keeps_to_itself_comes_to_us(
    number: signal.Signals, tmp_path: Path, heard: list[int]
) -> None:
    with waiting_make(tmp_path) as make:
        assert ends_by(make) is None
        with hearing(make):
            os.kill(make, number)
            assert wait_until(lambda: bool(heard), 20)
        assert ends_by(make) == number
    assert heard == [number]


def test_signal_that_came_to_us_too_comes_once(
    tmp_path: Path, heard: list[int]
) -> None:
    """As a terminal sends it, to the whole group."""
    threads = threading.active_count()
    with waiting_make(tmp_path) as make, hearing(make):
        assert threading.active_count() == threads + 1
        signal.raise_signal(signal.SIGINT)
        os.kill(make, signal.SIGINT)
        assert wait_until(lambda: ends_by(make) is not None, 20)
        assert wait_until(lambda: threading.active_count() == threads, 20)
    assert heard == [signal.SIGINT]


def test_signal_that_make_ignores_is_none(tmp_path: Path) -> None:
    """As nohup has it. It is blocked besides, by whoever started make."""
    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGHUP])
    try:
        with waiting_make(tmp_path, ignores=True) as make:
            os.kill(make, signal.SIGHUP)
            assert ends_by(make) is None
            os.kill(make, signal.SIGINT)
            assert wait_until(lambda: ends_by(make) == signal.SIGINT, 20)
    finally:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGHUP])


def test_parent_that_is_no_make_is_not_watched(heard: list[int]) -> None:
    threads, handlers = threading.active_count(), signal.getsignal(signal.SIGINT)
    with hearing(os.getpid()):
        assert threading.active_count() == threads
        assert signal.getsignal(signal.SIGINT) is handlers
    with subprocess.Popen(["true"]) as over:
        over.wait()
    assert ends_by(over.pid) is None
    assert heard == []


def test_handlers_are_as_before(tmp_path: Path, heard: list[int]) -> None:
    before = [signal.getsignal(number) for number in KEPT]
    with waiting_make(tmp_path) as make:
        with hearing(make):
            assert [signal.getsignal(number) for number in KEPT] != before
        assert [signal.getsignal(number) for number in KEPT] == before
    assert heard == []
