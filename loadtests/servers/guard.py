"""The guard: a tiny process that keeps logs short, and ends what its parent leaves.

It reads lines: `+<group> <mark> <log> <folder>`, with paths in hexadecimal digits, and
`-<group>`. When its standard input closes, the parent has said goodbye or died. The
groups still known get SIGTERM and, 5 s later, SIGKILL, and so does whatever has left
them: it has the mark in its environment. Then their folders are removed.

A server may log 3 GB a second. A log keeps its beginning and its end. What is between
becomes a hole, which takes no room on the disk: so its length says what was written. No
server waits for that, and while none writes, the guard sleeps.

Standard library only and no package imports: it starts in some 40 ms.
"""

from __future__ import annotations

import contextlib
import ctypes
import fcntl
import os
import select
import shutil
import signal
import sys
import time
from collections.abc import Callable, Container, Iterable, Iterator, Mapping
from typing import NamedTuple

PATIENCE_S = 5.0
STARTED_BY = "SLOWBENCH_STARTED_BY"

HEAD_BYTES, TAIL_BYTES = 2 * 1024**2, 1024**2  # what is kept of a log
CAP_BYTES = HEAD_BYTES + 2 * TAIL_BYTES  # longer than this, it is cut
# How long until the next look at the logs, by how much one has grown meanwhile. At 3 GB
# a second, 5 ms are 15 MB.
_LATER_S = 0.005
_PAUSES_S = ((1_000_000, 0.0), (100_000, 0.001), (0, _LATER_S))
_POLL_S = 0.005
_FIRST = -15  # nice(2)

_LIBC = ctypes.CDLL(None)
_LIBC.fallocate.argtypes = [ctypes.c_int, ctypes.c_int, ctypes.c_long, ctypes.c_long]
_PUNCH_HOLE = 0x01 | 0x02  # fallocate(2): with KEEP_SIZE
_IN_MODIFY = 0x02  # inotify(7)


class Watched(NamedTuple):
    """A process group: the mark of its processes, its log, and its own folder."""

    mark: str
    log: bytes
    folder: bytes


def main() -> None:
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)  # only the parent's end ends the guard
    with contextlib.suppress(OSError):  # root may: a log must not wait for its turn
        os.nice(_FIRST)
    groups: dict[int, Watched] = {}
    logs = Logs()
    with contextlib.suppress(BrokenPipeError):
        os.write(1, b"!")  # from now on nothing is missed
    for line in _lines(sys.stdin.fileno(), logs):
        group, *words = line[1:].split(b" ")
        groups.pop(int(group), None)
        if line.startswith(b"+"):
            mark, log, folder = words
            groups[int(group)] = Watched(mark.decode(), _path(log), _path(folder))
        logs.attend(one.log for one in groups.values() if one.log)
    end({group: one.mark for group, one in groups.items()}, PATIENCE_S, logs.cut)
    for one in groups.values():
        shorten(one.log)
        if one.folder:
            shutil.rmtree(one.folder, ignore_errors=True)


def _path(digits: bytes) -> bytes:
    return bytes.fromhex(digits.decode())


def _lines(descriptor: int, logs: Logs) -> Iterator[bytes]:
    """The lines that are read there; the logs are kept short meanwhile."""
    rest = b""
    while True:
        logs.cut_until_readable(descriptor)
        if not (said := os.read(descriptor, 65536)):
            return
        *lines, rest = (rest + said).split(b"\n")
        yield from lines


