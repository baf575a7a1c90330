"""A disk that is nearly full, and how much of it a folder takes."""

from __future__ import annotations

import contextlib
import resource
import sys
import threading
from collections.abc import Iterator
from pathlib import Path


@contextlib.contextmanager
def disk_with_room_for(size: int) -> Iterator[None]:
    """No file can become longer meanwhile."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    # Python would take half a file of bytecode for a whole one.
    before, sys.dont_write_bytecode = sys.dont_write_bytecode, True
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        sys.dont_write_bytecode = before


def room_of(folder: Path) -> int:
    """The bytes of the disk that the files of a folder take; holes take none."""
    found = 0
    for path in folder.rglob("*"):
        with contextlib.suppress(FileNotFoundError):
            found += 512 * path.lstat().st_blocks
    return found


@contextlib.contextmanager
def room_watched(folder: Path, every_s: float = 0.05) -> Iterator[list[int]]:
    """How much room the folder takes, looked at so often for as long as the block."""
    seen: list[int] = []
    over = threading.Event()

    def look() -> None:
        while not over.wait(every_s):
            seen.append(room_of(folder))

    thread = threading.Thread(target=look)
    thread.start()
    try:
        yield seen
    finally:
        over.set()
        thread.join()
