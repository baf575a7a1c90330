"""Where the threads of a server were at a step that did harm, as py-spy saw them.

Beside the samples of a cell, one JSON file: what each thread of each process did at
that moment, the innermost call first.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from loadtests.records.json_file import read_json, write_json

THREADS_FILE = "threads.json"
_FORMAT = 1


@dataclass(frozen=True)
class Call:
    """A function that a thread is in, where, and at which line; `own` if the file is
    the app's: neither of a package nor of Python itself."""

    function: str
    file: str
    line: int
    own: bool


@dataclass(frozen=True)
class ThreadSeen:
    """A thread of a process, with the calls that it is in, the innermost first."""

    pid: int
    name: str
    calls: list[Call]


@dataclass(frozen=True)
class Look:
    """The threads at a step; `failed` says why they could not be seen."""

    slow_clients: int
    threads: list[ThreadSeen] = field(default_factory=list)
    failed: str = ""


@dataclass(frozen=True)
class ThreadsSeen:
    """All looks of a cell, in the order in which they were taken."""

    looks: list[Look]
    format: int = _FORMAT


def save_threads(looks: list[Look], folder: Path) -> Path:
    return write_json(ThreadsSeen(looks), folder / THREADS_FILE)


def load_threads(folder: Path) -> list[Look]:
    """The looks of a cell; none where none was taken. Raises ResultError."""
    path = folder / THREADS_FILE
    if not path.exists():
        return []
    found: ThreadsSeen = read_json(path, ThreadsSeen, "look at threads", _FORMAT)
    return found.looks