class Logs:
    """Files that somebody appends to, kept short as soon as they are written to."""

    def __init__(self) -> None:
        # A user may have only so many of these: without one, logs are looked at anyway.
        self._events: int = _LIBC.inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC)
        self._looks_anyway = False
        self._sizes: dict[bytes, int] = {}
        self._cut_to: dict[bytes, int] = {}

    def attend(self, paths: Iterable[bytes]) -> None:
        """These are the logs from now on."""
        self._sizes = {path: self._sizes.get(path, 0) for path in paths}
        self._cut_to = {path: self._cut_to.get(path, 0) for path in self._sizes}
        self._looks_anyway = not all(map(self._hears_of, self._sizes))
        self.cut()

    def _hears_of(self, path: bytes) -> bool:
        """Whether what is written there is told; of a file that is gone, nothing is."""
        watched: int = _LIBC.inotify_add_watch(self._events, path, _IN_MODIFY)
        return watched >= 0 or not os.path.exists(path)

    def cut_until_readable(self, descriptor: int) -> None:
        """Keep the logs short until there is something to read."""
        both = [descriptor, *([self._events] if self._events >= 0 else [])]
        while True:
            wait_s = _LATER_S if self._looks_anyway else None
            ready, _, _ = select.select(both, [], [], wait_s)
            if self._events in ready:
                # Before the look: what is written after it is an event of its own.
                os.read(self._events, 65536)
            grown = self.cut()
            if descriptor in ready:
                return
            if ready:
                time.sleep(next(s for least, s in _PAUSES_S if grown >= least))

    def cut(self) -> int:
        """Cut what is too long. Returns by how much a log has grown at the most."""
        return max((0, *map(self._cut, self._sizes)))

    def _cut(self, path: bytes) -> int:
        """By how much it has grown since the last look."""
        with contextlib.suppress(OSError):  # somebody has tidied up
            size = os.stat(path).st_size
            grown = size - self._sizes[path]
            if grown < 0:  # another file of that name
                self._cut_to[path] = 0
            begins = max(HEAD_BYTES, self._cut_to[path])
            if size - TAIL_BYTES - begins > TAIL_BYTES:
                if (ends := _punched(path, begins)) is not None:
                    self._cut_to[path] = ends
                else:
                    shorten(path)
                    size = os.stat(path).st_size
            self._sizes[path] = size
            return grown
        return 0


def _punched(path: bytes, begins: int) -> int | None:
    """Make a hole in a log, up to its tail. Returns where that ends; None where the
    file system knows no holes."""
    with open(path, "r+b") as file:
        with contextlib.suppress(OSError):  # as in shorten, which moves the tail
            fcntl.flock(file, fcntl.LOCK_EX)
        ends = os.fstat(file.fileno()).st_size - TAIL_BYTES
        if ends <= begins:
            return begins
        made = _LIBC.fallocate(file.fileno(), _PUNCH_HOLE, begins, ends - begins)
        return ends if made == 0 else None


def shorten(path: bytes) -> None:
    """Take the middle out of a log that is too long. One that is still written to may
    lose what is written in this moment."""
    with contextlib.suppress(OSError):  # a log that is gone is short
        log = os.open(path, os.O_RDWR | os.O_APPEND)
        try:
            with contextlib.suppress(OSError):  # not everywhere is there a lock
                fcntl.flock(log, fcntl.LOCK_EX)  # of two guards, one at a time
            size = os.fstat(log).st_size
            if size > CAP_BYTES:
                tail = os.pread(log, TAIL_BYTES, size - TAIL_BYTES)
                os.ftruncate(log, HEAD_BYTES)
                left_out = size - HEAD_BYTES - len(tail)
                os.write(log, b"\n[%d bytes are left out here]\n%s" % (left_out, tail))
        finally:
            os.close(log)


def end(
    groups: Mapping[int, str],
    patience_s: float,
    meanwhile: Callable[[], object] = lambda: None,
) -> set[int]:
    """End these groups, each with its mark, and what has left them. Returns the ids of
    the processes that are still there."""
    left = living(groups)
    for number in (signal.SIGTERM, signal.SIGKILL):
        told: set[int] = set()
        ends_s = time.monotonic() + patience_s
        while left and time.monotonic() < ends_s:
            for pid in left - told:
                with contextlib.suppress(ProcessLookupError, PermissionError):
                    os.kill(pid, number)
            told |= left
            time.sleep(_POLL_S)
            meanwhile()
            # The last look confirms: what is just being started has no mark yet.
            left = _still(left, groups) or living(groups) or living(groups)
    return left


def living(groups: Mapping[int, str]) -> set[int]:
    """The living processes of these groups, and those that have left them."""
    pids = {int(entry) for entry in os.listdir("/proc") if entry.isdecimal()}
    return _still(pids, groups)


def _still(pids: Iterable[int], groups: Mapping[int, str]) -> set[int]:
    marks = [f"{STARTED_BY}={mark}".encode() for mark in groups.values()]
    return {pid for pid in pids if is_of(pid, groups, marks)}


def is_of(pid: int, groups: Container[int], marks: Iterable[bytes] = ()) -> bool:
    """Whether a process is alive, and in one of these groups or has such a mark."""
    with contextlib.suppress(OSError):  # it has ended, or is none of ours
        if os.getpgid(pid) in groups:
            return not _is_zombie(pid)
        if marks:
            with open(f"/proc/{pid}/environ", "rb") as file:
                environ = file.read()
            return any(mark in environ for mark in marks)
    return False


def _is_zombie(pid: int) -> bool:
    with open(f"/proc/{pid}/stat", "rb") as file:
        return file.read().rpartition(b")")[2].split()[0] in (b"Z", b"X")


if __name__ == "__main__":
    main()
