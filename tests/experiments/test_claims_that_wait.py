"""Claims that wait: begun before the first claim is decided, asked for in turn.

Two are tried on real servers, with shorter times than those of `make claims`.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from loadtests.clients.wire import WireError
from loadtests.experiments.claims import waiting
from loadtests.experiments.claims.lab import Lab
from loadtests.experiments.claims.registry import (
    Claim,
    Finding,
    choose,
    decide,
    either,
    holds,
)
from loadtests.records.claims import ERROR, HOLDS, ONLY_WITH, REFUTED
from loadtests.servers.apps.hanging import HANGS
from loadtests.servers.processes import Guard
from loadtests.servers.server import ServerError


@pytest.fixture
def lab(guard: Guard, tmp_path: Path) -> Iterator[Lab]:
    lab = Lab(guard, tmp_path)
    try:
        yield lab
    finally:
        lab.close()


def test_wait_is_begun_before_the_claims_in_front_of_it(lab: Lab) -> None:
    order: list[str] = []

    def wait(_: Lab) -> Callable[[], str]:
        order.append("begun")
        return lambda: "what came of it"

    def decide_at_once(_: Lab) -> Finding:
        order.append("decided")
        return holds("3 of 3")

    at_once = Claim("a", "A", "a test", decide_at_once)
    later = Claim("b", "B", "a test", lambda lab: holds(lab.waited(wait)), wait)
    verdicts = list(decide([at_once, later], lab))
    assert order == ["begun", "decided"]
    assert [verdict.evidence for verdict in verdicts] == ["3 of 3", "what came of it"]


def cannot_begin(_: Lab) -> Callable[[], str]:
    raise ServerError("it did not start")


def breaks_off(_: Lab) -> Callable[[], str]:
    def wait() -> str:
        raise WireError("reset", "in the middle")

    return wait


@pytest.mark.parametrize(
    ("wait", "words"),
    [(cannot_begin, "it did not start"), (breaks_off, "reset: in the middle")],
)
def test_wait_that_fails_is_the_error_of_its_claim_alone(
    wait: Callable[[Lab], Callable[[], str]], words: str, lab: Lab
) -> None:
    failing = Claim("a", "A", "a test", lambda lab: holds(lab.waited(wait)), wait)
    error, other = decide(
        [failing, Claim("b", "B", "a test", lambda _: holds("3 of 3"))], lab
    )
    assert (error.kind, other.kind) == (ERROR, HOLDS)
    assert words in error.evidence


def test_closing_ends_what_waits_on_no_server(guard: Guard, tmp_path: Path) -> None:
    lab = Lab(guard, tmp_path)
    ended: list[bool] = []
    lab.begin(lambda lab: lambda: ended.append(lab.over.wait(60.0)))
    began_s = time.monotonic()
    lab.close()
    assert ended == [True]
    assert time.monotonic() - began_s < 30


@pytest.mark.parametrize(
    ("names", "words"),
    [(["a"], "a"), (["a", "b"], "a or b"), (["a", "b", "c"], "a, b or c")],
)
def test_conditions_are_joined_by_an_or(names: list[str], words: str) -> None:
    assert either(names) == words


@pytest.mark.parametrize(
    ("path", "stops"), [("/sleep", False), ("/sleep-with-gil", True)]
)
def test_hang_stops_other_threads_only_if_it_keeps_the_gil(
    path: str, stops: bool
) -> None:
    gaps_s, over = [0.0], threading.Event()

    def tick() -> None:
        before_s = time.monotonic()
        while not over.wait(0.01):
            gaps_s.append(time.monotonic() - before_s)
            before_s += gaps_s[-1]

    ticking = threading.Thread(target=tick)
    ticking.start()
    HANGS[path](1)
    over.set()
    ticking.join()
    assert (sum(gap_s > 0.8 for gap_s in gaps_s) == 1) is stops


@pytest.mark.long
def test_claims_that_wait_are_decided_on_real_servers(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, shorter in (
        ("KEEP_ALIVES_S", (1, 5)),
        ("HEADERS_S", 2.5),
        ("TIMEOUT_S", 3),
        ("STAYS_S", 5),
    ):
        monkeypatch.setattr(waiting, name, shorter)
    names = ["keep-alive-is-between-requests", "disconnect-means-gone"]
    verdicts = list(decide(choose(names), lab))
    evidence = [verdict.evidence for verdict in verdicts]
    assert [verdict.kind for verdict in verdicts] == [REFUTED, ONLY_WITH], evidence
    assert verdicts[1].condition == "asgi-uvicorn or asgi-hypercorn", evidence
