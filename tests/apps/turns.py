"""A test on an event loop of its own, and its turns."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any


async def turns() -> None:
    """Let the event loop turn until every task is where it waits, however slowly."""
    for _ in range(100):
        await asyncio.sleep(0)


def run(work: Callable[[], Awaitable[Any]], within_s: float = 10.0) -> None:
    async def limited() -> None:
        async with asyncio.timeout(within_s):
            await work()

    asyncio.run(limited())
