"""A Locust process of ours, led by lines as the harness leads it."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from pathlib import Path

from loadtests.experiments.generators import (
    await_ready_line,
    booting,
    heard,
    locust_argv,
    tell,
)
from loadtests.records.samples import VISITS_FILE, Visit, read_samples
from loadtests.servers.processes import Group, Guard, wait_until

ANSWERS_WITHIN_S = 25.0


class Led:
    """Slow clients: how many there should be is said, and what they answer is heard."""

    def __init__(self, group: Group, folder: Path) -> None:
        self.group, self._folder = group, folder

    def go_to(self, number: int) -> tuple[int, float]:
        """How many are in place then, and after how long."""
        began_s = time.monotonic()
        tell(self.group, number)
        answers: list[str] = []

        def answered() -> bool:
            if (line := heard(self.group)) is not None:
                answers.append(line)
            return bool(answers)

        assert wait_until(answered, ANSWERS_WITHIN_S), "no answer"
        return int(answers[0]), time.monotonic() - began_s

    def end(self) -> None:
        """The end of its input, as when the harness dies."""
        assert self.group.process.stdin is not None
        self.group.process.stdin.close()
        assert wait_until(lambda: self.group.exited, 10), "it should have ended"

    def visits(self) -> list[Visit]:
        return read_samples(self._folder, VISITS_FILE, Visit)


@contextlib.contextmanager
def led(guard: Guard, port: int, folder: Path, *options: str) -> Iterator[Led]:
    """Steered slow clients of the server on that port, ready for their first line."""
    argv = [*locust_argv("slow_clients.py", port, folder), *options]
    with booting(guard, argv, folder / "slow.log") as group:
        await_ready_line(group)
        yield Led(group, folder)
