"""A signal at any moment: nothing is left, and nothing that was measured is lost."""

from __future__ import annotations

import random
import signal
import subprocess
import time
from pathlib import Path

import pytest

from loadtests.records.run import Run, load_run
from loadtests.servers.processes import wait_until
from tests.commands.clone import ENVIRONMENT, fresh_clone
from tests.surroundings import working_in
from tests.torture.conftest import Tell
from tests.torture.processes import (
    LOAD,
    TO_MAKE,
    TO_PYTHON,
    TO_THE_GROUP,
    begun,
    gone_after,
    said,
    see_that_json_is_whole,
    send,
)

MOMENTS = 20
_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
WAYS = (
    *((number, TO_THE_GROUP) for number in _SIGNALS),
    *((number, TO_PYTHON) for number in _SIGNALS),
    *((number, TO_MAKE) for number in _SIGNALS),
)
WITHIN_S = 10.0
_LASTS_S = 24.0  # about as long as the run does, its report with it
_LASTS_AT_LEAST_S = 12.0
_RESUMED = 4  # every so many runs are gone on with
_SEED = 20
_gone_s: list[float] = []


@pytest.mark.parametrize("number", range(MOMENTS))
def test_signal_leaves_nothing_running_and_a_whole_record(
    number: int, tmp_path: Path, tell: Tell
) -> None:
    which, to = WAYS[number % len(WAYS)]
    after_s = random.Random(_SEED + number).uniform(0.4, _LASTS_S)
    project = fresh_clone(tmp_path / "project")
    with begun(project, *LOAD) as process:
        wait_until(lambda: process.poll() is not None, after_s)
        ran = process.poll() is None
        assert ran or after_s > _LASTS_AT_LEAST_S, said(project)
        send(which, to, process)
        sent_s = time.monotonic()
        left = gone_after(project, process, WITHIN_S)
        gone_s = time.monotonic() - sent_s
        assert left, f"{which.name} to {to}: {working_in(project)}\n{said(project)}"
    see_that_json_is_whole(project)
    assert "Traceback" not in said(project)
    if number % _RESUMED == 0:
        _see_that_it_goes_on(project)
    if ran:
        _gone_s.append(gone_s)
        tell(
            "a signal leaves no process and a whole record",
            f"SIGINT, SIGTERM and SIGHUP at {len(_gone_s)} random moments of a run, to "
            "the group, to Python alone and to make alone",
            f"all was gone after {max(_gone_s):.1f} s at most",
        )


def _see_that_it_goes_on(project: Path) -> None:
    """Only what is missing is measured; what was valid stays as it was."""
    stored = [*(project / "reports").glob("2*/run.json")]
    if not stored or (before := load_run(stored[0])).run.complete:
        return
    done = subprocess.run(
        ["make", "load", f"RESUME={stored[0].parent.name}"],
        cwd=project,
        env=ENVIRONMENT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    after = load_run(stored[0])
    assert after.run.complete, done.stderr
    assert valid(before) == [one for one in valid(after) if one in valid(before)]
    assert len(after.cells) == 2


def valid(run: Run) -> list[object]:
    return [cell for cell in run.cells if cell.valid]
