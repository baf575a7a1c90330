"""Process groups that cannot outlive us.

Every server and generator runs in a session of its own, so that its whole family is one
process group: what is measured, what is stopped, and what must be empty afterwards. A
guard process stops the groups when this process dies, even by SIGKILL. Where the guards
are gone too, the kernel ends the first process of each group.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Protocol, TypedDict, Unpack

import psutil

from loadtests.catalog.target import Home
from loadtests.servers.logs import last_words
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
_GUARD = Path(__file__).with_name("guard.py")


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
                env=scrubbed_environment(home),
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
        return [p for p in psutil.process_iter() if _is_member(p, self.id)]

    def pin(self, cores: frozenset[int]) -> None:
        """Let the group's threads, and what they start later, run on these cores."""
        for process in self.members():
            with contextlib.suppress(psutil.NoSuchProcess, ProcessLookupError):
                for thread in process.threads():
                    os.sched_setaffinity(thread.id, cores)

    def stop(self) -> None:
        """End the whole group and see that it is gone. Raises ProcessError if not."""
        self._signal(signal.SIGTERM)
        if not self._wait_empty(PATIENCE_S):
            self._signal(signal.SIGKILL)
            if not self._wait_empty(PATIENCE_S):
                left = ", ".join(str(p.pid) for p in self.members())
                raise ProcessError(f"processes {left} of group {self.id} will not end")
        self.process.wait()  # a zombie until then
        for stream in (self.process.stdin, self.process.stdout):
            if stream:
                with contextlib.suppress(BrokenPipeError):
                    stream.close()

    def _signal(self, number: signal.Signals) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.id, number)

    def _wait_empty(self, seconds: float) -> bool:
        return wait_until(lambda: not self.members(), seconds)

    def last_words(self) -> str:
        """What the log says of the end, for an error message."""
        if self.log is None:
            return "see above"
        said = last_words(self.log.read_text(errors="replace"))
        return f"{self.log} ends: {said or 'nothing'}"


def _is_member(process: psutil.Process, group: int) -> bool:
    try:
        if os.getpgid(process.pid) != group:
            return False
        return process.status() != psutil.STATUS_ZOMBIE
    except (ProcessLookupError, psutil.NoSuchProcess):
        return False


def wait_until(condition: Callable[[], bool], seconds: float) -> bool:
    """Whether the condition came true within that time; asks every 20 ms."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(_POLL_S)
    return True


class Guard:
    """Ends the groups it was told of when its standard input closes, as it does when
    this process dies. Told of a group's start and end, it ends none that is over.

    There are two of it: whoever kills one, and then us, still leaves nothing behind.
    They hear bytes: a folder may have a name that is no text here.
    """

    def __init__(self) -> None:
        self._processes = [
            subprocess.Popen(
                [sys.executable, "-S", "-E", str(_GUARD)],
                stdin=subprocess.PIPE,
                start_new_session=True,
            )
            for _ in range(2)
        ]
        # Of process groups too, like that of a Group.
        self.ids = [process.pid for process in self._processes]

    def watch(self, group: Group) -> None:
        """Raises GuardError where a guard is gone: what it does not know of could
        outlive us."""
        try:
            for process in self._processes:
                _say(process, f"+{group.id} {group.folder or ''}")
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


def _say(guard: subprocess.Popen[bytes], line: str) -> None:
    if guard.stdin:
        guard.stdin.write(os.fsencode(f"{line}\n"))
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
