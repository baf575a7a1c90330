"""A server's log: what it says of the end, and that it cannot fill the disk.

A server without descriptors may log 50 MB a second. The log keeps its beginning: what
comes beyond the cap is counted, and cut off.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

CAP_BYTES = 10 * 1024**2
_KEPT = CAP_BYTES // 2
_LONGEST = 200
_NO_REASON = "HaltServer"  # gunicorn's own, after the reason
_TRACEBACK = "Traceback (most recent call last)"


def last_words(log: str) -> str:
    """Why a server ended: the error of its last traceback, else its last line about an
    error, else its last line. After the reason, servers say that they are stopping."""
    lines = [line for line in log.splitlines() if line.strip()]
    reasons = [*_of_a_traceback(lines), *filter(_is_about_an_error, reversed(lines))]
    last = next(iter([*reasons, *reversed(lines)]), "")
    return last.strip()[:_LONGEST]


def _of_a_traceback(lines: Sequence[str]) -> list[str]:
    """The line of the exception, which follows the indented ones; of the last traceback
    that is a reason."""
    begins = [n for n, line in enumerate(lines) if _TRACEBACK in line]
    ends = (
        next((line for line in lines[n + 1 :] if not line[0].isspace()), "")
        for n in reversed(begins)
    )
    return [line for line in ends if line and _NO_REASON not in line][:1]


def _is_about_an_error(line: str) -> bool:
    return "error" in line.lower()


class CappedLog:
    """The log of a process that appends to it; None: it has none."""

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._cut = 0

    def cut(self) -> float:
        """Keep the log under its cap. Returns how much was written so far, in MB."""
        if self._path is None:
            return 0.0
        size = self._path.stat().st_size
        if size > CAP_BYTES:
            # The process appends, so it goes on behind the new end (open(2), O_APPEND).
            os.truncate(self._path, _KEPT)
            self._cut += size - _KEPT
            size = _KEPT
        return (self._cut + size) / 1024**2
