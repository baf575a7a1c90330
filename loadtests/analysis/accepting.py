"""Which worker takes a client, where all of them accept from one socket: by simulation.

The one rule: the workers stand in line, always in the same order, and the first that is
not busy takes the client. One that has taken a client is busy for a while. If all are,
the first to come back takes the client as well, at no cost: it takes all that wait.

`load` is how many workers would be busy if there were enough of them: the time that a
client keeps a worker busy, in times between two clients. Telephone engineers call this
ordered hunting, and Erlang's formula B says what each takes. It is a model, fitted to
how many each worker of a run held, and not what the source of a server says.
"""

from __future__ import annotations

import functools
import random
from collections.abc import Sequence

_LEAST, _MOST = 0.01, 100.0
_HALVINGS = 40
# A share of a million clients is known as well from so many of them.
_CLIENTS, _SEEDS = 2_000, 200


def shares(load: float, workers: int) -> list[float]:
    """What each worker takes, the first in line first, in the long run."""
    found, passed = [], 1.0
    for n in range(1, workers + 1):
        left = load * passed / (n + load * passed)
        found.append(passed - left)
        passed = left
    return [share + passed / workers for share in found]


def load_of(by_worker: Sequence[int]) -> float:
    """The load at which the busiest worker has the share that it had."""
    share, low, high = max(by_worker) / sum(by_worker), _LEAST, _MOST
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        if shares(middle, len(by_worker))[0] > share:
            low = middle
        else:
            high = middle
    return high


def accepted(
    clients: int, workers: int, load: float, chance: random.Random
) -> list[int]:
    """How many each worker holds after so many clients have come, one at a time."""
    held, back_at, now = [0] * workers, [0.0] * workers, 0.0
    for _ in range(clients):
        now += chance.expovariate(1.0)
        taker = next((n for n, at in enumerate(back_at) if at <= now), None)
        if taker is None:
            taker = back_at.index(min(back_at))
        else:
            back_at[taker] = now + chance.expovariate(1 / load)
        held[taker] += 1
    return held


@functools.cache
def busiest_share(
    workers: int, loads: tuple[float, ...], seed: int, of_runs: float = 0.99
) -> float:
    """The busiest worker's share that is not exceeded in `of_runs` of the simulated
    runs; each has one of the `loads` that were measured."""
    chance = random.Random(seed)
    found = sorted(
        max(accepted(_CLIENTS, workers, chance.choice(loads), chance)) / _CLIENTS
        for _ in range(_SEEDS)
    )
    return found[int(of_runs * (_SEEDS - 1))]
