"""The guard: a tiny process that ends process groups when its parent is gone.

It reads lines: `+<group> <folder>` or `+<group> `, and `-<group>`. When its standard
input closes, the parent has said goodbye or died; the groups still known get SIGTERM
and, 5 s later, SIGKILL. Then their folders are removed. Standard library only and no
package imports: it starts in some 15 ms.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import sys
import time

PATIENCE_S = 5.0


def main() -> None:
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)  # only the parent's end ends the guard
    groups: dict[int, bytes] = {}
    for line in sys.stdin.buffer:
        group, _, folder = line[1:].strip(b"\n").partition(b" ")
        if line.startswith(b"+"):
            groups[int(group)] = folder
        else:
            groups.pop(int(group), None)
    for known, folder in groups.items():
        _end(known)
        if folder:
            shutil.rmtree(folder, ignore_errors=True)


def _end(group: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(group, signal.SIGTERM)
        deadline = time.monotonic() + PATIENCE_S
        while time.monotonic() < deadline:
            time.sleep(0.05)
            os.killpg(group, 0)  # raises when the group is empty
        os.killpg(group, signal.SIGKILL)


if __name__ == "__main__":
    main()
