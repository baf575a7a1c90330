"""Tests of times: tried again, because a shared machine may be late for anything."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import ParamSpec

P = ParamSpec("P")

TRIES = 4


def tried_again(because: str) -> Callable[[Callable[P, None]], Callable[P, None]]:
    """Run a test again if an assertion fails, up to TRIES times in all.

    `because` says what a busy neighbour does to the time that the test measures. A real
    fault fails every try, so it still fails the test.
    """
    assert because

    def decorate(test: Callable[P, None]) -> Callable[P, None]:
        @functools.wraps(test)
        def run(*args: P.args, **kwargs: P.kwargs) -> None:
            for _ in range(TRIES - 1):
                try:
                    return test(*args, **kwargs)
                except AssertionError:
                    continue
            return test(*args, **kwargs)

        return run

    return decorate
