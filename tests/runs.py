"""Runs made by hand, and what stands beside them, for tests of what reads a run."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from loadtests.records.beside_cells import Cost
from loadtests.records.cell import (
    Capacity,
    Cell,
    Fates,
    GeneratorFigures,
    ServerFigures,
    Step,
)
from loadtests.records.claims import Ledger, Verdict
from loadtests.records.facts import AS_RECORDED, Fact
from loadtests.records.folder import Beside
from loadtests.records.run import Environment, Method, Run, RunInfo
from loadtests.records.traces import (
    BY_APP,
    BY_SERVER,
    FAST,
    SLOW,
    Action,
    Crossing,
    Side,
    Trace,
)
from tests.phase_maps import phase_map


def facts(*words: str) -> list[Fact]:
    """Facts of which only somebody's words are known."""
    return [Fact(AS_RECORDED, words=word) for word in words]


SCENARIOS = ("slow-headers", "slow-body", "slow-read")
EIGHT_STACKS: Mapping[str, int | None] = {
    "wsgi-gunicorn-sync": 2,
    "wsgi-gunicorn-gthread": 16,
    "wsgi-gunicorn-gevent": 2000,
    "wsgi-uvicorn": 20,
    "asgi-uvicorn": None,
    "asgi-uvicorn-h11": None,
    "asgi-gunicorn": None,
    "asgi-gunicorn-uvicorn": None,
}

INFO = RunInfo(
    id="2026-05-09T07-35-25-quick",
    started_at="2026-05-09T07:35:25+00:00",
    profile="quick",
    seed=7,
    complete=True,
    argv=["python", "-m", "loadtests", "load", "--profile", "quick"],
)
METHOD = Method(
    rate_per_s=100.0,
    deadline_s=1.0,
    settle_s=0.5,
    hold_s=2.0,
    release_s=3.0,
    healthy_request="GET /hello",
)
ENVIRONMENT = Environment(
    python="3.11.7",
    kernel="Linux 6.18.0",
    cpu="AMD EPYC",
    cpus=2,
    memory_mb=8192,
    nofile_limit=20000,
    revision="a9cd5ac",
    packages={"gunicorn": "27.0.1", "uvicorn": "0.54.0"},
)


def step(slow_clients: int, answered: int = 150, p50_ms: float | None = 1.5) -> Step:
    """A step of 150 healthy requests; too few answered leave no percentile."""
    known = p50_ms is not None and answered >= 100
    return Step(
        slow_clients=slow_clients,
        attempted=150,
        answered=answered,
        p50_ms=p50_ms if known else None,
        p90_ms=2 * p50_ms if known and p50_ms else None,
        p99_ms=None,
    )


def cell(
    stack: str = "asgi-uvicorn", scenario: str = "slow-body", **given: Any
) -> Cell:
    """A cell that counts; `answered` maps a level to the healthy requests answered."""
    answered: Mapping[int, int] = given.pop("answered", {0: 150, 4: 150, 512: 150})
    predicted: int | None = given.pop("predicted", None)
    steps = [step(level, number) for level, number in answered.items()]
    plain = Cell(
        stack=stack,
        scenario=scenario,
        repeat=1,
        argv=["python", "-m", stack, "--bind", "127.0.0.1:8000"],
        workers=2,
        threads=None,
        capacity=capacity(steps, predicted),
        steps=steps,
        fates=Fates(served=3, held=509),
        recovery_s=None,
        server=ServerFigures(60.2, 92.0, 12.5, 0),
        generator=GeneratorFigures(1.2, 20.0),
        valid=True,
    )
    return dataclasses.replace(plain, **given)


def capacity(steps: Sequence[Step], predicted: int | None) -> Capacity:
    """As the words are defined: under 99 %, under 1 %, 99 % or more up to here."""
    bad = [s.slow_clients for s in steps if s.answered < 0.99 * s.attempted]
    out = [s.slow_clients for s in steps if s.answered < 0.01 * s.attempted]
    degrades_at = min(bad, default=None)
    held = [s.slow_clients for s in steps if s.slow_clients < (degrades_at or 10**9)]
    return Capacity(
        predicted_out_at=predicted,
        degrades_at=degrades_at,
        out_at=min(out, default=None),
        held=None if degrades_at == 0 else max(held, default=None),
    )


def cost(
    stack: str = "asgi-uvicorn", app: str = "raw", us: float = 100.0, **given: Any
) -> Cost:
    """What a kept-alive /hello costs a busy server; keywords replace other fields."""
    plain = Cost(
        stack=stack,
        app=app,
        method="GET",
        target="/hello",
        repeat=1,
        requests=9000,
        rate_per_s=9000.0,
        cpu_us_per_request=us,
        rss_idle_mb=60.0,
        kept_alive=True,
        busy_percent=98.0,
    )
    return dataclasses.replace(plain, **given)


