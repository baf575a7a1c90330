"""A generator whose core others want: what it measures is doubtful, or void."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

from loadtests import ROOT
from loadtests.report.facts import sentences
from loadtests.servers.processes import Group, Guard, started
from tests.experiments.held import short
from tests.experiments.test_generator_health import measured

BUSY = ["python", "-c", "while True: pass"]


def test_busy_generator_core_makes_times_doubtful(guard: Guard, tmp_path: Path) -> None:
    """A dozen others want the generators' core, once they are ready; it may be void."""
    core = frozenset({min(os.sched_getaffinity(0))})
    others: list[Group] = []
    with contextlib.ExitStack() as stack:

        def tell(seconds: float) -> None:
            while len(others) < 12:  # sessions of their own: each has its share
                group = started(guard, BUSY, tmp_path / "busy.log", cwd=ROOT)
                others.append(stack.enter_context(group))
                others[-1].pin(core)

        found = measured(short(rate_per_s=200.0), tmp_path, guard, tell, 0)
    reasons = sentences([*found.faults, *found.doubts])
    assert "requests left late" in reasons or "did not end in time" in reasons
