"""Where threads are in an app, and what they do there."""

from __future__ import annotations

import dataclasses

import pytest

from loadtests.analysis.threads import (
    Place,
    blocked_loops,
    most_in_a_process,
    places,
    standing,
)
from loadtests.records.threads import Call, ThreadSeen
from tests.analysis.seen_threads import (
    ACQUIRES,
    BLOCKED_LOOP,
    BOTTOM,
    HANDLER,
    IDLE_LOOP,
    IN_A_POOL,
    LOOP,
    POOLED,
    SCRIPT,
    SLEEPS,
    WAITING,
    WAITS,
    thread,
)

RESULT = Call(
    "Future.result", "/usr/lib/python3.11/concurrent/futures/_base.py", 4, False
)
RUNPY = Call("<module>", "/srv/.venv/bin/shop", 8, False)


def on(pid: int, found: ThreadSeen) -> ThreadSeen:
    return dataclasses.replace(found, pid=pid)


def test_place_is_the_innermost_call_of_the_app() -> None:
    [place] = places(standing([[thread(SLEEPS, HANDLER, POOLED, BOTTOM)]]))
    assert (place.function, place.line) == ("pause", 2)


def test_threads_are_counted_by_place_and_by_process() -> None:
    seen = [on(1, IN_A_POOL), on(1, IN_A_POOL), on(2, IN_A_POOL), on(2, WAITING)]
    found = standing([seen])
    holding, waiting = places(found)
    assert (holding.threads, holding.waits_in) == (3, "")
    assert (waiting.threads, waiting.waits_in) == (1, "Semaphore.acquire")
    assert most_in_a_process(found, waiting=False) == 2
    assert most_in_a_process(found, waiting=True) == 1


def test_lines_of_a_process_are_added_up() -> None:
    found = standing([[IN_A_POOL, thread(SLEEPS, HANDLER, POOLED, BOTTOM)]])
    assert most_in_a_process(found, waiting=False) == 2


def test_thread_counts_that_stays_where_it_is_and_was_not_there_at_rest() -> None:
    assert not standing([[IN_A_POOL], []])
    assert not standing([[IN_A_POOL], [WAITING]])
    assert not standing([])
    both = [[WAITING, IN_A_POOL]] * 2
    assert places(standing(both, at_rest=[WAITING])) == [
        Place("report", "/srv/shop/main.py", 14, 1)
    ]


@pytest.mark.parametrize(
    "seen", [thread(), IDLE_LOOP, thread(SCRIPT), thread(WAITS, POOLED, BOTTOM)]
)
def test_thread_outside_the_app_has_no_place(seen: ThreadSeen) -> None:
    assert not standing([[seen]])
    assert not blocked_loops([[seen]])


@pytest.mark.parametrize(
    "given_away",
    [
        thread(WAITS, RESULT, HANDLER, POOLED, BOTTOM),
        thread(
            WAITS, Call("Thread.join", "/x/threading.py", 1, False), HANDLER, POOLED
        ),
    ],
)
def test_thread_that_waits_for_its_own_call_waits_for_no_pool(
    given_away: ThreadSeen,
) -> None:
    [place] = places(standing([[given_away]]))
    assert place.waits_in == ""


def test_loop_is_blocked_where_it_has_called_the_app() -> None:
    assert places(blocked_loops([[BLOCKED_LOOP]] * 2)) == [
        Place("report", "/srv/shop/main.py", 14, 1)
    ]


@pytest.mark.parametrize(
    "seen",
    [
        IN_A_POOL,  # a thread of a pool
        thread(LOOP, HANDLER, RUNPY),  # an app that has started the loop
        thread(SLEEPS, RUNPY),  # no loop at all
    ],
)
def test_loop_is_not_blocked_by_what_has_started_it_or_runs_beside_it(
    seen: ThreadSeen,
) -> None:
    assert not blocked_loops([[seen]] * 2)


def test_loop_that_was_once_seen_in_the_app_is_only_busy() -> None:
    for other in (IDLE_LOOP, on(2, BLOCKED_LOOP), thread(SLEEPS, LOOP, SCRIPT)):
        assert not blocked_loops([[BLOCKED_LOOP], [other]])
    assert not blocked_loops([[BLOCKED_LOOP]] * 2, at_rest=[BLOCKED_LOOP])


def test_wait_is_named_by_the_call_that_the_app_makes() -> None:
    [place] = places(standing([[thread(WAITS, ACQUIRES, HANDLER, POOLED)]]))
    assert place.waits_in == ACQUIRES.function
