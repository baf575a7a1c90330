"""Which calls the threads of a server are in, by py-spy, which reads their memory.

The server needs nothing for that, and is paused meanwhile. py-spy may look where we are
root, in a container with CAP_SYS_PTRACE, or where kernel.yama.ptrace_scope is 0
(ptrace(2)).
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import psutil

from loadtests.records.threads import Call, Look, ThreadSeen

WITHIN_S = 10.0
_MOST_CALLS = 500  # middleware after middleware, above the loop that called it
_PROGRAM = Path(sys.executable).with_name("py-spy")
_OF_OTHERS = re.compile(r"/(site|dist)-packages/|/python3\.[0-9]+/")


def look(processes: Iterable[psutil.Process], slow_clients: int) -> Look:
    """The threads of these processes. A process that is no Python, or that has just
    ended, has none that can be seen; the reason is kept where no process has any."""
    threads: list[ThreadSeen] = []
    failed = ""
    for process in sorted(processes, key=lambda process: process.pid):
        try:
            threads += _threads(process.pid)
        except (OSError, ValueError, subprocess.SubprocessError) as error:
            failed = str(error) or type(error).__name__
    return Look(slow_clients, threads, "" if threads else failed)


def _threads(pid: int) -> list[ThreadSeen]:
    done = subprocess.run(
        [str(_PROGRAM), "dump", "--json", "--pid", str(pid)],
        capture_output=True,
        text=True,
        timeout=WITHIN_S,
        check=False,
    )
    if done.returncode:
        said = done.stderr.strip().splitlines()
        raise ValueError(said[-1] if said else f"py-spy ended with {done.returncode}")
    return [
        ThreadSeen(pid, thread["thread_name"] or "", _calls(thread["frames"]))
        for thread in json.loads(done.stdout)
    ]


def _calls(frames: list[dict[str, Any]]) -> list[Call]:
    return [
        Call(frame["name"], frame["filename"], frame["line"], is_own(frame["filename"]))
        for frame in frames[:_MOST_CALLS]
    ]


def is_own(file: str) -> bool:
    """Whether a file belongs to the app: not to a package, nor to Python itself."""
    return file.endswith(".py") and not _OF_OTHERS.search(file)
