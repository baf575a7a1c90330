"""py-spy on real processes: what their threads are in."""

from __future__ import annotations

import sys
from pathlib import Path

import psutil
import pytest

from loadtests.records.threads import load_threads, save_threads
from loadtests.servers import threads
from loadtests.servers.processes import Guard, started, wait_until
from loadtests.servers.threads import look

PROGRAM = """
import threading, time

lock = threading.Lock()

def holds():
    with lock:
        print("ready", flush=True)
        time.sleep(60)

def wants():
    with lock:
        pass

threading.Thread(target=holds, daemon=True).start()
time.sleep(0.2)
threading.Thread(target=wants, name="second", daemon=True).start()
time.sleep(60)
"""


def test_each_thread_is_seen_in_its_calls(guard: Guard, tmp_path: Path) -> None:
    program = tmp_path / "program.py"
    program.write_text(PROGRAM)
    with started(
        guard, ["python", str(program)], tmp_path / "log", cwd=tmp_path
    ) as group:
        seen = look([], 0)

        def both_are_there() -> bool:
            nonlocal seen
            seen = look(group.members(), 7)
            innermost = {thread.calls[0].function for thread in seen.threads}
            return {"holds", "wants"} <= innermost

        assert wait_until(both_are_there, 30), seen
    assert (seen.slow_clients, seen.failed) == (7, "")
    assert {thread.pid for thread in seen.threads} == {group.id}
    [second] = [thread for thread in seen.threads if thread.name == "second"]
    assert [call.own for call in second.calls[:2]] == [True, False]
    assert second.calls[0].file.endswith("program.py")
    assert second.calls[0].line == PROGRAM.splitlines().index("        pass")

    save_threads([seen], tmp_path)
    assert load_threads(tmp_path) == [seen]
    assert load_threads(tmp_path / "nothing-here") == []


def test_what_is_no_python_or_has_ended_says_why(guard: Guard, tmp_path: Path) -> None:
    argv = ["sleep", "60"]
    with started(guard, argv, tmp_path / "log", cwd=tmp_path) as group:
        members = group.members()
        assert look(members, 1).failed
    assert look(members, 1).failed
    assert look([psutil.Process()], 1).threads  # ourselves


def test_machine_without_py_spy_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(threads, "_PROGRAM", Path(sys.prefix) / "no-such-program")
    assert "No such file" in look([psutil.Process()], 1).failed


@pytest.mark.parametrize(
    ("file", "own"),
    [
        ("/srv/shop/main.py", True),
        ("shop/main.py", True),
        ("/srv/shop/.venv/lib/python3.12/site-packages/anyio/x.py", False),
        ("/usr/lib/python3/dist-packages/x.py", False),
        ("/usr/lib/python3.13/threading.py", False),
        ("/srv/.venv/bin/uvicorn", False),
        ("<frozen importlib._bootstrap>", False),
        ("<string>", False),
    ],
)
def test_file_is_the_apps_if_it_is_of_no_package_and_not_of_python(
    file: str, own: bool
) -> None:
    assert threads.is_own(file) is own
