"""`make diff` in terminals of several widths, and in a pipe."""

from __future__ import annotations

import fcntl
import os
import pty
import struct
import subprocess
import sys
import termios

import pytest

from loadtests import ROOT
from loadtests.commands.diff import COLOURS

COMMAND = [sys.executable, "-m", "loadtests.commands.diff"]
ENVIRONMENT = {k: v for k, v in os.environ.items() if k not in ("COLUMNS", "NO_COLOR")}
PLAIN = {**ENVIRONMENT, "LESS": "", "TERM": "xterm"}


def in_terminal(columns: int, lines: int = 2000) -> str:
    """What a terminal of that size is shown; so long that less has nothing to page."""
    ours, its = pty.openpty()
    fcntl.ioctl(its, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))
    with subprocess.Popen(
        COMMAND, cwd=ROOT, stdin=its, stdout=its, stderr=its, env=PLAIN
    ):
        os.close(its)
        shown = b""
        try:
            while piece := os.read(ours, 65536):
                shown += piece
        except OSError:  # how Linux tells that the other end is closed
            pass
    os.close(ours)
    return shown.decode()


def test_two_columns_where_they_fit() -> None:
    shown = in_terminal(200)
    assert "def hello(environ: WSGIEnvironment, start_response" in shown
    assert f"{COLOURS['|']}def hello(environ" in shown
    assert f"{COLOURS['>']}" in shown
    assert "+++" not in shown


def test_one_below_the_other_where_they_do_not() -> None:
    shown = in_terminal(120)
    assert "+++ asgi_app/main.py" in shown
    assert "\033[31m-def hello(environ" in shown


@pytest.mark.parametrize(("columns", "beside"), [("", True), ("100", False)])
def test_pipe_is_plain(columns: str, beside: bool) -> None:
    done = subprocess.run(
        COMMAND,
        cwd=ROOT,
        env={**ENVIRONMENT, "COLUMNS": columns},
        capture_output=True,
        text=True,
        check=True,
    )
    assert "\033" not in done.stdout
    assert ("+++ asgi_app/main.py" in done.stdout) is not beside
