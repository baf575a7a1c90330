"""The timer: it wakes when it should, and keeps nobody else from their work."""

from __future__ import annotations

import contextlib
import errno
import resource
import time

import gevent
import pytest

from loadtests.clients.timer import Timer


def test_greenlet_wakes_at_its_moment_and_others_go_on_meanwhile() -> None:
    turns: list[int] = []
    with contextlib.closing(Timer()) as timer:
        for number in range(1, 6):
            gevent.spawn(turns.append, number)
            at_s = time.monotonic() + 0.02
            timer.sleep_until(at_s)
            assert time.monotonic() >= at_s
    assert turns == [1, 2, 3, 4, 5]


def test_moment_that_is_over_is_not_waited_for_but_others_have_their_turn() -> None:
    turns: list[int] = []
    with contextlib.closing(Timer()) as timer:
        gevent.spawn(turns.append, 1)
        timer.sleep_until(0.0)
    assert turns == [1]


def test_process_without_a_descriptor_left_hears_why() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (1, hard))
    try:
        with pytest.raises(OSError, match="no timer") as caught:
            Timer()
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert caught.value.errno == errno.EMFILE
