"""The target: what is asked of the raw apps, and what a right answer is."""

from __future__ import annotations

import dataclasses

import pytest

from loadtests import UserError
from loadtests.catalog.phases import Phase
from loadtests.catalog.scenarios import SCENARIOS
from loadtests.catalog.stacks import STACKS
from loadtests.catalog.target import RAW

HEADERS = {"Content-Type": "text/plain; charset=utf-8", "Content-Length": "13"}


def test_raw_target_asks_for_hello_and_checks_the_answer() -> None:
    assert RAW.name == "GET /hello"
    assert RAW.healthy.to_bytes().startswith(b"GET /hello HTTP/1.1\r\n")
    assert not RAW.check(200, HEADERS, RAW.body)
    assert len(RAW.check(500, HEADERS, b"Hello?")) == 2


def test_raw_target_has_a_request_for_every_scenario_that_asks() -> None:
    asking = {s.phase for s in SCENARIOS.values()} - {Phase.SILENT}
    for phase in asking:
        assert RAW.request(phase).target.startswith("/")


def test_phase_without_a_request_is_the_error_of_who_chose_it() -> None:
    less = dataclasses.replace(RAW, requests={})
    with pytest.raises(UserError, match="no request for the phase body"):
        less.request(Phase.BODY)


def test_stacks_serve_the_apps_of_the_raw_target() -> None:
    assert {(s.interface, s.app) for s in STACKS.values()} == {*RAW.apps.items()}


def test_target_can_be_asked_something_else() -> None:
    other = RAW.asking("GET /wait?ms=5")
    assert other.healthy.target == "/wait?ms=5"
    assert not other.check(200, {}, b"waited 5 ms")
    assert other.check(503, {}, b"")
