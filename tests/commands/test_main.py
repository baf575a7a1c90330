"""The command line as a whole."""

from __future__ import annotations

import subprocess
import sys

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
