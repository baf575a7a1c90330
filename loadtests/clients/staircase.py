"""The staircase: how many slow clients there are, from second to second."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from locust import LoadTestShape

_SPAWN_AT_ONCE = 10_000


@dataclass(frozen=True)
class Climb:
    """Up the steps, one every `hold_s` seconds and the last for `top_extra_s` more,
    then nobody for `release_s`, then the end."""

    levels: Sequence[int]
    hold_s: int
    top_extra_s: int
    release_s: int

    def wanted(self, elapsed_s: float) -> int | None:
        """How many slow clients there should be; None: it is over."""
        released_s = len(self.levels) * self.hold_s + self.top_extra_s
        if elapsed_s < released_s:
            step = min(int(elapsed_s / self.hold_s), len(self.levels) - 1)
            return self.levels[step]
        return 0 if elapsed_s < released_s + self.release_s else None


class Staircase(LoadTestShape):
    """A climb as Locust asks for it, once a second; `began_s` says when it began."""

    def __init__(self, climb: Climb, began_s: Callable[[], float]) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # of Locust
        self.climb, self.began_s = climb, began_s

    def tick(self) -> tuple[int, float] | None:
        users = self.climb.wanted(time.monotonic() - self.began_s())
        if users is None:
            return None
        return users, _SPAWN_AT_ONCE
