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
    turns: list[float] = []

    def work() -> None:
        while True:
            turns.append(time.monotonic())
            gevent.sleep(0.001)

    began_s = time.monotonic()
    with contextlib.closing(Timer()) as timer:
        other = gevent.spawn(work)
        for number in range(1, 6):
            timer.sleep_until(began_s + 0.02 * number)
            assert time.monotonic() >= began_s + 0.02 * number
        other.kill()
    assert len(turns) > 5
    assert turns[0] < began_s + 0.1


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
