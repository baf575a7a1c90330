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
from loadtests.servers.logs import last_words, text_of
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
        self.log, self.folder = log, folder
        # No other group has it, be it of another run at the same time.
        self.mark = f"{os.getpid()}-{secrets.token_hex(8)}"
        pipe = subprocess.PIPE if pipes else None
        with contextlib.ExitStack() as stack:
            output = stack.enter_context(log.open("ab")) if log else None
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
        if still := guards.end({self.id: self.mark}, PATIENCE_S):
            left = ", ".join(map(str, sorted(still)))
            raise ProcessError(f"processes {left} of group {self.id} will not end")
        self.process.wait()  # a zombie until then
        for stream in (self.process.stdin, self.process.stdout):
            if stream:
                with contextlib.suppress(BrokenPipeError):
                    stream.close()
        if self.log:
            guards.shorten(os.fsencode(self.log))

    def last_words(self) -> str:
        """What the log says of the end, for an error message."""
        if self.log is None:
            return "see above"
        said = last_words(text_of(self.log))
        return f"{self.log} ends: {said or 'nothing'}"


def wait_until(condition: Callable[[], bool], seconds: float) -> bool:
    """Whether the condition came true within that time; asks every 20 ms."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(_POLL_S)
    return True


class Guard:
    """Keeps the logs of the groups short that it was told of, and ends these groups
    when its standard input closes, as it does when this process dies. Told of a group's
    start and end, it ends none that is over.

    There are two of it: whoever kills one, and then us, still leaves nothing behind.
    They have the generators' cores, so that no server is in their way, or they in its.
    """

    def __init__(self) -> None:
        self._processes = [_guard() for _ in range(2)]
        # Of process groups too, like that of a Group.
        self.ids = [process.pid for process in self._processes]
        for process in self._processes:
            if process.stdout:
                with process.stdout as stdout:
                    stdout.read(1)  # it is there, or gone

    def watch(self, group: Group) -> None:
        """Raises GuardError where a guard is gone: what it does not know of could
        outlive us."""
        log, folder = _in_digits(group.log), _in_digits(group.folder)
        try:
            for process in self._processes:
                _say(process, f"+{group.id} {group.mark} {log} {folder}")
        except BrokenPipeError:
            raise GuardError("the guard process was ended by someone") from None

    def forget(self, group: Group) -> None:
        for process in self._processes:
            with contextlib.suppress(BrokenPipeError):  # what is gone has forgotten
                _say(process, f"-{group.id}")

    def close(self) -> None:
        """Dismiss the guards; groups that they still know of are ended."""
        for process in self._processes:
            if process.stdin:
                with contextlib.suppress(BrokenPipeError):
                    process.stdin.close()
        for process in self._processes:
            process.wait()


def _guard() -> subprocess.Popen[bytes]:
    environ = {
        name: os.environ[name] for name in os.environ if name != guards.STARTED_BY
    }
    process = subprocess.Popen(
        [sys.executable, "-S", "-E", guards.__file__],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=environ,  # without a mark: whoever ends all that we left would end it too
        start_new_session=True,
    )
    os.sched_setaffinity(process.pid, core_shares()[0])
    return process


def _in_digits(path: Path | None) -> str:
    """A path as a word of a line: it may have any bytes in it."""
    return os.fsencode(path.absolute()).hex() if path else ""


def _say(guard: subprocess.Popen[bytes], line: str) -> None:
    if guard.stdin:
        guard.stdin.write(f"{line}\n".encode())
        guard.stdin.flush()


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
