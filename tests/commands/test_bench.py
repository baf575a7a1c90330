"""`make bench` as its user sees it: short runs, bad input, Ctrl-C.

No test here looks at how long anything took: that is what the bench is for.
"""

from __future__ import annotations

import io
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import psutil
import pytest
from rich.console import Console

from loadtests import ROOT
from loadtests.analysis.agreement import PROBE
from loadtests.commands import bench
from loadtests.commands.main import main
from loadtests.experiments.agreement import tools
from loadtests.experiments.agreement.tools import TOOLS, ToolError
from loadtests.report import agreement as table
from loadtests.servers.processes import wait_until

STACK = "asgi-uvicorn"


def test_without_tools_the_probe_is_shown_alone_and_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("PATH", "")
    out = io.StringIO()
    console = Console(file=out, width=80)
    assert bench.run([STACK], 1, console) == 0
    lines = out.getvalue().splitlines()
    assert lines[-1] == table.MISSING
    assert "apt-get install hey" in lines[-1]
    assert any(re.match(rf"{PROBE} +[0-9]+ of 200 ", line) for line in lines)


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("--stacks", "nginx"), "no stack 'nginx': make stacks lists them"),
        (("--stacks", "asgi-uvicorn-h2"), "cannot be measured: it is for HTTP/2"),
        (("--rounds", "0"), "--rounds 0: a count of rounds is a number from 1 to 12"),
    ],
)
def test_bad_input_gets_one_line_and_a_status(
    capsys: pytest.CaptureFixture[str], words: Sequence[str], says: str
) -> None:
    assert main(["bench", *words]) == 2
    assert says in capsys.readouterr().err.splitlines()[-1]


@pytest.mark.skipif(not tools.installed(), reason="neither hey nor wrk is installed")
@pytest.mark.long
def test_short_run_prints_a_row_for_each_instrument() -> None:
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "loadtests",
            "bench",
            "--rounds",
            "1",
            "--stacks",
            STACK,
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        env={**os.environ, "COLUMNS": "80"},
    )
    lines = done.stdout.splitlines()
    assert done.returncode in (0, 1), done.stderr
    assert STACK in map(str.strip, lines)
    for name in (PROBE, *(tool.name for tool in tools.installed())):
        found = [line for line in lines if re.match(rf"{name} +\d+ of \d+ ", line)]
        assert len(found) == 1, name
    passed = ("Within 1.25x", "Undecided")
    verdict = ("NOT within 1.25x",) if done.returncode else passed
    assert any(line.startswith(verdict) for line in lines)


def test_tool_that_fails_is_an_error_with_its_last_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Here: a wrk that is not wrk."""
    broken = tmp_path / "bin" / "wrk"
    broken.parent.mkdir()
    broken.write_text("#!/bin/sh\necho no such option; exit 3\n")
    broken.chmod(0o755)
    shell = Path(shutil.which("sh") or "/bin/sh").parent
    monkeypatch.setenv("PATH", f"{broken.parent}:{shell}")
    monkeypatch.setattr(bench, "installed", lambda: [TOOLS["wrk"]])
    with pytest.raises(ToolError, match=r"wrk failed; .* ends: no such option"):
        bench.run([STACK], 1, Console(file=io.StringIO()))


@pytest.mark.parametrize("processes", [1, 8])  # the guard; all probes and the server
def test_ctrl_c_leaves_no_process(processes: int) -> None:
    def children() -> list[psutil.Process]:
        return psutil.Process(process.pid).children(recursive=True)

    with subprocess.Popen(
        [sys.executable, "-m", "loadtests", "bench", "--stacks", STACK],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert wait_until(lambda: len(children()) >= processes, 30)
        family = children()
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
    assert process.returncode in (128 + signal.SIGINT, -signal.SIGINT), out + err
    assert "Traceback" not in out + err
    assert not psutil.wait_procs(family, timeout=10)[1]
