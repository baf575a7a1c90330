"""Facts are typed: with every sentence of ours made gibberish, all decisions stay."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from loadtests import ROOT
from loadtests.experiments.lock import ANOTHER_FILE


def decided(how: str, folder: Path) -> tuple[Any, str]:
    """What tests/gibberish.py decided, and what it showed meanwhile."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.gibberish", how, str(folder / how)],
        cwd=ROOT,
        env={**os.environ, ANOTHER_FILE: str(folder / f"{how}.lock")},
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    return json.loads(done.stderr.splitlines()[-1]), done.stdout


def test_no_decision_depends_on_a_sentence(tmp_path: Path) -> None:
    with ThreadPoolExecutor() as pool:
        ways = pool.map(lambda how: decided(how, tmp_path), ("plain", "gibberish"))
        (plain, shown), (other, gibberish) = ways
    assert plain == other
    assert "did not start" in shown
    assert "zxq" in gibberish
    status, faults, _ = plain["run"]
    assert (status, faults) == (3, [["not-measured"], ["not-measured"]])
    assert [valid for valid, _, _ in plain["trouble"]] == [True, False, True] + 2 * [
        False
    ]
