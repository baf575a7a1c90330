"""Process groups that cannot outlive us.

Every server and generator runs in a session of its own, so that its whole family is one
process group: what is measured, what is stopped, and what must be empty afterwards. A
process that leaves its group still has the mark of the group in its environment, and is
stopped with it. A guard process stops the groups when this process dies, even by
SIGKILL. Where the guards are gone too, the kernel ends the first process of each group.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Protocol, TypedDict, Unpack

import psutil

from loadtests.catalog.target import Home
from loadtests.servers import guard as guards
from loadtests.servers.cores import core_shares
from loadtests.servers.logs import Log, last_words
from loadtests.servers.programs import (
    GuardError,
    ProcessError,
    as_started,
    found,
    scrubbed_environment,
)
from loadtests.servers.signals import ending_with_us, uninterrupted

PATIENCE_S = 5.0  # between SIGTERM and SIGKILL
_POLL_S = 0.02


class Members(Protocol):
    """A process group, or several of them as one."""

    def members(self) -> list[psutil.Process]: ...


class Given(TypedDict, total=False):
    """How a group is started, where it is not as usual: see Group."""

    pipes: bool
    nofile: int | None
    home: Home | None
    folder: Path | None


class Group:
    """A process group that we started: its members, its end.

    `programs.as_started` says what `argv` stands for. Output goes to the log, or to our
    own terminal without one; with `pipes`, standard input and output are ours to write
    and read. `nofile` limits how many descriptors each process may open; without a
    limit, each may open as many as we may. With a `home`, programs are those of its
    interpreter. `folder` is the group's own: the guard removes it where we cannot.
    """

    def __init__(
        self,
        argv: Sequence[str],
        log: Path | None,
        *,
        cwd: Path,
        pipes: bool = False,
        nofile: int | None = None,
        home: Home | None = None,
        folder: Path | None = None,
    ) -> None:
        self.log, self.folder = Log(log) if log else None, folder
        # No other group has it, be it of another run at the same time.
        self.mark = f"{os.getpid()}-{secrets.token_hex(8)}"
        pipe = subprocess.PIPE if pipes else None
        with contextlib.ExitStack() as stack:
            output = stack.enter_context(self.log.begun()) if self.log else None
            stack.enter_context(found(argv[0]))
            self.process = subprocess.Popen(
                as_started(argv, nofile, home),
                stdin=pipe or subprocess.DEVNULL,
                stdout=pipe or output,
                stderr=output,
                cwd=cwd,
                env={**scrubbed_environment(home), guards.STARTED_BY: self.mark},
                start_new_session=True,
                preexec_fn=ending_with_us(),
            )
        self.id = self.process.pid

    @property
    def exited(self) -> bool:
        """Whether the first process is gone (its children may not be)."""
        return self.process.poll() is not None

    def members(self) -> list[psutil.Process]:
        """The living processes of the group."""
        return [p for p in psutil.process_iter() if guards.is_of(p.pid, (self.id,))]

    def pin(self, cores: frozenset[int]) -> None:
        """Let the group's threads, and what they start later, run on these cores."""
        for process in self.members():
            with contextlib.suppress(psutil.NoSuchProcess, ProcessLookupError):
                for thread in process.threads():
                    os.sched_setaffinity(thread.id, cores)

    def left(self) -> set[int]:
        """The ids of its living processes, and of those that have left the group."""
        return guards.living({self.id: self.mark})

    def stop(self) -> None:
        """End the whole group, and what has left it, and see that all is gone. Raises
        ProcessError if not."""
        write = self.log.write if self.log else lambda: None  # where no guard does
        try:
            if still := guards.end({self.id: self.mark}, PATIENCE_S, write):
                left = ", ".join(map(str, sorted(still)))
                raise ProcessError(f"processes {left} of group {self.id} will not end")
        finally:
            if self.log:
                self.log.close()
        self.process.wait()  # a zombie until then
        for stream in (self.process.stdin, self.process.stdout):
            if stream:
                with contextlib.suppress(BrokenPipeError):
                    stream.close()

    def said(self) -> str:
        """What its log says so far."""
        return self.log.text() if self.log else ""

    def last_words(self) -> str:
        """What the log says of the end, for an error message."""
        if self.log is None:
            return "see above"
        return f"{self.log.path} ends: {last_words(self.said()) or 'nothing'}"


def wait_until(condition: Callable[[], bool], seconds: float) -> bool:
    """Whether the condition came true within that time; asks every 20 ms."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(_POLL_S)
    return True


class Guard:
    """Writes the logs of the groups that it was told of, and ends these groups when its
    standard input closes, as it does when this process dies. Told of a group's start
    and end, it ends none that is over.

    There are two of it: whoever kills one, and then us, still leaves nothing behind.
    They have the generators' cores, so that no server is in their way, or they in its.
    """

    def __init__(self) -> None:
        self._guards = [_guard() for _ in range(2)]
        # Of process groups too, like that of a Group.
        self.ids = [process.pid for process, _ in self._guards]
        for process, _ in self._guards:
            if stdout := process.stdout:
                with stdout:
                    stdout.read(1)  # it is there, or gone

    def watch(self, group: Group) -> None:
        """Raises GuardError where a guard is gone: what it does not know of could
        outlive us."""
        log, pipes = (group.log.path, [group.log.pipe]) if group.log else (None, [])
        line = f"+{group.id} {group.mark} {_in_digits(log)} {_in_digits(group.folder)}"
        try:
            for _, hears in self._guards:
                socket.send_fds(hears, [line.encode()], pipes)
        except ConnectionError:
            raise GuardError("the guard process was ended by someone") from None

    def forget(self, group: Group) -> None:
        for _, hears in self._guards:
            with contextlib.suppress(OSError):  # gone, or dismissed: it has forgotten
                hears.send(f"-{group.id}".encode())

    def close(self) -> None:
        """Dismiss the guards; groups that they still know of are ended."""
        for _, hears in self._guards:
            hears.close()
        for process, _ in self._guards:
            process.wait()


def _guard() -> tuple[subprocess.Popen[bytes], socket.socket]:
    """One of them, and where it hears us: a line is a message."""
    environ = {
        name: os.environ[name] for name in os.environ if name != guards.STARTED_BY
    }
    ours, its = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with its:
        process = subprocess.Popen(
            [sys.executable, "-S", "-E", guards.__file__],
            stdin=its.fileno(),
            stdout=subprocess.PIPE,
            env=environ,  # without a mark: who ends all that we left would end it too
            start_new_session=True,
        )
    os.sched_setaffinity(process.pid, core_shares()[0])
    return process, ours


def _in_digits(path: Path | None) -> str:
    """A path as a word of a line: it may have any bytes in it."""
    return os.fsencode(path.absolute()).hex() if path else ""


@contextlib.contextmanager
def guarded() -> Iterator[Guard]:
    """A guard for as long as the block runs."""
    guard = Guard()
    try:
        yield guard
    finally:
        guard.close()


@contextlib.contextmanager
def started(
    guard: Guard,
    argv: Sequence[str],
    log: Path | None,
    *,
    cwd: Path,
    **given: Unpack[Given],
) -> Iterator[Group]:
    """A process group for as long as the block runs, and not a moment longer."""
    group: Group | None = None
    try:
        with uninterrupted():
            group = Group(argv, log, cwd=cwd, **given)
            guard.watch(group)
        yield group
    finally:
        if group:
            with uninterrupted():
                group.stop()
                guard.forget(group)
