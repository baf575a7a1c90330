"""Whatever a group leaves behind is ended with it, and nothing else is."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from loadtests.servers import guard as guards
from loadtests.servers import processes
from loadtests.servers.guard import STARTED_BY
from loadtests.servers.processes import Group, Guard, guarded, started, wait_until
from loadtests.servers.programs import ProcessError
from tests.surroundings import working_in

# Forks, and the child leaves the group; then both stay, or one.
LEAVES = """
import os, signal, sys, time
stays, stubborn = "stays" in sys.argv, "stubborn" in sys.argv
if os.fork() == 0:
    os.setsid()
    if stubborn:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    if os.fork():
        os._exit(0)
    print("up", flush=True)
    time.sleep(60)
elif stays:
    time.sleep(60)
"""


@contextlib.contextmanager
def leaving(guard: Guard, folder: Path, *ways: str) -> Iterator[Group]:
    """A group that one process has left for good; nothing stays after the test."""
    folder.mkdir(exist_ok=True)
    argv = ["python", "-c", LEAVES, *ways]
    try:
        with started(guard, argv, folder / "log", cwd=folder, pipes=True) as group:
            assert group.process.stdout is not None
            assert group.process.stdout.readline() == b"up\n"
            assert wait_until(
                lambda: len(working_in(folder)) == 1 + ("stays" in ways), 20
            )
            yield group
    finally:
        for process in working_in(folder):
            process.kill()


@pytest.mark.parametrize("ways", [(), ("stays",), ("stubborn",), ("stays", "stubborn")])
def test_what_has_left_its_group_ends_with_it(
    ways: tuple[str, ...],
    guard: Guard,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(processes, "PATIENCE_S", 0.5)
    with leaving(guard, tmp_path, *ways) as group:
        [stray] = group.left() - {process.pid for process in group.members()}
        assert os.getpgid(stray) != group.id
        group.stop()
        assert group.left() == set()
        assert working_in(tmp_path) == []


def test_what_has_left_another_group_goes_on(guard: Guard, tmp_path: Path) -> None:
    """Not even where its run has the same guard."""
    one, other = tmp_path / "one", tmp_path / "other"
    with leaving(guard, one), leaving(guard, other) as group, guarded() as second:
        with leaving(second, tmp_path / "third"):
            group.stop()
        assert working_in(other) == working_in(tmp_path / "third") == []
        assert len(working_in(one)) == 1


def test_group_that_will_not_end_is_an_error(
    guard: Guard, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with leaving(guard, tmp_path) as group:
        with monkeypatch.context() as patched:
            patched.setattr(processes, "PATIENCE_S", 0.1)
            patched.setattr(os, "kill", lambda *_: None)
            says = rf"processes \d+ of group {group.id} will not end"
            with pytest.raises(ProcessError, match=says):
                group.stop()
        assert len(group.left()) == 1


OWNER = """
import sys
from pathlib import Path
from loadtests.servers.processes import guarded, started
with guarded() as guard:
    here = Path(sys.argv[1])
    argv = ["python", "-c", sys.argv[2], *sys.argv[3:]]
    with started(guard, argv, here / "log", cwd=here, pipes=True) as group:
        group.process.stdout.readline()
        print(*guard.ids, flush=True)
        sys.stdin.read()
"""


@pytest.mark.parametrize("ways", [(), ("stays",)])
@pytest.mark.parametrize("guards_killed", [0, 1])
def test_what_has_left_its_group_ends_when_its_owner_is_killed(
    ways: tuple[str, ...], guards_killed: int, tmp_path: Path
) -> None:
    argv = [sys.executable, "-c", OWNER, str(tmp_path), LEAVES, *ways]
    pipe = subprocess.PIPE
    with subprocess.Popen(argv, stdin=pipe, stdout=pipe) as owner:
        assert owner.stdout is not None
        guard_ids = [int(word) for word in owner.stdout.readline().split()]
        assert wait_until(lambda: len(working_in(tmp_path)) == 1 + len(ways), 20)
        for guard_id in guard_ids[:guards_killed]:
            os.kill(guard_id, signal.SIGKILL)
        owner.kill()
    try:
        assert wait_until(lambda: not working_in(tmp_path), 20)
    finally:
        for process in working_in(tmp_path):
            process.kill()


def test_guard_has_no_mark_that_its_owner_has(monkeypatch: pytest.MonkeyPatch) -> None:
    """The command of a user's may be a run of ours: its guards outlive it a little."""
    monkeypatch.setenv(STARTED_BY, "another run")
    with guarded() as guard:
        for guard_id in guard.ids:
            assert STARTED_BY not in psutil.Process(guard_id).environ()


def test_process_that_is_not_ours_to_look_at_is_none_of_ours() -> None:
    assert not guards.is_of(os.getpid(), (), [b"SLOWBENCH_STARTED_BY=nobody"])
    assert not guards.is_of(2**22 + 1, (), [b"=", b""])
