"""Where threads are in an app, and what they do there."""

from __future__ import annotations

import dataclasses

import pytest

from loadtests.analysis.threads import Place, blocks_a_loop, places
from loadtests.records.threads import ThreadSeen
from tests.analysis.seen_threads import (
    BLOCKED_LOOP,
    BOTTOM,
    HANDLER,
    IDLE_LOOP,
    IN_A_POOL,
    POOLED,
    SCRIPT,
    SLEEPS,
    WAITING,
    WAITS,
    thread,
)


def on(pid: int, found: ThreadSeen) -> ThreadSeen:
    return dataclasses.replace(found, pid=pid)


def test_place_is_the_innermost_call_of_the_app() -> None:
    [place] = places([thread(SLEEPS, HANDLER, POOLED, BOTTOM)])
    assert (place.function, place.line) == ("pause", 2)


def test_threads_are_counted_by_place_and_by_process() -> None:
    seen = [on(1, IN_A_POOL), on(1, IN_A_POOL), on(2, IN_A_POOL), on(2, WAITING)]
    holding, waiting = places(seen)
    assert (holding.threads, holding.each, holding.waits_in) == (3, 2, "")
    assert (waiting.threads, waiting.each) == (1, 1)
    assert waiting.waits_in == "Semaphore.acquire"


def test_thread_that_is_there_at_rest_too_tells_nothing() -> None:
    assert list(places([WAITING, IN_A_POOL], at_rest=[WAITING])) == [
        Place("report", "/srv/shop/main.py", 14, 1, 1)
    ]


@pytest.mark.parametrize(
    "seen", [thread(), IDLE_LOOP, thread(SCRIPT), thread(WAITS, POOLED, BOTTOM)]
)
def test_thread_outside_the_app_has_no_place(seen: ThreadSeen) -> None:
    assert not list(places([seen]))
    assert not blocks_a_loop(seen)


def test_loop_in_the_app_is_blocked_and_a_thread_of_its_pool_is_not() -> None:
    assert blocks_a_loop(BLOCKED_LOOP)
    assert not blocks_a_loop(IN_A_POOL)
    [place] = places([BLOCKED_LOOP])
    assert place.function == HANDLER.function
