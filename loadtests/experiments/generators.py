"""The Locust processes of a measurement: started, told to begin, seen to their end."""

from __future__ import annotations

import contextlib
import select
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from loadtests import ROOT
from loadtests.catalog.stacks import HOST
from loadtests.servers.processes import Group, Guard, ProcessError, started

_READY_S = 30.0


@dataclass(frozen=True)
class Generators:
    """The two Locust processes of a cell."""

    probe: Group
    slow_clients: Group

    def both(self) -> Iterator[Group]:
        yield self.probe
        yield self.slow_clients

    @property
    def ended(self) -> bool:
        return all(group.exited for group in self.both())

    def see_that_they_ended_well(self) -> None:
        for group in self.both():
            if group.process.returncode:
                raise ProcessError(f"a generator failed; {group.last_words()}")


def locust_argv(file: str, port: int, samples: Path, also: str = "") -> list[str]:
    """Locust with one of our files, to be started with a line on standard input.

    `also` is a file that Locust loads besides.
    """
    files = ",".join(filter(None, (f"loadtests/clients/{file}", also)))
    return [
        *("python", "-m", "locust", "-f", files, "--headless"),
        *("--host", f"http://{HOST}:{port}", "--only-summary", "--loglevel", "ERROR"),
        *("--exit-code-on-error", "0", "--raw", str(samples), "--on-signal"),
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


def begin(group: Group, at_s: float) -> None:
    """Tell a generator that is ready when to begin."""
    assert group.process.stdin is not None
    group.process.stdin.write(f"{at_s}\n".encode())
    group.process.stdin.flush()
