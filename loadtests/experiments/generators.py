"""The Locust processes of a measurement: started, told to begin, seen to their end."""

from __future__ import annotations

import contextlib
import select
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from loadtests import ROOT
from loadtests.catalog.stacks import HOST
from loadtests.servers.processes import Group, Guard, started
from loadtests.servers.programs import ProcessError

_READY_S = 30.0
# Beyond the time for their coming; their own limit for being in place is ten seconds.
_ANSWERS_WITHIN_S = 20.0


@dataclass(frozen=True)
class Generators:
    """The two Locust processes of a cell."""

    probe: Group
    slow_clients: Group

    def both(self) -> Iterator[Group]:
        yield self.probe
        yield self.slow_clients

    def see_that_they_run(self) -> None:
        """Raises ProcessError where one has ended: nobody told it to."""
        for group in self.both():
            if group.exited:
                raise ProcessError(f"a generator failed; {group.last_words()}")


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
        *("--exit-code-on-error", "0", "--raw", str(samples), "--steered"),
    ]


def booting(
    guard: Guard, argv: Sequence[str], log: Path
) -> contextlib.AbstractContextManager[Group]:
    """A generator for as long as the block runs; it waits for `begin`."""
    return started(guard, argv, log, cwd=ROOT, pipes=True)


def await_ready_line(group: Group) -> None:
    """The generator has loaded Locust and waits for its start."""
    stdout = group.process.stdout
    assert stdout is not None
    readable, _, _ = select.select([stdout], [], [], _READY_S)
    if not readable or stdout.readline().strip() != b"ready":
        raise ProcessError(f"Locust did not start; {group.last_words()}")


def tell(group: Group, line: object) -> None:
    """One line for a generator that is ready. Raises ProcessError where it has ended.

    The probe is told when to begin, and slow clients how many there should be.
    """
    assert group.process.stdin is not None
    try:
        group.process.stdin.write(f"{line}\n".encode())
        group.process.stdin.flush()
    except BrokenPipeError:
        raise ProcessError(f"a generator failed; {group.last_words()}") from None


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
    return int(answers[0] or 0)
