"""The command line as a whole."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from loadtests import ROOT
from loadtests.commands.statuses import Status


@pytest.mark.parametrize("words", [["stacks"], ["report", "--markdown", "example"]])
def test_reader_who_leaves_gets_no_traceback(words: list[str]) -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "loadtests", *words],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        assert process.stdout
        assert process.stderr
        process.stdout.close()
        assert process.wait(60) == Status.FAILED
        assert process.stderr.read() == b""


@pytest.mark.parametrize(
    "environment",
    [
        {"PYTHONIOENCODING": "ascii"},
        {"PYTHONIOENCODING": "latin-1"},
        {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
    ],
    ids=str,
)
def test_terminal_of_another_encoding_gets_no_traceback(
    environment: dict[str, str],
) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "loadtests", "report", "--markdown", "example"],
        cwd=ROOT,
        env={**os.environ, **environment},
        capture_output=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (Status.DONE, b"")
    assert b"?" in done.stdout


def test_disk_that_takes_nothing_is_one_line() -> None:
    """As where it is full: /dev/full says so to every write."""
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            [sys.executable, "-m", "loadtests", "report", "--markdown", "example"],
            cwd=ROOT,
            stdout=full,
            stderr=subprocess.PIPE,
            check=False,
        )
    assert done.returncode != Status.DONE
    said = b"error: No space left on device: make room there (df -h and df -i say "
    assert done.stderr.splitlines()[0] == said + b"what is full)"
    assert b"Traceback" not in done.stderr
