"""An event loop whose time the tests make: it passes where something waits, only there.

A machine that is busy with something else does not hold up such a loop.
"""

from __future__ import annotations

import asyncio
import selectors
import threading
import time
from collections.abc import Coroutine
from typing import Any

import pytest

import asgi_app.trace

pause = time.sleep  # the real one


class Clock(selectors.DefaultSelector):
    """The time of a loop, and its selector: what is waited for comes at once."""

    def __init__(self) -> None:
        super().__init__()
        self.now_s = 1000.0
        self._loops = threading.current_thread()

    def monotonic(self) -> float:
        return self.now_s

    def sleep(self, seconds: float) -> None:
        """Blocks the loop in its own thread; in another one the loop turns on."""
        until_s = self.now_s + seconds
        if threading.current_thread() is self._loops:
            self.now_s = until_s
        while self.now_s < until_s:
            pause(0)

    def select(
        self, timeout: float | None = None
    ) -> list[tuple[selectors.SelectorKey, int]]:
        ready = super().select(None if timeout is None else 0)
        if not ready and timeout:
            self.now_s += timeout
        return ready


class Loop(asyncio.SelectorEventLoop):
    def __init__(self, clock: Clock) -> None:
        super().__init__(clock)
        self._clock = clock

    def time(self) -> float:
        return self._clock.now_s


def run(coroutine: Coroutine[Any, Any, None], patch: pytest.MonkeyPatch) -> None:
    """As asyncio.run; sleeping and the trace go by the clock of the loop."""
    clock = Clock()
    with patch.context() as inside:
        inside.setattr(time, "sleep", clock.sleep)
        inside.setattr(asgi_app.trace, "time", clock)
        with asyncio.Runner(loop_factory=lambda: Loop(clock)) as runner:
            runner.run(coroutine)
