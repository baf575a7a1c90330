"""A server's log that cannot fill the disk.

A server without descriptors may log 50 MB a second. The log keeps its beginning: what
comes beyond the cap is counted, and cut off.
"""

from __future__ import annotations

import os
from pathlib import Path

CAP_BYTES = 10 * 1024**2
_KEPT = CAP_BYTES // 2


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
