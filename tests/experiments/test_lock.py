"""One measurement at a time: who is refused, who waits, and when the lock ends."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from loadtests import UserError
from loadtests.commands.main import main
from loadtests.commands.statuses import Status
from loadtests.experiments.lock import ANOTHER_FILE, LOCK_FILE, Taken, the_machine
from loadtests.servers.processes import Guard, started

# Holds the lock until it reads a line. Its child, in a session of its own, lives on.
HOLDER = """
import subprocess, sys
from loadtests.experiments.lock import the_machine
with the_machine("make load quick", wait="wait" in sys.argv):
    child = [sys.executable, "-c", "import time; time.sleep(60)"]
    process = subprocess.Popen(child, start_new_session=True, stdout=subprocess.DEVNULL)
    print(process.pid, flush=True)
    sys.stdin.readline()
"""


@pytest.fixture
def lock(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "lock"
    monkeypatch.setenv(ANOTHER_FILE, str(path))
    return path


@contextlib.contextmanager
def holder(*words: str) -> Iterator[subprocess.Popen[str]]:
    """Another process that measures, or waits; its child is ended with it."""
    pipe = subprocess.PIPE
    argv = [sys.executable, "-c", HOLDER, *words]
    with subprocess.Popen(argv, stdin=pipe, stdout=pipe, stderr=pipe, text=True) as one:
        try:
            yield one
        finally:
            one.kill()


def child_of(process: subprocess.Popen[str]) -> int:
    assert process.stdout is not None
    return int(process.stdout.readline())


def is_free() -> bool:
    with contextlib.suppress(Taken), the_machine("a look"):
        return True
    return False


def test_second_measurement_is_refused_in_one_line_that_names_the_first(
    lock: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with holder() as first:
        child = child_of(first)
        assert main(["load", "--profile", "smoke"]) == Status.NOT_DONE
        assert main(["claims"]) == main(["bench"]) == Status.NOT_DONE
        os.kill(child, signal.SIGKILL)
    out, err = capsys.readouterr()
    assert out == ""
    line = (
        rf"error: another measurement runs here: make load quick \(pid {first.pid}, "
        r"since \d\d:\d\d\): wait for its end, or WAIT=1 waits"
    )
    assert re.fullmatch(rf"({line}\n){{3}}", err)


def test_wrong_word_is_named_before_the_lock(
    lock: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with the_machine("make load quick"):
        for words in (["load", "--stacks=x"], ["claims", "--only=x"]):
            assert main(words) == Status.NOT_DONE
        assert main(["bench", "--wait", "--stacks=x"]) == Status.NOT_DONE
    assert "another measurement" not in capsys.readouterr().err


def test_lock_ends_with_the_block(lock: Path) -> None:
    def measure_and_fail() -> None:
        with the_machine("make bench"):
            assert "make bench" in lock.read_text()
            assert not is_free()
            raise RuntimeError("on purpose")

    with pytest.raises(RuntimeError, match="on purpose"):
        measure_and_fail()
    assert is_free()


def test_lock_ends_with_a_holder_that_is_killed_though_its_child_lives(
    lock: Path,
) -> None:
    with holder() as first:
        child = child_of(first)
        first.kill()
        first.wait()
        assert is_free()
        os.kill(child, signal.SIGKILL)  # raises if it had ended


def test_server_that_we_start_does_not_keep_the_lock(
    lock: Path, guard: Guard, tmp_path: Path
) -> None:
    argv = ["python", "-c", "print('up', flush=True); import time; time.sleep(60)"]
    with contextlib.ExitStack() as stack:
        with the_machine("make load quick"):
            group = started(guard, argv, tmp_path / "log", cwd=tmp_path, pipes=True)
            process = stack.enter_context(group).process
            assert process.stdout is not None
            assert process.stdout.readline() == b"up\n"
        assert is_free()


def test_waiting_measurement_says_so_once_and_begins_at_the_end_of_the_first(
    lock: Path,
) -> None:
    with holder() as first:
        children = [child_of(first)]  # it has the lock by then
        with holder("wait") as second:
            assert second.stderr is not None
            waits = second.stderr.readline()
            assert waits.startswith(
                "waiting for another measurement: make load quick "
                f"(pid {first.pid}, since "
            )
            # Their children keep the pipes open: nobody waits for the end of those.
            end(first)
            children.append(child_of(second))
            assert f"(pid {second.pid}, since" in lock.read_text()
            end(second)
            for child in children:
                os.kill(child, signal.SIGKILL)
            assert second.stderr.read() == ""


def end(process: subprocess.Popen[str]) -> None:
    """Let it go, and see that all went well."""
    assert process.stdin is not None
    process.stdin.write("\n")
    process.stdin.flush()
    assert process.wait(timeout=60) == 0


def test_waiting_ends_on_ctrl_c(lock: Path) -> None:
    argv = [sys.executable, "-m", "loadtests", "claims", "--wait"]
    pipe = subprocess.PIPE
    with (
        the_machine("make load quick"),
        subprocess.Popen(argv, stdout=pipe, stderr=pipe, text=True) as waiting,
    ):
        assert waiting.stderr is not None
        assert waiting.stderr.readline().startswith("waiting for another measurement")
        waiting.send_signal(signal.SIGINT)
        out, rest = waiting.communicate(timeout=20)
        assert (waiting.returncode, out, rest) == (Status.INTERRUPTED, "", "")
        assert not is_free()


def test_any_user_may_take_the_lock_after_another(lock: Path) -> None:
    before = os.umask(0o077)
    try:
        assert is_free()
    finally:
        os.umask(before)
    assert lock.stat().st_mode & 0o777 == 0o666


def test_link_in_the_place_of_the_lock_is_not_followed(
    lock: Path, tmp_path: Path
) -> None:
    lock.symlink_to(tmp_path / "victim")
    with pytest.raises(UserError, match=rf"cannot lock {lock}: "), the_machine("x"):
        pass
    assert not (tmp_path / "victim").exists()


def test_words_in_the_lock_that_would_steer_a_terminal_are_not_shown(
    lock: Path,
) -> None:
    with (
        the_machine("make load\x1b[2J\nquick"),
        pytest.raises(Taken) as refused,
        the_machine("another"),
    ):
        pass
    assert "make load[2Jquick (pid " in str(refused.value)


def test_lock_is_one_for_all_checkouts_of_the_machine(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(ANOTHER_FILE)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with the_machine("make load quick"):
        assert (tmp_path / LOCK_FILE).exists()
