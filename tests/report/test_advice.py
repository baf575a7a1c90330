"""The advice and the matrix of capacities: what they say of repeats."""

from __future__ import annotations

import dataclasses

from loadtests.analysis.outcomes import outcomes
from loadtests.catalog.stacks import HTTP1
from loadtests.records.cell import Cell, InFront
from loadtests.records.claims import HOLDS, UNTESTABLE
from loadtests.records.folder import Beside
from loadtests.report.blocks import Source, Text
from loadtests.report.prose import text
from loadtests.report.sections import advice, situations
from loadtests.report.sections.matrix import entry
from loadtests.report.special_blocks import Stand
from tests import runs


def test_advice_names_what_held_and_what_did_not() -> None:
    cells = [
        runs.cell("a", "slow-headers"),
        runs.cell("a", "slow-body", answered={0: 150, 4: 140, 512: 130}),
        runs.cell("b", "slow-headers"),
        runs.cell("b", "slow-body"),
        runs.cell("c", "slow-body", answered={0: 150, 3: 150, 4: 0}),
        runs.cell("d", "slow-body"),
    ]
    (anyone,) = advice.advice(runs.run(cells))
    assert [*anyone.evidence] == ["slow-headers", "slow-body"]
    supported = Stand("held at least 512", ["b"])
    assert anyone.supported == supported, "d lacks slow-headers"
    assert anyone.against == Stand("held 0 to 3", ["a", "c"])


def test_stack_that_holds_many_is_supported_although_something_runs_out() -> None:
    loop = {0: 150, 1404: 150, 1606: 100, 2409: 0}
    few = {0: 150, 499: 150, 500: 0}
    cells = [
        runs.cell(stack, scenario, answered=answered)
        for stack, answered in (("loop", loop), ("few", few))
        for scenario in ("slow-headers", "slow-body")
    ]
    (anyone,) = advice.advice(runs.run(cells))
    assert anyone.supported == Stand("held 1,404", ["loop"])
    assert anyone.against == Stand("held 499", ["few"])


def blocking(stack: str, held: int) -> Cell:
    return runs.cell(stack, "loop-block", answered={0: 150, held: 150, held + 1: 0})


def test_advice_for_calls_that_gevent_cannot_replace_is_threads() -> None:
    held = {"asgi-uvicorn": 1, "wsgi-gunicorn-gthread": 15, "wsgi-gunicorn-gevent": 999}
    others, replaced = advice.advice(runs.run([blocking(*one) for one in held.items()]))
    assert replaced.supported == Stand("held 999", ["wsgi-gunicorn-gevent"])
    assert others.supported == Stand("held 15", ["wsgi-gunicorn-gthread"])
    unknown = "wsgi-gunicorn-gevent (not measured)"
    assert others.against == Stand("held 1", ["asgi-uvicorn", unknown])


def test_advice_tells_how_to_start_the_cheapest_of_those_that_hold_as_many() -> None:
    cells = [
        runs.cell(stack, "handler-wait")
        for stack in ("asgi-uvicorn", "asgi-uvicorn-h11", "asgi-gunicorn")
    ]
    costs = [
        runs.cost("asgi-uvicorn", us=50.0),
        runs.cost("asgi-uvicorn-h11", us=40.0),
        runs.cost("asgi-gunicorn", us=100.0),
    ]
    run = dataclasses.replace(runs.run(cells), costs=costs)
    waiting, quick = advice.advice(run)
    assert waiting.start
    assert waiting.start.stack == "asgi-uvicorn-h11"
    assert waiting.start.command.startswith("python -m asgi-uvicorn-h11")
    assert "LimitNOFILE" in waiting.start.options
    both = Stand("40 to 50 µs of CPU a request", ["asgi-uvicorn-h11", "asgi-uvicorn"])
    assert quick.supported == both
    assert quick.against == Stand("100 µs of CPU a request", ["asgi-gunicorn"])


def test_every_stack_says_which_options_decide_about_slow_clients() -> None:
    for stack in HTTP1.values():
        assert stack.deploy.endswith("."), stack.id


def test_advice_says_of_a_proxy_what_the_ledger_found() -> None:
    cells = [runs.cell("a", s) for s in ("slow-headers", "slow-body")]
    alone = Source(runs.run(cells))
    found = "without nginx 0; behind nginx 20"
    tried = runs.verdict(situations.PROXY_CLAIM, HOLDS, evidence=found)
    for verdicts, says in (
        ([], situations.NO_PROXY),
        ([runs.verdict("another")], situations.NO_PROXY),
        ([runs.verdict(situations.PROXY_CLAIM, UNTESTABLE)], situations.NO_PROXY),
        ([tried], f"A claim below tried nginx: {found}."),
    ):
        ledger = runs.ledger(*verdicts)
        source = dataclasses.replace(alone, beside=Beside(ledger=ledger))
        texts = [b for b in advice.blocks(source) if isinstance(b, Text)]
        assert any(says in text(block.said) for block in texts)


def test_stacks_with_nginx_in_front_are_a_situation_of_their_own() -> None:
    fine = {0: 150, 1000: 150}
    cells = [
        runs.cell(stack, scenario, answered=fine)
        for stack in ("asgi-uvicorn", "wsgi-gunicorn-sync-nginx")
        for scenario in ("slow-headers", "slow-body")
    ]
    bare, fronted = advice.advice(runs.run(cells))
    assert bare.supported == Stand("held at least 1,000", ["asgi-uvicorn"])
    assert "no proxy in front" in bare.name
    assert fronted.supported
    assert fronted.supported.stacks == ["wsgi-gunicorn-sync-nginx"]
    assert "nginx in front" in fronted.name
    assert fronted.start
    assert fronted.start.options.startswith("nginx stands in front, configured as")
    front = InFront("nginx", "http {}", connections=510)
    source = Source(runs.run([dataclasses.replace(cells[-1], front=front), cells[0]]))
    said = [text(b.said) for b in advice.blocks(source) if isinstance(b, Text)]
    assert any("nginx in front of wsgi-gunicorn-sync-nginx." in one for one in said)


def test_advice_is_not_given_where_nothing_was_measured() -> None:
    assert advice.advice(runs.run([runs.cell("a", "of-another-project")])) == []


def test_entry_tells_what_repeats_found() -> None:
    out, worse, fine = {0: 150, 4: 0}, {0: 150, 4: 150, 8: 0}, {0: 150, 4: 150}
    some = [
        runs.cell(repeat=n, answered=a, predicted=4)
        for n, a in enumerate((out, out, worse), 1)
    ]
    (outcome,) = outcomes(runs.run(some))
    found = entry(outcome)
    assert (found.said, found.spread) == ("out at 4", "(4 to 8)")
    assert found.predicted == "predicted 4, right in 2 of 3"
    once = [runs.cell(repeat=n, answered=a) for n, a in enumerate((fine, fine, out), 1)]
    (outcome,) = outcomes(runs.run(once))
    assert entry(outcome).said == "degrades at 4 in 1 of 3 repeats"
