"""The Locust processes of a measurement: started, told to begin, seen to their end."""

from __future__ import annotations

import contextlib
import os
import resource
import select
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from loadtests import ROOT
from loadtests.catalog.stacks import HOST
from loadtests.records.samples import UNWRITTEN
from loadtests.servers.processes import Group, Guard, started, wait_until
from loadtests.servers.programs import ProcessError
from loadtests.servers.server import free_port

READY_S = 30.0
FLEET_WAITS_S = 600.0
MASTER_PORT = 5557  # Locust's own
_FIRST_SOURCE = 2  # 127.0.0.1 is the probe's
# Beyond the time for their coming; their own limit for being in place is ten seconds.
_ANSWERS_WITHIN_S = 20.0
_LETS_GO_WITHIN_S = 5.0
_ENDS_WITHIN_S = 1.0
_RAW = "--raw"


@dataclass(frozen=True)
class Generators:
    """The Locust processes of a cell. Many slow clients are a fleet: `slow_clients` is
    its master, and `workers` are those of this machine that hold them."""

    probe: Group
    slow_clients: Group
    workers: Sequence[Group] = ()

    def all(self) -> Iterator[Group]:
        yield self.probe
        yield self.slow_clients
        yield from self.workers

    def see_that_they_run(self) -> None:
        """Raises what `see_that_it_runs` raises."""
        for group in self.all():
            see_that_it_runs(group)


def see_that_it_runs(group: Group) -> None:
    """Raises ProcessError where a generator has ended: nobody told it to. OSError where
    it could not write its records: the next one could not either."""
    if group.exited:
        raise _why_ended(group, "a generator failed")


def _why_ended(group: Group, what: str) -> Exception:
    wait_until(lambda: group.exited, _ENDS_WITHIN_S)  # its pipes may be closed first
    number = (group.process.returncode or 0) - UNWRITTEN
    if number <= 0:
        return ProcessError(f"{what}; {group.last_words()}")
    words = cast(list[str], group.process.args)
    folder = words[words.index(_RAW) + 1]
    return OSError(number, os.strerror(number), folder)


def locust_argv(
    file: str, port: int, samples: Path, also: str = "", host: str = HOST
) -> list[str]:
    """Locust with one of our files, steered by lines on standard input.

    `also` is a file that Locust loads besides.
    """
    files = ",".join(filter(None, (f"loadtests/clients/{file}", also)))
    return [
        *("python", "-m", "locust", "-f", files, "--headless"),
        *("--host", f"http://{host}:{port}", "--only-summary", "--loglevel", "ERROR"),
        *("--exit-code-on-error", "0", _RAW, str(samples), "--steered"),
    ]


def fleet_argv(argv: Sequence[str], workers: int) -> Iterator[list[str]]:
    """The same slow clients as a fleet of this machine: its master, then its workers,
    each with an address of its own, and the ports of that."""
    port = free_port()
    yield master_argv(argv, workers, HOST, port)
    for number in range(workers):
        source = f"127.0.0.{_FIRST_SOURCE + number}"
        yield [*argv, *_worker(HOST, port), "--source", source]


def master_argv(argv: Sequence[str], workers: int, host: str, port: int) -> list[str]:
    """Slow clients as the master of a fleet, which begins with so many workers."""
    binds = ("--master-bind-host", host, "--master-bind-port", str(port))
    return [*argv, "--master", *binds, "--expect-workers", str(workers)]


def worker_argv(host: str) -> list[str]:
    """A worker for a master on another machine, which says what there is to do."""
    file = "loadtests/clients/slow_clients.py"
    argv = ("python", "-m", "locust", "-f", file, "--loglevel", "ERROR")
    return [*argv, *_worker(host, MASTER_PORT)]


def _worker(host: str, port: int) -> tuple[str, ...]:
    return ("--worker", "--master-host", host, "--master-port", str(port))


@contextlib.contextmanager
def ended_first(groups: Iterable[Group]) -> Iterator[None]:
    """Tell these generators to end at once if the block is stopped. A server that ends
    waits for its slow clients, gunicorn for 30 s, so they must not wait for it."""
    try:
        yield
    except BaseException:
        for group in groups:
            group.process.terminate()
        raise


def let_go(master: Group) -> None:
    """End a fleet by the end of its master's input: it tells the workers, which would
    miss a master that was killed for a minute (locust.runners.WorkerRunner)."""
    if master.process.stdin:
        with contextlib.suppress(BrokenPipeError):  # a line that was not written
            master.process.stdin.close()
    wait_until(lambda: master.exited, _LETS_GO_WITHIN_S)


def booting(
    guard: Guard, argv: Sequence[str], log: Path, *, pipes: bool = True
) -> contextlib.AbstractContextManager[Group]:
    """A generator for as long as the block runs; it waits for `begin`. It may open as
    many files as anyone here: Locust raises its limit to 10,000, or not at all."""
    return started(guard, argv, log, cwd=ROOT, pipes=pipes, nofile=most_files())


def most_files() -> int | None:
    """How many files a process may open at the most; None: as many as it likes."""
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    return None if hard == resource.RLIM_INFINITY else hard


def await_ready_line(group: Group, within_s: float = READY_S) -> None:
    """The generator has loaded Locust and waits for its start. Raises as above."""
    stdout = group.process.stdout
    assert stdout is not None
    readable, _, _ = select.select([stdout], [], [], within_s)
    if not readable or stdout.readline().strip() != b"ready":
        raise _why_ended(group, "Locust did not start")


def tell(group: Group, line: object) -> None:
    """One line for a generator that is ready. Raises as above where it has ended.

    The probe is told when to begin, and slow clients how many there should be.
    """
    assert group.process.stdin is not None
    try:
        group.process.stdin.write(f"{line}\n".encode())
        group.process.stdin.flush()
    except BrokenPipeError:
        raise _why_ended(group, "a generator failed") from None


def heard(group: Group) -> str | None:
    """A line that the generator has said, None: none so far."""
    stdout = group.process.stdout
    assert stdout is not None
    readable, _, _ = select.select([stdout], [], [], 0)
    return stdout.readline().decode().strip() if readable else None


def bring(
    slow_clients: Group,
    wanted: int,
    arrive_per_s: float | None,
    until: Callable[[Callable[[], bool], float], bool],
) -> int:
    """Let there be that many slow clients. How many were in place when all were, or
    when that took too long; `until` waits for a condition, for seconds at the most."""
    answers: list[str] = []

    def answered() -> bool:
        if (line := heard(slow_clients)) is not None:
            answers.append(line)
        return bool(answers)

    tell(slow_clients, wanted)
    coming_s = 2 * wanted / (arrive_per_s or 1)
    if not until(answered, coming_s + _ANSWERS_WITHIN_S):
        raise ProcessError("the slow clients did not say that they had come")
    if not answers[0]:  # the end of what it says
        raise _why_ended(slow_clients, "a generator failed")
    return int(answers[0])
