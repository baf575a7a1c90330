"""A log takes little room, and begins and ends as it was written."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path
from types import SimpleNamespace

import pytest

from loadtests.servers import guard as guards
from loadtests.servers.guard import (
    CAP_BYTES,
    HEAD_BYTES,
    PATIENCE_S,
    TAIL_BYTES,
    Logs,
    shorten,
)
from loadtests.servers.logs import text_of, written_mb
from loadtests.servers.processes import Guard, started, wait_until

MIDDLE = b"x" * (4 * CAP_BYTES)


@pytest.fixture
def log(tmp_path: Path) -> Path:
    (tmp_path / "log").write_bytes(b"first\n")
    return tmp_path / "log"


@pytest.fixture(params=["holes", "no holes"])
def holes(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> bool:
    """Not every file system has them."""
    if request.param == "no holes":
        monkeypatch.setattr(guards, "_punched", lambda *_: None)
    known: bool = request.param == "holes"
    return known


def append(log: Path, *parts: bytes) -> None:
    with log.open("ab") as file:
        for part in parts:
            file.write(part)


def room(log: Path) -> int:
    """What it takes of the disk."""
    return 512 * log.stat().st_blocks


def attending(log: Path) -> Logs:
    logs = Logs()
    logs.attend([os.fsencode(log)])
    return logs


def test_long_log_keeps_its_beginning_and_its_end(log: Path, holes: bool) -> None:
    logs = attending(log)
    written = log.stat().st_size
    for number in range(3):
        said = b"\nit was an error: %d\n" % number
        append(log, MIDDLE, said)
        written += len(MIDDLE) + len(said)
        assert logs.cut()
        assert room(log) <= CAP_BYTES
        if holes:
            assert written_mb(log) == written / 1024**2
    text = text_of(log)
    assert text.startswith("first\nxxx")
    assert text.endswith("xxx\nit was an error: 2\n")
    assert len(text) <= CAP_BYTES


def test_log_that_is_no_more_written_is_as_short_as_it_looks(log: Path) -> None:
    logs = attending(log)
    append(log, MIDDLE, b"last")
    logs.cut()
    shorten(os.fsencode(log))
    assert log.stat().st_size < HEAD_BYTES + TAIL_BYTES + 100
    said = log.read_bytes()
    left_out = len(b"first\n") + len(MIDDLE) + len(b"last") - HEAD_BYTES - TAIL_BYTES
    assert b"x\n[%d bytes are left out here]\nx" % left_out in said
    assert b"\0" not in said
    shorten(os.fsencode(log))
    assert log.read_bytes() == said


def test_log_up_to_its_cap_is_whole(log: Path, holes: bool) -> None:
    logs = attending(log)
    append(log, MIDDLE[: CAP_BYTES - len(b"first\n")])
    logs.cut()
    shorten(os.fsencode(log))
    assert log.stat().st_size == CAP_BYTES
    assert b"\0" not in log.read_bytes()
    assert len(text_of(log)) == HEAD_BYTES + 1 + TAIL_BYTES


@pytest.mark.parametrize("events", [True, False], ids=["events", "no events"])
def test_log_is_cut_as_soon_as_it_is_written(
    log: Path, monkeypatch: pytest.MonkeyPatch, events: bool
) -> None:
    """A user may have 128 queues of events; then there is none to be had."""
    if not events:
        none = SimpleNamespace(inotify_init1=lambda *_: -1)
        none.inotify_add_watch = lambda *_: -1
        none.fallocate = guards._LIBC.fallocate
        monkeypatch.setattr(guards, "_LIBC", none)
    logs = attending(log)
    reads, writes = os.pipe()
    thread = threading.Thread(target=logs.cut_until_readable, args=(reads,))
    thread.start()
    append(log, b"a little")
    append(log, MIDDLE)
    short = wait_until(lambda: room(log) <= CAP_BYTES, 20)
    os.write(writes, b"!")
    thread.join()
    os.close(reads)
    os.close(writes)
    assert short
    assert log.stat().st_size > len(MIDDLE)


def test_log_that_is_gone_or_begun_anew_is_no_trouble(log: Path) -> None:
    logs = attending(log)
    append(log, MIDDLE)
    assert logs.cut()
    log.unlink()
    assert not logs.cut()
    shorten(os.fsencode(log))
    assert not log.exists()
    log.write_bytes(b"anew")
    assert not logs.cut()
    append(log, MIDDLE)
    assert logs.cut()
    assert room(log) <= CAP_BYTES


def test_no_log_has_nothing_in_it() -> None:
    assert written_mb(None) == 0.0


# Says much when it is told to, and at its end.
TALKS = f"""
import os, signal, sys
def much(*_):
    os.write(2, b"x" * {len(MIDDLE)})
def ends(*_):
    much()
    os.write(2, b"\\ngood bye\\n")
    os._exit(0)
signal.signal(signal.SIGTERM, ends)
print("up", flush=True)
for _ in sys.stdin:
    much()
    print("said", flush=True)
"""


def test_log_of_a_group_is_kept_short_all_the_time(
    guard: Guard, tmp_path: Path
) -> None:
    log = tmp_path / "a log with\na line"
    argv = ["python", "-c", TALKS]
    with started(guard, argv, log, cwd=tmp_path, pipes=True) as group:
        said, told = group.process.stdout, group.process.stdin
        assert said is not None
        assert told is not None
        assert said.readline() == b"up\n"
        for number in (1, 2):
            told.write(b"talk\n")
            told.flush()
            assert said.readline() == b"said\n"
            assert log.stat().st_size == number * len(MIDDLE)
            assert wait_until(lambda: room(log) <= CAP_BYTES, 20)
        assert group.last_words().startswith(f"{log} ends: xxx")
    assert log.stat().st_size < HEAD_BYTES + TAIL_BYTES + 100
    assert group.last_words() == f"{log} ends: good bye"


# Says much at its end, and then does not end.
STUBBORN = f"""
import os, signal, time
signal.signal(signal.SIGTERM, lambda *_: os.write(2, b"x" * {len(MIDDLE)}))
print("up", flush=True)
while True:
    time.sleep(60)
"""
OWNER = """
import sys
from pathlib import Path
from loadtests.servers.processes import guarded, started
with guarded() as guard:
    log, argv = Path(sys.argv[1]), ["python", "-c", sys.argv[2]]
    with started(guard, argv, log, cwd=log.parent, pipes=True) as group:
        group.process.stdout.readline()
        print(group.id, flush=True)
        sys.stdin.read()
"""


def test_log_is_kept_short_when_its_owner_was_killed(log: Path) -> None:
    argv, pipe = [sys.executable, "-c", OWNER, str(log), STUBBORN], subprocess.PIPE
    with subprocess.Popen(argv, stdin=pipe, stdout=pipe) as owner:
        assert owner.stdout is not None
        group_id = int(owner.stdout.readline())
        owner.kill()

    def is_long_and_short() -> bool:
        return log.stat().st_size > len(MIDDLE) and room(log) <= CAP_BYTES

    try:
        assert wait_until(is_long_and_short, PATIENCE_S - 0.5)
    finally:
        os.kill(group_id, signal.SIGKILL)
    ended = HEAD_BYTES + TAIL_BYTES + 100
    assert wait_until(lambda: log.stat().st_size < ended, 20)
