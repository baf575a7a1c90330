"""The doctor on real servers: what it finds, and that the change helps."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from loadtests.analysis.diagnosis import BLOCKED_LOOP, examined
from loadtests.records.run import load_run
from loadtests.records.threads import load_threads
from tests.commands.clone import PARTS, copy_of_the_project


def doctor(project: Path, *words: str) -> subprocess.CompletedProcess[str]:
    copy_of_the_project(project, PARTS)
    return subprocess.run(
        [sys.executable, "-m", "loadtests", "doctor", *words],
        cwd=project,
        env={**os.environ, "COLUMNS": "100"},
        capture_output=True,
        text=True,
        timeout=200,
        check=False,
    )


@pytest.mark.long
def test_line_that_blocks_an_event_loop_is_named(tmp_path: Path) -> None:
    words = ("--stacks=asgi-uvicorn", "--scenarios=loop-block", "--need=5")
    done = doctor(tmp_path, *words)
    assert done.returncode in (1, 3), done.stdout + done.stderr
    [folder] = tmp_path.glob("reports/2*")
    [cell] = load_run(folder).cells
    if not cell.valid:
        pytest.skip("the cell is void: this machine was too busy")
    looks = load_threads(folder / "samples" / cell.task.name)
    [finding] = examined([cell], {cell.task.name: looks}, need=5).findings
    assert finding.cause == BLOCKED_LOOP
    place = finding.places[0]
    assert place.file.endswith("asgi_app/main.py")
    lines = Path(place.file).read_text().splitlines()
    assert "time.sleep" in lines[place.line - 1]
