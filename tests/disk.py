"""A disk that is nearly full, for this process and what it starts."""

from __future__ import annotations

import contextlib
import resource
import sys
from collections.abc import Iterator


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