def run(cells: Iterable[Cell], **given: Any) -> Run:
    """A run of these cells; keywords replace fields of its `RunInfo`."""
    info = dataclasses.replace(INFO, **given)
    return Run(run=info, method=METHOD, environment=ENVIRONMENT, cells=list(cells))


def quick() -> Run:
    """Four stacks as a real quick run finds them."""
    return run(c for scenario in SCENARIOS for c in _four(scenario))


def _four(scenario: str) -> list[Cell]:
    sync = {0: 150, 1: 150, 2: 0, 4: 0, 32: 0, 512: 0}
    gthread = {0: 150, 4: 150, 8: 150, 15: 150, 16: 37, 32: 0, 512: 0}
    asgi = dict.fromkeys((0, 4, 16, 32, 128, 512), 150)
    quiet = Fates(held=2, closed=510)
    return [
        cell("wsgi-gunicorn-sync", scenario, answered=sync, predicted=2, fates=quiet),
        cell("wsgi-gunicorn-gthread", scenario, answered=gthread, predicted=16),
        cell("asgi-gunicorn", scenario, answered=asgi),
        cell("asgi-uvicorn", scenario, answered=asgi),
    ]


def full(stacks: Mapping[str, int | None] = EIGHT_STACKS, repeats: int = 3) -> Run:
    """Every stack, four scenarios, repeats: out a step after what was predicted."""
    cells = [
        cell(stack, scenario, repeat=n, predicted=at, answered=_staircase(at, n))
        for n in range(1, repeats + 1)
        for scenario in ("idle", *SCENARIOS)
        for stack, at in stacks.items()
    ]
    return run(cells, profile="full")


def _staircase(predicted: int | None, repeat: int) -> dict[int, int]:
    near = [predicted - 1, predicted, 2 * predicted] if predicted else []
    levels = sorted({0, 4, 8, 32, 128, 512, *(n for n in near if n <= 512)})
    limit = (predicted or 10**6) + (repeat == 3)
    return {level: 150 if level < limit else 0 for level in levels}


def verdict(name: str, kind: str = "holds", **given: str) -> Verdict:
    """A line of the ledger of that id."""
    plain = Verdict(
        id=name,
        claim=f"The claim {name}",
        source="the field",
        kind=kind,
        evidence="answered 3 of 3",
        command=f"make claims ONLY={name}",
    )
    return dataclasses.replace(plain, **given)


def ledger(*verdicts: Verdict, **given: Any) -> Ledger:
    """A ledger of these; keywords replace fields of its environment."""
    on = dataclasses.replace(ENVIRONMENT, **given)
    return Ledger("2026-05-08T12:00:00+00:00", on, list(verdicts))


def five_claims() -> Ledger:
    """One or two of most kinds of verdict."""
    return ledger(
        verdict("a"),
        verdict("b", "holds only with", condition="luck"),
        verdict("c", "refuted"),
        verdict("d", "holds"),
        verdict("e", "error", evidence="nothing answered"),
    )


def beside() -> Beside:
    """All that may stand beside a run."""
    return Beside(five_claims(), [trace(FAST), trace(SLOW)], phase_map(ENVIRONMENT))


def trace(name: str = SLOW) -> Trace:
    """One request: WSGI takes 200 ms, ASGI 210, and the client rests for 100."""
    thread, task = "Thread-1", "Task-1"
    wsgi = [
        Crossing("app", BY_SERVER, thread, 0.0, 1.0, "app(environ, start_response)"),
        Crossing("start_response", BY_APP, thread, 0.5, 0.6, "start_response('200')"),
        Crossing("next(body)", BY_SERVER, thread, 2.0, 7.0, "next(body): 9 bytes"),
        Crossing("body.close", BY_SERVER, thread, 199.0, 200.0, "body.close()"),
    ]
    asgi = [
        Crossing("app", BY_SERVER, task, 0.0, 210.0, "app(scope, receive, send)"),
        Crossing("receive", BY_APP, "Task-2", 1.0, None, "receive()"),
        Crossing("send", BY_APP, task, 2.0, 207.0, "send(http.response.body)"),
    ]
    rests = [Action(-1.0, "rests"), Action(100.0, "reads on")] if name == SLOW else []
    actions = [*rests, Action(205.0, "has the whole answer, 9 bytes")]
    return Trace(
        name,
        "GET /stream?chunks=1",
        Side("wsgi-gunicorn-gthread", wsgi, actions),
        Side("asgi-uvicorn", asgi, actions),
    )
