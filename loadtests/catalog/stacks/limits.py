"""What a stack lends to slow clients, how much of each, and what it does at the end.

The one rule: a limit belongs to one worker. A stack has that much times its workers,
but slow clients do not fall evenly: one worker may be full while another has room.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from loadtests.catalog.stacks.spread import both_full_by, full_by_hash

if TYPE_CHECKING:
    from loadtests.catalog.stacks.stack import Stack

# With so many times the clients that fit, those that were dropped fill the last places
# within a few seconds, by coming back. With just as many, that can take half a minute.
# Measured with two workers of 1,004: out at 2,039, 2,046, 2,058, and not yet at 2,109.
_COMING_BACK = 1.2
# Of three workers or more, the last hears of hardly any client, dropped ones included.
# Measured with four: out with 137 of its 239 places taken, and not yet with 111 of 260;
# there all were full, and it was out, with 1.22 times the clients that fit.
_HARDLY_COMING_BACK = 1.25
# Healthy requests that come while a step settles and is looked at, at the rate of the
# profiles. A worker that has room for fewer is full of them by then.
_COME_IN_A_STEP = 600
DEADLINE_S = 1.0  # a healthy request that waits longer is lost
# Waits differ by chance. Where they are as long as the deadline in the middle, a third
# to two thirds of the requests were lost; where they are so long, all are.
_ALL_LATE_S = 1.25 * DEADLINE_S
# A slow client whose connection ends is there again so soon
# (loadtests/clients/slow_clients.py).
COMES_BACK_S = 0.5
# What is held for longer than a search takes to come so far is held by all at once.
_OUTLASTS_S = 10.0
NONE_FOR_SURE = 10_000  # as many slow clients as a search tries


class Supply(StrEnum):
    """What can run out."""

    WORKERS = "workers"
    THREADS = "threads"
    WORKER_CONNECTIONS = "worker_connections"
    DESCRIPTORS = "descriptors"
    EVENT_LOOPS = "event loops"


class AtLimit(StrEnum):
    """What a worker that has none left does with the next connection."""

    BLOCKS = "blocks"  # it does nothing until it is free: the connection waits
    QUEUES = "queues"  # it serves those that it has: the connection waits
    DROPS = "drops"  # it accepts and closes at once, without a word
    REFUSES = "refuses"  # it accepts, and answers each request with 503
    SPINS = "spins"  # it tries to accept over and over, and logs each try


@dataclass(frozen=True)
class Limit:
    """How much of a supply each worker has, and what it does when none is left.

    `evenness`: how full the other workers are, at least, when the first is full; of
    `sharing` others, if there are more, and the rest may hold nearly none. 1 also
    stands for workers that leave the next clients to the others when they are full, so
    that nothing is lost before all are. `takes_on`: a full worker goes on accepting,
    and takes clients away from those that could serve them. `waiting`: how many a full
    worker takes at the most, if they wait there; with `keeps` it does not notice which
    of them give up, so that it soon takes none, and the others get all. `jam`: with
    fewer left than this in the whole stack, one burst can stop the stack for good.
    `hashed`: the kernel shares the clients out, whether or not a worker is full.
    `begins`: from how many on a worker can do harm before it is full. With
    `stays_first`, a full worker is woken for each client from then on, and drops it:
    nearly all is lost when the first is full. `turned_away`: how many times the clients
    that fit, until those that were turned away have come back and hold the last places.
    """

    supply: Supply
    each: Callable[[Stack], int]
    at_limit: AtLimit
    because: str
    evenness: float = 1.0
    sharing: int | None = None
    takes_on: bool = False
    waiting: Callable[[Stack], int] | None = None
    keeps: bool = False
    jam: int = 0
    hashed: bool = False
    begins: Callable[[Stack], int] | None = None
    stays_first: bool = False
    turned_away: float = 1.0

    def degrades(self, stack: Stack) -> tuple[int, int]:
        """From how many held to how many the first harm is done.

        The latest is when no even share leaves each worker with one; or when all are
        full, where a full one soon takes none.
        """
        each, others = self.each(stack), stack.workers - 1
        if self.hashed and others:
            return full_by_hash(each, stack.workers)[:2]
        first = min(each, self.begins(stack)) if self.begins else each
        sharing = others if self.sharing is None else min(others, self.sharing)
        least = math.floor(first * (1 + self.evenness * sharing))
        harms = self.takes_on and not self._soon_takes_none(stack)
        latest = each * stack.workers - (others if harms else 0)
        return least, math.ceil(latest * self.turned_away)

    def _soon_takes_none(self, stack: Stack) -> bool:
        most = self.waiting(stack) if self.waiting and self.keeps else math.inf
        return most <= _COME_IN_A_STEP

    def out(self, stack: Stack) -> tuple[int, int]:
        """From how many held to how many nothing is left.

        A client that is dropped comes back, until a worker with room accepts it. One
        that waits with a full worker stays there, while another worker has room. Of
        three workers or more, one may have room and yet hear of hardly any client: 1 to
        5 % of the requests were measured. That counts as out or not, and can last until
        the others take no more.
        """
        each, workers = self.each(stack), stack.workers
        every = each * workers
        if self.hashed and workers > 1:
            return full_by_hash(each, workers)[2:]
        if self.stays_first:
            least = math.floor(each * (1 + self.evenness * (workers - 1)))
            slack = _COMING_BACK if workers > 1 else self.turned_away
            return least, math.ceil(every * slack)
        if self.jam:
            return max(self.degrades(stack)[0], every - self.jam), every
        if not self.takes_on or workers == 1:
            return every, math.ceil(every * self.turned_away)
        turned_away = self.at_limit in (AtLimit.DROPS, AtLimit.REFUSES)
        if turned_away and not self.waiting and workers == 2:
            return every, math.ceil(every * _COMING_BACK)
        if turned_away and not self.waiting:
            return every - each, math.ceil(every * _HARDLY_COMING_BACK)
        most = each + (workers - 1) * (self.waiting or self.each)(stack)
        if workers == 2:
            return every, min(most, both_full_by(each))
        return every - each, most


@dataclass(frozen=True)
class Holds:
    """What one slow client holds, and for what reason; the scarcest limit decides.

    With `held_s`, it holds its own for that long, and none for the `away_s` after.
    Clients that come together hold theirs together. Clients that come by turns find
    some free, and more of them fit, until the wait for one is too long for a healthy
    request. With `together`, those that came together hold theirs together again and
    again: for so long all are held. With `begins_after_s`, nothing is held before. With
    `makes_room`, a worker that needs one closes its oldest: no number does harm.
    `backlog`: how many may wait to be accepted. Where it is short, those that get in
    are served in time and others are turned away, so that no number takes all for sure.
    """

    what: str
    limits: tuple[Limit, ...]
    because: str
    held_s: float = math.inf
    away_s: float = 0.0
    together: bool = False
    begins_after_s: float = 0.0
    makes_room: bool = False
    backlog: int | None = None

    @property
    def for_part(self) -> bool:
        """Whether a slow client holds its own only for a part of a search."""
        return self.held_s < _OUTLASTS_S

    def serves_some(self, every: int) -> bool:
        """Whether a full queue moves on within the deadline; of `every` that are held,
        each is free again after `held_s`."""
        if self.backlog is None:
            return False
        return self.backlog < every / self.held_s * DEADLINE_S

    @property
    def share(self) -> float:
        """Of the time, how much of it a slow client holds its own, at first."""
        if self.held_s >= _OUTLASTS_S or self.together:
            return 1.0
        return self.held_s / (self.held_s + self.away_s)

    def by_turns(self, wait_s: float) -> float:
        """How many times the supply fit if they come by turns, and wait so long.

        N clients and a supply of S: a client waits N x held / S less the time that it
        holds its own and is away.
        """
        return 1 + (self.away_s + wait_s) / self.held_s

    @property
    def until_late(self) -> float:
        """How many times the supply until waits are as long as the deadline."""
        return self.by_turns(DEADLINE_S)

    @property
    def until_all_late(self) -> float:
        """How many times the supply until no wait is shorter."""
        return self.by_turns(_ALL_LATE_S)

    def limit(self, stack: Stack) -> Limit:
        """The limit that this stack reaches first."""
        return min(self.limits, key=lambda limit: limit.each(stack))


@dataclass(frozen=True)
class Ends:
    """That a server ends a slow connection after so long, and by which option."""

    after_s: float
    option: str


def one(_: Stack) -> int:
    """One for each worker: the worker itself."""
    return 1


def threads(stack: Stack) -> int:
    return stack.threads or 1


def worker_connections(stack: Stack) -> int:
    return stack.worker_connections or 1


def descriptors(stack: Stack) -> int:
    """Those that a worker has left for clients."""
    return max(1, stack.nofile - stack.idle_descriptors)


def two_descriptors(stack: Stack) -> int:
    """For clients that take two each."""
    return descriptors(stack) // 2
