"""A log is never longer than its cap, and begins and ends as it was written."""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from loadtests.servers import logs
from loadtests.servers.guard import CAP_BYTES, HEAD_BYTES, PIPE_BYTES
from loadtests.servers.logs import Log, written_mb
from tests.disk import disk_with_room_for

MANY = 16 * PIPE_BYTES


class Said:
    """A log, and whoever writes to it; no guard is there."""

    def __init__(self, path: Path, stack: contextlib.ExitStack) -> None:
        self.log, self.path = Log(path), path
        stack.callback(self.log.close)
        self._to_write = stack.enter_context(self.log.begun())

    def say(self, said: bytes) -> None:
        for begins in range(0, len(said), PIPE_BYTES):
            os.write(self._to_write, said[begins : begins + PIPE_BYTES])
            self.log.write()
            assert self.path.stat().st_size <= CAP_BYTES


@pytest.fixture
def stack() -> Iterator[contextlib.ExitStack]:
    with contextlib.ExitStack() as stack:
        yield stack


@pytest.fixture
def server(tmp_path: Path, stack: contextlib.ExitStack) -> Said:
    return Said(tmp_path / "log", stack)


def test_long_log_keeps_its_beginning_and_its_end(server: Said) -> None:
    server.say(b"first\n")
    written = len(b"first\n")
    for number in range(3):
        said = b"x" * MANY + b"\nit was an error: %d\n" % number
        server.say(said)
        written += len(said)
        assert written_mb(server.log) == written / 1024**2
    text = server.log.text()
    assert text.startswith("first\nxxx")
    assert text.endswith("xxx\nit was an error: 2\n")
    head, note, tail = text[:HEAD_BYTES], *text[HEAD_BYTES + 2 :].split("]\n", 1)
    left_out = written - len(head) - len(tail)
    assert note == f"{left_out:15d} bytes are left out here"


def test_log_up_to_its_cap_is_whole(server: Said) -> None:
    server.say(b"x" * CAP_BYTES)
    assert server.log.text() == "x" * CAP_BYTES
    server.say(b"y")
    assert server.path.stat().st_size < CAP_BYTES
    assert server.log.length() == CAP_BYTES + 1
    assert server.log.text().endswith("xy")


def test_log_that_is_gone_or_begun_anew_keeps_no_server_waiting(server: Said) -> None:
    server.say(b"first\n")
    server.path.unlink()
    for _ in range(2):
        os.write(server._to_write, b"x" * PIPE_BYTES)
        server.log.write()
    assert not server.path.exists()
    server.path.touch()
    server.say(b"anew\n")
    assert server.log.text() == "anew\n"


def test_groups_with_one_log_write_one_after_the_other(
    server: Said, stack: contextlib.ExitStack
) -> None:
    other = Said(server.path, stack)
    for said in (b"1 ", b"3 "):
        server.say(said)
        other.say(b"2 ")
    other.say(b"x" * MANY)
    server.say(b"last")
    assert server.log.text() == other.log.text()
    assert server.log.text().startswith("1 2 3 2 xxx")
    assert server.log.text().endswith("xxxlast")
    assert server.log.length() == len(b"1 2 3 2 last") + MANY


@pytest.mark.parametrize("before", [b"", b"x" * CAP_BYTES], ids=["short", "long"])
def test_full_disk_keeps_no_server_waiting(server: Said, before: bytes) -> None:
    server.say(before)
    with disk_with_room_for(HEAD_BYTES + 5):
        server.say(b"y" * MANY)
    head = (before + b"y" * MANY)[:HEAD_BYTES].decode()
    assert server.log.text()[:HEAD_BYTES] == head
    server.say(b"last\n")
    assert server.log.text().endswith("last\n")


def test_log_that_is_locked_for_long_is_read_as_it_is(
    server: Said, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logs, "_PATIENCE_S", 0.05)
    server.say(b"first\n")
    with server.path.open("rb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        os.write(server._to_write, b"second\n")
        assert server.log.text() == "first\n"
    assert server.log.text() == "first\nsecond\n"


def test_no_log_has_nothing_in_it() -> None:
    assert written_mb(None) == 0.0


def test_lines_of_a_log_end_as_those_of_a_text(server: Said) -> None:
    server.say(b"HTTP/1.1 200 OK\r\n\r\nhello\n")
    assert server.log.text() == "HTTP/1.1 200 OK\n\nhello\n"
