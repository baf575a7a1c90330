"""The exit statuses of every command: the one table that `--help` prints."""

from __future__ import annotations

import signal
import textwrap
from enum import IntEnum


class Status(IntEnum):
    """With what a command ends."""

    DONE = 0
    FAILED = 1
    NOT_DONE = 2
    DOES_NOT_COUNT = 3
    INTERRUPTED = 128 + signal.SIGINT
    TERMINATED = 128 + signal.SIGTERM


MEANINGS: dict[Status, str] = {
    Status.DONE: "done",
    Status.FAILED: (
        "a cell is worse, a limit is missed, the doctor found something, a claim has "
        "no evidence, the instruments disagree, too many predictions missed, a server "
        "behaves otherwise than the record, a package has an advisory, the server "
        "ended by itself, or whoever read the output has gone"
    ),
    Status.NOT_DONE: "could not be done as asked: one line says why",
    Status.DOES_NOT_COUNT: "measured, but something is void or failed",
    Status.INTERRUPTED: "stopped by Ctrl-C",
    Status.TERMINATED: "stopped by SIGTERM",
}


def table() -> str:
    """The statuses and their meanings, for `--help`."""
    lines = [
        textwrap.fill(f"  {status:>3}  {meaning}", 80, subsequent_indent=" " * 7)
        for status, meaning in MEANINGS.items()
    ]
    under_make = "Under make, every failure is make's own status 2."
    return "\n".join(["exit statuses:", *lines, "", under_make])
