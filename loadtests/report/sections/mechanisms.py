"""What a run found, by what a slow client holds: a worker, a thread, or less."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from loadtests.analysis.outcomes import Outcome, outcomes
from loadtests.catalog.scenarios import SCENARIOS
from loadtests.catalog.stacks import HTTP1, Supply
from loadtests.records.run import Run
from loadtests.report.words import amount, count, listed

WORKERS = "Workers"
THREADS = "Threads"
LOOPS = "Event loops"
CONNECTIONS = "Connections"
OTHERS = "Other stacks"
MECHANISMS = {
    Supply.WORKERS: WORKERS,
    Supply.THREADS: THREADS,
    Supply.EVENT_LOOPS: LOOPS,
    Supply.WORKER_CONNECTIONS: CONNECTIONS,
    Supply.DESCRIPTORS: CONNECTIONS,
}
TITLES = (WORKERS, THREADS, LOOPS, CONNECTIONS, OTHERS)
HELD = {
    WORKERS: "a worker",
    THREADS: "a thread",
    LOOPS: "an event loop, because its handler blocks",
    CONNECTIONS: "no more than a connection",
}
WHERE = "Where a client holds {}, "
FOR_PART = "Where the server takes the {} back after a while, "
BACK = {
    WORKERS: "worker",
    THREADS: "thread",
    LOOPS: "event loop",
    CONNECTIONS: "connection",
}
SAID = {
    "out": "{clients} stopped {who}",
    "degraded": "{clients} degraded {who}",
    "unharmed": "{who} kept answering beside {clients}",
}


_MOST_NAMED = 2  # stacks in a sentence; the table has all


@dataclass(frozen=True)
class Mechanism:
    """One mechanism and what was found of its stacks, a sentence each."""

    title: str
    sentences: list[str]


def mechanisms(run: Run) -> list[Mechanism]:
    """Those that the run has, in the order of what they bear."""
    by_title: dict[str, list[Outcome]] = {}
    for outcome in outcomes(run):
        by_title.setdefault(_mechanism(outcome), []).append(outcome)
    return [
        Mechanism(title, [*_sentences(title, by_title[title])])
        for title in TITLES
        if title in by_title
    ]


def _mechanism(outcome: Outcome) -> str:
    """By what a client holds of that stack under that scenario."""
    known = HTTP1.get(outcome.stack)
    if known is None or outcome.scenario not in SCENARIOS:
        return OTHERS
    return MECHANISMS[known.limit_under(outcome.scenario).supply]


def _for_part(outcome: Outcome) -> bool:
    """Whether a client holds its own only for a part of the time."""
    known = HTTP1.get(outcome.stack)
    if known is None or outcome.scenario not in SCENARIOS:
        return False
    held = known.held_under(outcome.scenario)
    return held.for_part or held.makes_room


def _sentences(title: str, some: list[Outcome]) -> Iterator[str]:
    """A sentence on those that hold theirs for good, and one on the others; each says
    all the ways to end."""
    always = WHERE.format(_what(title, some))
    by_turns = FOR_PART.format(BACK.get(title, ""))
    for for_part, where in ((False, always), (True, by_turns)):
        here = [o for o in some if _for_part(o) is for_part]
        if here:
            ways = listed([*_ways(here)])
            yield f"{where if title in HELD else ''}{ways}."


def _ways(some: list[Outcome]) -> Iterator[str]:
    """`16 slow clients stopped a and b`, for each way to end."""
    for state, words in SAID.items():
        here = [outcome for outcome in some if _state(outcome) == state]
        if here:
            yield words.format(
                clients=_clients([step for o in here for step in _steps(o)]),
                who=named([*dict.fromkeys(outcome.stack for outcome in here)]),
            )


def named(names: Sequence[str]) -> str:
    """Two stacks by their names, more by their number."""
    few = len(names) <= _MOST_NAMED
    return listed([*names]) if few else amount(len(names), "stack")


def _what(title: str, some: list[Outcome]) -> str:
    """What there is of it, if each stack has as many."""
    if title not in HELD:
        return ""
    cells = [cell for outcome in some for cell in outcome.cells]
    whole = {cell.workers * (cell.threads or 1) for cell in cells}
    if title not in (WORKERS, THREADS) or len(whole) > 1:
        return HELD[title]
    number, noun = whole.pop(), HELD[title].removeprefix("a ")
    return f"one of {amount(number, noun)}" if number > 1 else f"the only {noun}"


def _state(outcome: Outcome) -> str:
    if outcome.out:
        return "out"
    return "degraded" if outcome.degraded else "unharmed"


def _steps(outcome: Outcome) -> list[int]:
    """The steps at which the repeats came into the state in which they ended."""
    if outcome.unharmed:
        return [outcome.last.slow_clients]
    return (outcome.out_at if outcome.out else outcome.degrades_at).steps


def _clients(steps: list[int]) -> str:
    low, high = min(steps), max(steps)
    if low == high:
        return amount(low, "slow client")
    return f"{count(low)} to {amount(high, 'slow client')}"
