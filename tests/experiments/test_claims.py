"""The claims: their registry, what it does without evidence, a few for real.

The whole ledger is run by `make claims`; here are those that are quick.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from pathlib import Path

import pytest
from rich.console import Console

from loadtests import ROOT
from loadtests.clients.conversations import Heard
from loadtests.commands import claims
from loadtests.commands.main import main
from loadtests.experiments.claims import registry
from loadtests.experiments.claims.lab import Lab
from loadtests.experiments.claims.registry import (
    CLAIMS,
    Claim,
    ClaimError,
    Finding,
    choose,
    decide,
    holds,
    holds_only_with,
    need,
    not_testable,
    refuted,
)
from loadtests.records.claims import (
    ERROR,
    HOLDS,
    KINDS,
    ONLY_WITH,
    REFUTED,
    UNTESTABLE,
    Verdict,
    load_claims,
)
from loadtests.servers.processes import Guard

QUICK = {
    # First: its handlers outlast it by some seconds, and a server waits for them.
    "fastapi-def-may-block": ONLY_WITH,
    "asgi-is-non-blocking": ONLY_WITH,
    "scope-is-immutable": REFUTED,
    "disconnect-is-an-event": ONLY_WITH,
    "asgi-websockets-and-lifespan": HOLDS,
    "limit-concurrency-counts-requests": REFUTED,
    "backpressure-counts-requests": REFUTED,
    "worker-connections-cap-every-worker": ONLY_WITH,
    "out-of-descriptors-clients-wait": REFUTED,
}


@pytest.fixture(scope="module")
def lab(guard: Guard, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    lab = Lab(guard, tmp_path_factory.mktemp("claims"))
    try:
        yield lab
    finally:
        lab.close()


def no_lab() -> Lab:
    """For claims that start nothing."""
    return Lab(None, Path())  # type: ignore[arg-type]


def told(finding: Finding) -> Claim:
    return Claim("a-claim", "A claim", "a test", lambda _: finding)


def without_evidence(_: Lab) -> Finding:
    need(False, "nothing answered")
    return holds("never reached")


def broken(_: Lab) -> Finding:
    raise ConnectionRefusedError("no server")


def test_registry_has_every_claim_with_words_and_a_source() -> None:
    assert len(CLAIMS) >= 36
    for name, claim in CLAIMS.items():
        assert name == claim.id
        assert set(name) <= set("abcdefghijklmnopqrstuvwxyz0123456789-")
        assert claim.text
        assert not claim.text.endswith("."), "as people say it"
        assert claim.source
        assert "://" not in claim.source
    assert len({claim.text for claim in CLAIMS.values()}) == len(CLAIMS)


def test_readme_says_how_many_there_are() -> None:
    assert f"{len(CLAIMS)} claims" in (ROOT / "README.md").read_text()


def test_claim_about_nginx_is_not_testable_without_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("PATH", "")
    [verdict] = decide(choose(["nginx-fixes-sync"]), no_lab())
    assert verdict.kind == UNTESTABLE
    assert "apt-get install nginx" in verdict.evidence


def test_claim_is_entered_by_its_name_and_docstring(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(registry, "CLAIMS", {})

    @registry.claim("a test")
    def the_earth_is_flat(_: Lab) -> Finding:
        """The Earth
        is flat"""
        return refuted("a ship went under the horizon, hull first")

    assert registry.CLAIMS["the-earth-is-flat"] is the_earth_is_flat
    assert the_earth_is_flat.text == "The Earth is flat"


@pytest.mark.parametrize(
    ("finding", "kind", "condition"),
    [
        (holds("3 of 3"), HOLDS, ""),
        (holds_only_with("luck", "1 of 3"), ONLY_WITH, "luck"),
        (refuted("0 of 3"), REFUTED, ""),
        (not_testable("no nginx"), UNTESTABLE, ""),
    ],
)
def test_verdict_is_what_the_finding_says(
    finding: Finding, kind: str, condition: str
) -> None:
    [given] = decide([told(finding)], no_lab())
    assert (given.kind, given.condition) == (kind, condition)
    assert given.evidence == finding.evidence
    assert given.command == "make claims ONLY=a-claim"


@pytest.mark.parametrize(
    ("claim", "words"),
    [
        (told(holds("")), "without evidence"),
        (told(Finding("probably", "I think")), "no such verdict"),
        (Claim("a", "A", "a test", without_evidence), "nothing answered"),
        (Claim("a", "A", "a test", broken), "ConnectionRefusedError: no server"),
    ],
    ids=["empty", "unknown", "not-shown", "broken"],
)
def test_without_evidence_it_is_an_error_and_the_next_claim_is_run(
    claim: Claim, words: str
) -> None:
    error, following = decide([claim, told(holds("3 of 3"))], no_lab())
    assert error.kind == ERROR
    assert words in error.evidence
    assert following.kind == HOLDS


def test_command_exits_with_1_when_a_claim_is_an_error(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    found = {
        "good": dataclasses.replace(told(holds("3 of 3")), id="good"),
        "bad": Claim("bad", "A bad one", "a test", without_evidence),
    }
    monkeypatch.setattr(registry, "CLAIMS", found)
    assert main(["claims", "--only", "good"]) == 0
    assert main(["claims", "--only", "good,bad"]) == 1
    shown = capsys.readouterr().out
    assert "nothing answered" in shown
    assert "make claims ONLY=bad" in shown
    assert "1 holds, 1 error" in shown


def test_command_saves_the_whole_ledger_and_no_part_of_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(registry, "CLAIMS", {"a-claim": told(holds("3 of 3"))})
    monkeypatch.setattr(claims, "LEDGER", tmp_path / "reports" / "claims.json")
    monkeypatch.setattr(claims, "ROOT", tmp_path)
    assert claims.run(["a-claim"], Console(quiet=True)) == 0
    assert not claims.LEDGER.exists()
    assert claims.run([], Console(quiet=True)) == 0
    saved = load_claims(claims.LEDGER)
    assert [verdict.evidence for verdict in saved.verdicts] == ["3 of 3"]
    assert saved.environment.cpus >= 1
    before = claims.LEDGER.read_bytes()
    assert claims.run(["a-claim"], Console(quiet=True)) == 0
    assert claims.LEDGER.read_bytes() == before


def test_unknown_claim_is_named_with_those_that_exist(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(ClaimError, match="no claim 'moon': there are "):
        choose(["scope-is-immutable", "moon"])
    assert main(["claims", "--only", "moon"]) == 2
    error = capsys.readouterr().err
    assert error.startswith("error: no claim 'moon': there are ")
    assert error.count("\n") == 1


def test_chosen_claims_come_once_and_in_the_order_named() -> None:
    names = ["scope-is-immutable", "asgi-streams", "scope-is-immutable"]
    assert [claim.id for claim in choose(names)] == names[:2]
    assert [claim.id for claim in choose([])] == list(CLAIMS)


@pytest.mark.parametrize("width", [80, 120])
def test_entry_shows_the_whole_verdict_at_any_width(width: int) -> None:
    words = "evidence " * 40 + "[0 of 20]"
    verdict = Verdict("a", "A [claim]", "a test", ONLY_WITH, words, "make a", "x")
    console = Console(width=width, color_system=None)
    with console.capture() as captured:
        console.print(claims.entry(verdict))
    assert max(map(len, captured.get().splitlines())) <= width
    shown = " ".join(captured.get().split())
    for part in ("A [claim]", "a test", "holds only with x", "[0 of 20]", "make a"):
        assert part in shown


def test_answer_is_read_in_chunks_or_not() -> None:
    head = b"HTTP/1.1 200 OK\r\n"
    chunked = (
        head + b"Transfer-Encoding: chunked\r\n\r\n3\r\none\r\n3\r\ntwo\r\n0\r\n\r\n"
    )
    assert Heard([(0, chunked[:50]), (1, chunked[50:])]).chunks() == [b"one", b"two"]
    assert Heard([(0, head + b"Content-Length: 3\r\n\r\none")]).chunks() == []


@pytest.mark.parametrize(("name", "kind"), QUICK.items())
def test_quick_claims_are_decided_on_real_servers(
    name: str, kind: str, lab: Lab
) -> None:
    [verdict] = decide(choose([name]), lab)
    assert verdict.kind == kind, verdict.evidence
    assert verdict.kind in KINDS
