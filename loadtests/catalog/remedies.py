"""The smallest change with which a stack holds enough: an option, or a worker class.

The one rule: nothing here knows a server. What can be changed is what the command of a
stack leaves open, and how much of it is enough is what the predictions of the changed
stack say.
"""

from __future__ import annotations

import dataclasses
import itertools
import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from loadtests.catalog import stacks
from loadtests.catalog.stacks import Option, Stack, Supply
from loadtests.catalog.stacks.options import with_options

_MOST = 100_000
_MOST_WORKERS = 8
# Slow clients do not fall evenly on workers.
_SPARE = 1.25
_WORKER_CLASS = "worker-class"
_COUNTS = {
    Supply.THREADS: ("threads",),
    Supply.WORKER_CONNECTIONS: ("worker_connections", "all_connections"),
}
# As the servers of the catalog spell them in short.
_SHORT = {"workers": "-w", _WORKER_CLASS: "-k"}


@dataclass(frozen=True)
class Remedy:
    """A change: its command gets these `options`, in place of those of the same name;
    or its processes may open `nofile` files. `stack` is the changed one."""

    stack: Stack
    options: tuple[Option, ...] = ()
    nofile: int | None = None


def remedies(stack: Stack, scenario: str, supply: str, need: int) -> list[Remedy]:
    """What lets the stack hold `need` slow clients where that supply has run out,
    simplest first; empty where the catalog knows nothing."""
    if supply == Supply.DESCRIPTORS:
        return _first(_with_descriptors(stack), scenario, need)
    if supply == Supply.WORKERS:
        found = [_of_class(stack, other, scenario, need) for other in _others(stack)]
        return [remedy for remedy in found if remedy]
    if supply in _COUNTS:
        return _first(_with_more(stack, Supply(supply)), scenario, need)
    return []


def more_workers(stack: Stack, each: int, need: int) -> list[Remedy]:
    """Workers that have enough where each has `each` of something: as few as may do,
    and twice as many, because slow clients do not fall evenly on them."""
    if stack.one_process:
        return []
    least = math.ceil(_SPARE * need / max(1, each))
    return [
        Remedy(stack.with_counts(workers, None), (Option("workers", str(workers)),))
        for workers in (least, 2 * least)
        if stack.workers < workers <= _MOST_WORKERS
    ]


def holds(stack: Stack, scenario: str, need: int) -> bool:
    """Whether the stack is predicted to hold so many without harm."""
    first = stack.predicted_degrades_at(scenario)
    return not stack.unmodelled and (first is None or first > need)


def _first(found: Iterator[Remedy], scenario: str, need: int) -> list[Remedy]:
    enough = (remedy for remedy in found if holds(remedy.stack, scenario, need))
    return [*itertools.islice(enough, 1)]


def _doubled(number: int) -> Iterator[int]:
    """Twice as many, and so on: who sets such a number sets a round one."""
    while (number := 2 * number) <= _MOST:
        yield number


def _with_descriptors(stack: Stack) -> Iterator[Remedy]:
    for nofile in _doubled(stack.nofile):
        yield Remedy(stack.with_counts(None, None, nofile), nofile=nofile)


def _with_more(stack: Stack, supply: Supply) -> Iterator[Remedy]:
    """The stack with more and more of a count that its command has an option for."""
    name, now = _option_of(stack, supply)
    for number in _doubled(now) if name else ():
        option = Option(name, str(number))
        yield Remedy(_replaced(stack, option), (option,))


def _option_of(stack: Stack, supply: Supply) -> tuple[str, int]:
    """The option that says how much of it there is, and its value; or no name."""
    for option in stack.options:
        if option.name in stack.effects and supply is Supply.WORKER_CONNECTIONS:
            return option.name, int(option.value)
    command = " ".join(stack.argv)
    for count in _COUNTS[supply]:
        if found := re.search(rf"--([a-z-]+)[ =]{{{count}}}", command):
            own = stack.own_connections if count == "all_connections" else 0
            now = (
                stack.threads if supply is Supply.THREADS else stack.worker_connections
            )
            return found[1], (now or 1) + own
    return "", 0


def _replaced(stack: Stack, option: Option) -> Stack:
    """The stack with the option, in place of the one of that name."""
    if not stack.options:
        return with_options(stack, [option])
    base = stacks.find(stack.base)
    base = base.with_counts(stack.workers, stack.threads, stack.nofile)
    others = [one for one in stack.options if one.name != option.name]
    return with_options(base, [*others, option])


def _others(stack: Stack) -> list[Stack]:
    """Those of the same server and interface with another worker class."""
    return [
        other
        for other in stacks.HTTP1.values()
        if (other.server, other.interface) == (stack.server, stack.interface)
        and other.id != (stack.base or stack.id)
        and other.front is stack.front is None
        and _worker_class(other)
    ]


def _worker_class(stack: Stack) -> str:
    words = list(stack.argv)
    option = f"--{_WORKER_CLASS}"
    return words[words.index(option) + 1] if option in words else ""


def _of_class(stack: Stack, other: Stack, scenario: str, need: int) -> Remedy | None:
    """The other worker class, with as many threads as it takes."""
    counted = other.with_counts(stack.workers, None, stack.nofile)
    option = Option(_WORKER_CLASS, _worker_class(other))
    if holds(counted, scenario, need):
        # A command has threads of its own, or one.
        threads = [Option("threads", str(counted.threads))] if counted.threads else []
        return Remedy(counted, (option, *threads))
    more = _first(_with_more(counted, Supply.THREADS), scenario, need)
    if not counted.threads or not more:
        return None
    return dataclasses.replace(more[0], options=(option, *more[0].options))


def in_command(
    words: Sequence[str], place: int, options: Sequence[Option]
) -> list[str]:
    """A command with these options: behind the word of the server, at `place`, and no
    other value of them anywhere."""
    found = list(words)
    for option in options:
        names = (f"--{option.name}", _SHORT.get(option.name, f"--{option.name}"))
        found = _without(found, place, names)
    added = [f"--{option.name}={option.value}" for option in options]
    return [*found[: place + 1], *added, *found[place + 1 :]]


def _without(words: list[str], place: int, names: Sequence[str]) -> list[str]:
    kept, skip = words[: place + 1], False
    for word in words[place + 1 :]:
        if skip:
            skip = False
        elif word in names:
            skip = True  # its value is the next word
        elif not any(
            word.startswith(f"{name}=" if name[:2] == "--" else name) for name in names
        ):
            kept.append(word)
    return kept
