"""Waking at a moment, while the other greenlets go on.

gevent's own timers are up to 1 ms late, because libev lets epoll wait for whole
milliseconds. A timerfd becomes readable at its moment (timerfd_create(2)): the greenlet
then wakes 0.1 to 0.4 ms late, later on an idle core. Python has it from 3.13 on; ctypes
reaches it in all.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import time

import gevent

_CLOCK_MONOTONIC = 1  # of time.monotonic()
_ABSOLUTE = 1
_FLAGS = os.O_NONBLOCK | os.O_CLOEXEC  # TFD_NONBLOCK and TFD_CLOEXEC have their values
_READABLE = 1  # of libev
_NS = 1_000_000_000


class _Time(ctypes.Structure):
    _fields_ = (("s", ctypes.c_long), ("ns", ctypes.c_long))


class _Setting(ctypes.Structure):
    """When, and every how often from then on; zero: once."""

    _fields_ = (("every", _Time), ("at", _Time))


class Timer:
    """Lets one greenlet sleep until moments, one after the other."""

    def __init__(self) -> None:
        self._libc = ctypes.CDLL(None, use_errno=True)
        self._fd = self._libc.timerfd_create(_CLOCK_MONOTONIC, _FLAGS)
        if self._fd < 0:
            raise OSError(ctypes.get_errno(), "no timer")
        self._hub = gevent.get_hub()
        self._watcher = self._hub.loop.io(self._fd, _READABLE)

    def sleep_until(self, at_s: float) -> None:
        """Sleep until that moment of the monotonic clock; not at all if it is over."""
        if at_s <= time.monotonic():
            gevent.sleep(0)
            return
        at = _Time(*divmod(int(at_s * _NS), _NS))
        setting = _Setting(_Time(0, 0), at)
        self._libc.timerfd_settime(self._fd, _ABSOLUTE, ctypes.byref(setting), None)
        self._hub.wait(self._watcher)
        with contextlib.suppress(BlockingIOError):
            os.read(self._fd, 8)

    def close(self) -> None:
        self._watcher.close()
        os.close(self._fd)
