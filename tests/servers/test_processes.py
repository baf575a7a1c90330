"""What we start ends with us, whatever it or we do."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from loadtests.catalog.stacks import STACKS
from loadtests.catalog.target import Home
from loadtests.servers import processes
from loadtests.servers.processes import (
    Group,
    Guard,
    started,
    wait_until,
)
from loadtests.servers.programs import (
    ProcessError,
    as_started,
    scrubbed_environment,
)
from tests.conftest import runnable

SLEEPER = ["python", "-c", "import time; print('up', flush=True); time.sleep(60)"]
FAMILY = [
    "python",
    "-c",
    "import subprocess, sys, time;"
    "subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)']);"
    "print('up', flush=True); time.sleep(60)",
]
STUBBORN = [
    "python",
    "-c",
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN);"
    "print('up', flush=True); time.sleep(60)",
]


def await_up(group: Group) -> None:
    assert group.process.stdout is not None
    assert group.process.stdout.readline() == b"up\n"


@pytest.mark.parametrize("argv", [SLEEPER, FAMILY], ids=["alone", "family"])
def test_group_is_empty_after_its_block(
    guard: Guard, tmp_path: Path, argv: list[str]
) -> None:
    with started(guard, argv, tmp_path / "log", cwd=tmp_path, pipes=True) as group:
        await_up(group)
        assert wait_until(lambda: len(group.members()) == 1 + (argv is FAMILY), 20)
    assert group.members() == []


def test_group_that_ignores_sigterm_is_killed(
    guard: Guard, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(processes, "PATIENCE_S", 0.3)
    with started(guard, STUBBORN, tmp_path / "log", cwd=tmp_path, pipes=True) as group:
        await_up(group)
    assert group.members() == []
    assert group.process.returncode == -signal.SIGKILL


def test_group_ends_when_the_block_raises(guard: Guard, tmp_path: Path) -> None:
    with (
        pytest.raises(RuntimeError, match="on purpose"),
        started(guard, SLEEPER, tmp_path / "log", cwd=tmp_path) as group,
    ):
        raise RuntimeError("on purpose")
    assert group.members() == []


@pytest.mark.parametrize("guards_killed", [0, 1])
def test_guard_ends_the_group_when_its_owner_is_killed(
    tmp_path: Path, guards_killed: int
) -> None:
    """SIGKILL leaves the owner no chance to tidy up; the group's folder goes too."""
    owner = subprocess.Popen(
        [
            sys.executable,
            "-c",
            "import sys, time; from pathlib import Path\n"
            "from loadtests.servers.processes import Guard, Group\n"
            "guard = Guard(); here = Path(sys.argv[1])\n"
            "own = here / 'own'; own.mkdir(); (own / 'file').touch()\n"
            f"group = Group({FAMILY!r}, here / 'log', cwd=here, folder=own)\n"
            "guard.watch(group); print(group.id, *guard.ids, flush=True)\n"
            "time.sleep(60)",
            str(tmp_path),
        ],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert owner.stdout is not None
    group_id, *guards = map(int, owner.stdout.readline().split())
    assert wait_until(lambda: len(members(group_id)) == 2, 20)
    assert (tmp_path / "own" / "file").exists()
    for guard_id in guards[:guards_killed]:
        os.kill(guard_id, signal.SIGKILL)
    owner.kill()
    owner.wait()
    owner.stdout.close()
    assert wait_until(lambda: not members(group_id), 20)
    assert wait_until(lambda: not (tmp_path / "own").exists(), 20)


# A worker of gunicorn that is still starting queues SIGTERM as its master would, and
# nobody looks there; the master kills it after --graceful-timeout, 30 s.
_SERVERS_END_WITHIN_S = 45
SERVES = """
import sys, time
from pathlib import Path
from loadtests.catalog.stacks import STACKS
from loadtests.servers.processes import guarded
from loadtests.servers.server import running

with guarded() as guard, running(STACKS[sys.argv[1]], guard, Path(sys.argv[2])) as one:
    print(*(part.group.id for part in one.parts), flush=True)
    print(*guard.ids, flush=True)
    time.sleep(60)
"""


@pytest.mark.parametrize("stack_id", runnable(STACKS))
def test_server_ends_when_its_guards_are_killed_and_then_its_owner(
    tmp_path: Path, stack_id: str
) -> None:
    argv = [sys.executable, "-c", SERVES, stack_id, str(tmp_path / "log")]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, text=True) as owner:
        assert owner.stdout is not None
        groups = [int(word) for word in owner.stdout.readline().split()]
        guards = [int(word) for word in owner.stdout.readline().split()]
        assert len(guards) == 2
        assert [bool(members(group_id)) for group_id in groups] == (
            [True] if STACKS[stack_id].front is None else [True, True]
        )
        for guard_id in guards:
            os.kill(guard_id, signal.SIGKILL)
        assert wait_until(lambda: all(map(_is_gone, guards)), 20)
        owner.kill()
    ended = wait_until(lambda: not any(map(members, groups)), _SERVERS_END_WITHIN_S)
    for group_id in groups:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(group_id, signal.SIGKILL)
    assert ended


