"""A signal in the middle of a start, or before an end: the process group is ended."""

from __future__ import annotations

import signal
from pathlib import Path
from typing import Any

import pytest

from loadtests.servers import processes
from loadtests.servers.processes import Group, Guard, started

SLEEPER = ["python", "-c", "import time; time.sleep(60)"]


def test_group_is_ended_if_its_guard_was_dismissed_before(tmp_path: Path) -> None:
    """A signal between a block and its end leaves that end to Python, which comes to it
    when the guard is gone."""
    guard = Guard()
    late = started(guard, SLEEPER, tmp_path / "log", cwd=tmp_path)
    group = late.__enter__()
    guard.close()
    late.__exit__(None, None, None)
    assert group.members() == []


def test_process_is_not_forgotten_if_a_signal_comes_while_it_is_started(
    guard: Guard, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun: list[Group] = []

    class Interrupted(Group):
        def __init__(self, *words: Any, **given: Any) -> None:
            super().__init__(*words, **given)
            begun.append(self)
            signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr(processes, "Group", Interrupted)
    with (
        pytest.raises(KeyboardInterrupt),
        started(guard, SLEEPER, tmp_path / "log", cwd=tmp_path),
    ):
        pytest.fail("the block began")
    [group] = begun
    assert group.members() == []
