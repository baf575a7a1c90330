"""The guards write the logs of groups, whatever becomes of a guard or of its owner."""

from __future__ import annotations

import array
import contextlib
import fcntl
import os
import select
import signal
import subprocess
import sys
import termios
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from loadtests.servers.guard import CAP_BYTES, PATIENCE_S, PIPE_BYTES
from loadtests.servers.processes import Group, Guard, guarded, started, wait_until

MANY = 16 * PIPE_BYTES
# Says much when it is told to, and at its end.
TALKS = f"""
import os, signal, sys
def say(said):
    while said:
        said = said[os.write(2, said):]
def much(*_):
    say(b"x" * {MANY})
def ends(*_):
    much()
    say(b"\\ngood bye\\n")
    os._exit(0)
signal.signal(signal.SIGTERM, ends)
print("up", flush=True)
for _ in sys.stdin:
    much()
    print("said", flush=True)
while True:
    signal.pause()
"""


@contextlib.contextmanager
def talking(guard: Guard, path: Path) -> Iterator[Group]:
    argv = ["python", "-c", TALKS]
    with started(guard, argv, path, cwd=path.parent, pipes=True) as group:
        assert heard(group) == b"up\n"
        yield group


def heard(group: Group, within_s: float = 20.0) -> bytes:
    """What it says of itself within that time, nothing if it does not."""
    assert group.process.stdout is not None
    readable, _, _ = select.select([group.process.stdout], [], [], within_s)
    return group.process.stdout.readline() if readable else b""


def tell(group: Group) -> None:
    assert group.process.stdin is not None
    group.process.stdin.write(b"talk\n")
    group.process.stdin.flush()


def is_full(group: Group) -> bool:
    """Whether its pipe takes no more."""
    assert group.log is not None
    held = array.array("i", [0])
    fcntl.ioctl(group.log.pipe, termios.FIONREAD, held)
    return held[0] == PIPE_BYTES


@pytest.mark.parametrize("killed", [[], [0], [1]], ids=["none", "first", "second"])
def test_guards_write_the_log_of_a_group(tmp_path: Path, killed: list[int]) -> None:
    path = tmp_path / "a log with\na line"
    with guarded() as guard, talking(guard, path) as group:
        for number in killed:
            os.kill(guard.ids[number], signal.SIGKILL)
        for number in (1, 2):
            tell(group)
            assert heard(group) == b"said\n"
            assert group.log is not None
            assert group.log.length() == number * MANY
            assert path.stat().st_size <= CAP_BYTES
        assert group.last_words().startswith(f"{path} ends: xxx")
    assert path.stat().st_size <= CAP_BYTES
    assert group.last_words() == f"{path} ends: good bye"


def test_server_waits_while_its_guards_do_not_come(tmp_path: Path) -> None:
    """Nothing grows meanwhile, and the server goes on when they do."""
    path = tmp_path / "log"
    with guarded() as guard, talking(guard, path) as group:
        stopped = [psutil.Process(guard_id) for guard_id in guard.ids]
        for process in stopped:
            process.suspend()
        tell(group)
        assert wait_until(lambda: is_full(group), 20)
        assert heard(group, within_s=0.3) == b""
        assert path.stat().st_size == 0
        for process in stopped:
            process.resume()
        assert heard(group) == b"said\n"
        assert group.log is not None
        assert group.log.length() == MANY
        assert path.stat().st_size <= CAP_BYTES


def test_server_ends_though_its_guards_were_killed(tmp_path: Path) -> None:
    """It waits at a full pipe, and says as much again at its end."""
    with guarded() as guard, talking(guard, tmp_path / "log") as group:
        for guard_id in guard.ids:
            os.kill(guard_id, signal.SIGKILL)
        tell(group)
        assert wait_until(lambda: is_full(group), 20)
    assert group.process.returncode == 0
    assert group.said().endswith("xxx\ngood bye\n")


def descriptors(pid: int) -> int:
    return len(os.listdir(f"/proc/{pid}/fd"))


def test_pipe_is_closed_as_soon_as_nobody_writes(guard: Guard, tmp_path: Path) -> None:
    """The end of a pipe would wake the guards for ever."""
    before = [descriptors(pid) for pid in (os.getpid(), *guard.ids)]

    def held() -> list[int]:
        return [descriptors(guard_id) for guard_id in guard.ids]

    with talking(guard, tmp_path / "log") as group:
        assert descriptors(group.id) == 3
        assert wait_until(lambda: held() == [n + 1 for n in before[1:]], 20)
        group.process.kill()
        assert wait_until(lambda: held() == before[1:], 20)
    assert [descriptors(os.getpid()), *held()] == before


# Says much at its end, and then does not end.
STUBBORN = TALKS.replace("os._exit(0)", "")
OWNER = """
import sys
from pathlib import Path
from loadtests.servers.processes import guarded, started
with guarded() as guard:
    log, argv = Path(sys.argv[1]), ["python", "-c", sys.argv[2]]
    with started(guard, argv, log, cwd=log.parent, pipes=True) as group:
        group.process.stdout.readline()
        print(group.id, *guard.ids, flush=True)
        sys.stdin.read()
"""


@pytest.mark.parametrize("killed", [0, 1])
def test_log_is_written_when_its_owner_was_killed(killed: int, tmp_path: Path) -> None:
    log = tmp_path / "log"
    argv, pipe = [sys.executable, "-c", OWNER, str(log), STUBBORN], subprocess.PIPE
    with subprocess.Popen(argv, stdin=pipe, stdout=pipe) as owner:
        assert owner.stdout is not None
        group_id, *guard_ids = map(int, owner.stdout.readline().split())
        for guard_id in guard_ids[:killed]:
            os.kill(guard_id, signal.SIGKILL)
        owner.kill()

    def said_all() -> bool:
        assert log.stat().st_size <= CAP_BYTES
        return log.read_bytes().endswith(b"xxx\ngood bye\n")

    try:
        assert wait_until(said_all, PATIENCE_S - 0.5)
    finally:
        os.kill(group_id, signal.SIGKILL)