def members(group_id: int) -> list[int]:
    found = []
    for process in psutil.process_iter():
        try:
            if os.getpgid(process.pid) == group_id:
                found += [process.pid] * (process.status() != psutil.STATUS_ZOMBIE)
        except (ProcessLookupError, psutil.NoSuchProcess):
            continue
    return found


OF_SERVERS = (
    *("PORT", "WEB_CONCURRENCY", "GUNICORN_CMD_ARGS", "FORWARDED_ALLOW_IPS"),
    *("UVICORN_PORT", "GRANIAN_HOST", "UWSGI_HTTP", "DAPHNE_X", "LOCUST_X", "NGINX"),
)
OF_PYTHON = ("PYTHONPATH", "PYTHONSTARTUP", "PYTHONASYNCIODEBUG", "TRACE_APP")


@pytest.mark.parametrize("name", [*OF_SERVERS, *OF_PYTHON])
def test_environment_of_a_group_is_scrubbed(
    monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv(name, "1")
    for harmless in ("HARMLESS", "PYTHONDONTWRITEBYTECODE"):
        monkeypatch.setenv(harmless, "1")
        assert scrubbed_environment()[harmless] == "1"
    assert name not in scrubbed_environment()
    # How an app of somebody else is run, is the user's to say.
    of_theirs = scrubbed_environment(Home("python", ".", beside="/beside"))
    assert (name in of_theirs) is (name in OF_PYTHON)


def test_packages_of_an_app_of_somebody_else_are_found_before_what_is_beside_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("PYTHONPATH", "/theirs")
    home = Home("python", ".", beside="/beside")
    assert scrubbed_environment(home)["PYTHONPATH"] == "/theirs:/beside"


def test_group_runs_on_the_cores_it_is_pinned_to(guard: Guard, tmp_path: Path) -> None:
    with started(guard, FAMILY, tmp_path / "log", cwd=tmp_path, pipes=True) as group:
        await_up(group)
        core = max(os.sched_getaffinity(0))
        group.pin(frozenset({core}))
        assert [p.cpu_affinity() for p in group.members()] == [[core], [core]]


def test_last_words_name_the_log_and_its_last_line(
    guard: Guard, tmp_path: Path
) -> None:
    argv = ["python", "-c", "print('first'); print('last'); print()"]
    with started(guard, argv, tmp_path / "log", cwd=tmp_path) as group:
        assert wait_until(lambda: group.exited, 20)
        assert group.last_words() == f"{tmp_path / 'log'} ends: last"


def test_guard_that_was_killed_lets_nothing_more_be_started(tmp_path: Path) -> None:
    guard = Guard()
    with started(guard, SLEEPER, tmp_path / "log", cwd=tmp_path) as group:
        os.kill(guard.ids[0], signal.SIGKILL)
        assert wait_until(lambda: _is_gone(guard.ids[0]), 20)
        with (
            pytest.raises(ProcessError, match="the guard process was ended"),
            started(guard, SLEEPER, tmp_path / "second", cwd=tmp_path),
        ):
            pytest.fail("it must not start")
    assert group.members() == []
    guard.close()


def _is_gone(pid: int) -> bool:
    return (
        not psutil.pid_exists(pid)
        or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    )


def test_command_that_is_not_there_is_named(guard: Guard, tmp_path: Path) -> None:
    with (
        pytest.raises(ProcessError, match="no-such-server: cannot be run: No such"),
        started(guard, ["no-such-server"], tmp_path / "log", cwd=tmp_path),
    ):
        pytest.fail("it must not start")


def test_python_and_what_is_installed_beside_it_are_those_that_run_us() -> None:
    here = sys.executable
    assert as_started(["python", "-m", "x"], None) == [here, "-m", "x"]
    assert as_started(["env", "A=b", "python"], None) == ["env", "A=b", here]
    uwsgi = str(Path(here).with_name("uwsgi"))
    assert as_started(["uwsgi", "--master"], None) == [uwsgi, "--master"]
    assert as_started(["uwsgi"], nofile=7)[-2:] == ["7", uwsgi]
