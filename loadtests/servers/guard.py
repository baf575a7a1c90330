"""The guard: a tiny process that writes logs, and ends what its parent leaves.

It hears `+<group> <mark> <log> <folder>`, with paths in hexadecimal digits and the end
of a pipe, and `-<group>`. When its standard input closes, the parent has said goodbye
or died. The groups still known get SIGTERM and, 5 s later, SIGKILL, and so does
whatever has left them: it has the mark in its environment. Then their folders are
removed.

A group writes to the pipe, and what is read there goes to the log, at most 1 MB at a
time. A log keeps its beginning and its end. What is between never gets to the disk, and
a note counts it. So a log is never longer than its cap, however late a guard comes: a
server that prints faster than it is read waits. While none writes, the guard sleeps.

There are two guards, and the parent reads too where it must know all. Whoever has the
lock of the log reads, and writes before anybody else may: nothing changes its order.

Standard library only and no package imports: it starts in some 40 ms.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import re
import select
import shutil
import signal
import socket
import sys
import time
from collections.abc import Callable, Container, Iterable, Iterator, Mapping
from typing import NamedTuple

PATIENCE_S = 5.0
STARTED_BY = "SLOWBENCH_STARTED_BY"

# As large as a pipe may be that is not root's (proc(5), pipe-max-size): the larger it
# is, the less often a server waits.
PIPE_BYTES = 1024**2
HEAD_BYTES, TAIL_BYTES = 2 * 1024**2, PIPE_BYTES  # what is kept of a log
_NOTE = b"\n[%15d bytes are left out here]\n"
_NOTE_BYTES = len(_NOTE % 0)
_LEFT_OUT = re.compile(rb"\n\[ *(\d+) bytes are left out here\]\n")
CAP_BYTES = HEAD_BYTES + _NOTE_BYTES + 2 * TAIL_BYTES  # no log is longer
# Between two looks at what is written all the time. So each guard reads at most 200 MB
# a second: a flood must not take the core from the generators.
_PAUSE_S = 0.005
_POLL_S = 0.005
_RETRY_S = 0.001
_FIRST = -15  # nice(2)


class Watched(NamedTuple):
    """A process group: the mark of its processes, and its own folder."""

    mark: str
    folder: bytes


def main() -> None:
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)  # only the parent's end ends the guard
    with contextlib.suppress(OSError):  # root may: a log must not wait for its turn
        os.nice(_FIRST)
    groups: dict[int, Watched] = {}
    logs = Logs()
    with contextlib.suppress(BrokenPipeError):
        os.write(1, b"!")  # it is there
    for line, pipes in _lines(socket.socket(fileno=sys.stdin.fileno()), logs):
        group, *words = line[1:].split(b" ")
        groups.pop(int(group), None)
        logs.forget(int(group))
        if line.startswith(b"+"):
            mark, log, folder = words
            groups[int(group)] = Watched(mark.decode(), _path(folder))
            for pipe in pipes:
                logs.attend(int(group), pipe, _path(log))
    end({group: one.mark for group, one in groups.items()}, PATIENCE_S, logs.write)
    logs.write()
    for one in groups.values():
        if one.folder:
            shutil.rmtree(one.folder, ignore_errors=True)


def _path(digits: bytes) -> bytes:
    return bytes.fromhex(digits.decode())


def _lines(parent: socket.socket, logs: Logs) -> Iterator[tuple[bytes, list[int]]]:
    """What the parent says, with the pipes that it hands over; logs are written
    meanwhile."""
    while True:
        logs.write_until_readable(parent.fileno())
        line, pipes, _, _ = socket.recv_fds(parent, 65536, 1)
        if not line:
            return
        yield line, pipes


class Logs:
    """The logs of groups, and the pipes from which they are written."""

    def __init__(self) -> None:
        self._by_group: dict[int, tuple[int, bytes]] = {}

    def attend(self, group: int, pipe: int, log: bytes) -> None:
        self._by_group[group] = pipe, log

    def forget(self, group: int) -> None:
        if group in self._by_group:
            os.close(self._by_group.pop(group)[0])

    def write_until_readable(self, descriptor: int) -> None:
        """Write what comes until there is something to read."""
        while True:
            pipes = [pipe for pipe, _ in self._by_group.values()]
            ready, _, _ = select.select([descriptor, *pipes], [], [])
            self.write(ready)
            if descriptor in ready:
                return
            time.sleep(_PAUSE_S)

    def write(self, ready: Container[int] | None = None) -> None:
        """Write what there is in these pipes, or in all."""
        for group, (pipe, log) in [*self._by_group.items()]:
            if (ready is None or pipe in ready) and not write(pipe, log):
                self.forget(group)  # nobody writes to it any more


def write(pipe: int, log: bytes, patience_s: float = 0.0) -> bool:
    """Write what a pipe holds, unless another does. Returns whether more may come."""
    try:
        file = os.open(log, os.O_RDWR)
    except OSError:  # it is gone, or read-only: no server waits for that
        return _move(pipe, None)
    try:
        return not take(file, patience_s) or _move(pipe, file)
    finally:
        os.close(file)


def take(log: int, patience_s: float) -> bool:
    """Take the lock of a log. Returns False where another has it for so long."""
    ends_s = time.monotonic() + patience_s
    while True:
        try:
            fcntl.flock(log, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= ends_s:
                return False
            time.sleep(_RETRY_S)
        except OSError:  # not everywhere is there a lock
            return True
        else:
            return True


def _move(pipe: int, log: int | None) -> bool:
    """Move all that a pipe holds to the end of a log. Returns whether more may come."""
    try:
        said = os.read(pipe, PIPE_BYTES)
    except BlockingIOError:
        return True
    if log is not None:
        with contextlib.suppress(OSError):  # a full disk: no server waits for that
            _append(log, said)
    return said != b""


def _append(log: int, said: bytes) -> None:
    size = os.fstat(log).st_size
    if size + len(said) <= CAP_BYTES:
        os.pwrite(log, said, size)
        return
    left_out = length(log) + len(said) - HEAD_BYTES - TAIL_BYTES
    tail = (os.pread(log, TAIL_BYTES, size - TAIL_BYTES) + said)[-TAIL_BYTES:]
    fits = os.pwrite(log, _NOTE % left_out + tail, HEAD_BYTES)
    os.ftruncate(log, HEAD_BYTES + fits)


def length(log: int) -> int:
    """How many bytes a log was given, with those that are left out."""
    size = os.fstat(log).st_size
    note = _LEFT_OUT.fullmatch(os.pread(log, _NOTE_BYTES, HEAD_BYTES))
    return size - _NOTE_BYTES + int(note[1]) if note else size


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
