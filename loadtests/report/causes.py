"""The sentence of each cause that stops a server, and what an app can do about it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import PurePath

from loadtests.analysis.diagnosis import (
    BLOCKED_LOOP,
    HANDLER_THREADS,
    POOL,
    PREDICTED,
    UNKNOWN,
    Finding,
)
from loadtests.analysis.threads import Place
from loadtests.catalog.stacks import Supply
from loadtests.records.cell import Cell
from loadtests.report import said
from loadtests.report.prose import Prose, code, joined, prose
from loadtests.report.words import amount, count, listed

BY_PREDICTION = " No thread or socket showed that: it was predicted, and came true."
UNSEEN = "Not known: py-spy could not look at the threads ({})."


def held(cell: Cell) -> str:
    """How many were held: `15`, or `400 or more` where nothing did harm."""
    at = cell.capacity
    if not cell.valid:
        return "void: see the whole report"
    more = " or more" if at.degrades_at is None else ""
    return f"{count(at.held or 0)}{more}"


# What is named in a headline.
_NAMES = {
    BLOCKED_LOOP: "the event loop is blocked",
    POOL: "a pool is empty",
    HANDLER_THREADS: "threads for handlers run out",
    UNKNOWN: "the cause is not known",
    Supply.WORKERS: "workers run out",
    Supply.THREADS: "threads run out",
    Supply.WORKER_CONNECTIONS: "a limit of connections is reached",
    Supply.DESCRIPTORS: "descriptors run out",
    Supply.EVENT_LOOPS: "event loops are held",
}


def because(one: Finding, stack: str) -> Prose:
    """What runs out, with its number and where."""
    said_so = _CAUSES.get(one.cause, _unknown)(one, stack)
    return (*said_so, BY_PREDICTION) if one.known_by == PREDICTED else said_so


def _blocked(one: Finding, _: str) -> Prose:
    return prose("The event loop is blocked in {}.", _at(one.places[:1]))


def _pool(one: Finding, _: str) -> Prose:
    waiting = [place for place in one.places if place.waits_in]
    number = sum(place.threads for place in waiting)
    held_at = [place for place in one.places if not place.waits_in]
    return prose(
        "A pool is empty: {} of the fullest worker are in {}, and {} of all workers "
        "wait in {}, called by {}.",
        amount(one.number, "thread"),
        _at(held_at[:1]),
        count(number),
        code(waiting[0].waits_in),
        _at(waiting[:1]),
    )


def _handlers(one: Finding, _: str) -> Prose:
    words = "Threads for handlers run out: {} of the fullest worker are in {}."
    return prose(words, count(one.number), _at(one.places[:2]))


def _supply(words: str, unknown: str) -> Callable[[Finding, str], Prose]:
    """The sentence with the number of it, or the one for when that is not known."""

    def say(one: Finding, stack: str) -> Prose:
        if not one.number:
            return prose(unknown)
        name = said.supply(stack, one.cause)
        return prose(words.replace("{name}", name), count(one.number))

    return say


def _workers(_: Finding, __: str) -> Prose:
    return prose("A worker serves one client at a time, and all workers are held.")


def _loops(_: Finding, __: str) -> Prose:
    return prose("The handler holds the event loop of its worker.")


def _unknown(one: Finding, _: str) -> Prose:
    if one.unseen:
        return prose(UNSEEN, one.unseen)
    return prose("Not known: nothing that was seen explains it.")


_CAUSES: dict[str, Callable[[Finding, str], Prose]] = {
    BLOCKED_LOOP: _blocked,
    POOL: _pool,
    HANDLER_THREADS: _handlers,
    Supply.WORKERS: _workers,
    Supply.THREADS: _supply(
        "All {} threads of a worker are held.", "All threads are held."
    ),
    Supply.WORKER_CONNECTIONS: _supply(
        "A worker takes {} connections ({name}).", "A limit of connections is reached."
    ),
    Supply.DESCRIPTORS: _supply(
        "A process may open {} files, and has none left.",
        "A process has no descriptor left.",
    ),
    Supply.EVENT_LOOPS: _loops,
}
# What to do in the app.
MENDED_IN_THE_APP = {
    BLOCKED_LOOP: (
        "No option mends a blocked event loop. In the app, run the blocking call in a "
        "thread: {}. In FastAPI and Starlette a {} handler runs in one of 40 threads.",
        ("await asyncio.to_thread(...)", "def"),
    ),
    HANDLER_THREADS: (
        "In the app, an {} handler that awaits holds no thread. FastAPI and Starlette "
        "run {} handlers in 40 threads a worker; {} sets another number.",
        (
            "async def",
            "def",
            "anyio.to_thread.current_default_thread_limiter().total_tokens",
        ),
    ),
    POOL: (
        "This pool is in the app, and no option of a server changes it. Make the pool "
        "larger, or hold what it lends for less of each request.",
        (),
    ),
}


def _at(places: Sequence[Place]) -> Prose:
    """`report (main.py:14)`."""
    found = [
        code(f"{place.function} ({PurePath(place.file).name}:{place.line})")
        for place in places
    ]
    return joined(found, ", ") if found else prose("the app")


def supplies(findings: Sequence[Finding]) -> str:
    """`threads run out and a pool is empty`."""
    names = dict.fromkeys(_NAMES.get(one.cause, one.cause) for one in findings)
    return listed(list(names))
