"""An app that does not answer while it is tried out, or does not even import."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from pathlib import Path

import pytest

from loadtests import UserError
from loadtests.clients.targets import target_of
from loadtests.clients.wire import WireError
from loadtests.experiments import trying_out, your_app
from loadtests.experiments.trying_out import SLOW_HANDLER, Waits, answered
from loadtests.experiments.your_app import served
from loadtests.servers.processes import Guard
from loadtests.servers.server import Server, running
from tests.experiments.test_your_app import HERE, ODD, WAITRESS

WAITRESS_ODD = served(WAITRESS, ODD)


@pytest.fixture(scope="module")
def odd_server(
    guard: Guard, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("odd")
    target = target_of(ODD, str(folder))
    with running(WAITRESS_ODD, guard, folder / "log", target=target) as server:
        yield server


@pytest.mark.parametrize(
    ("named", "says"),
    [
        ({"healthy": "GET /moved"}, "redirects are not followed, name /there"),
        ({"healthy": "GET /closed"}, "HEADERS='Name: value'"),
        ({"healthy": "GET /broken"}, "HEALTHY=GET /broken answers 500"),
        ({"healthy": "GET /changes"}, "not answered alike each time: 200, 201|201, 20"),
        ({"healthy": "GET /slow"}, r"takes \d+ ms on the idle server: name a request"),
        ({"healthy": "GET /no-database"}, r"answers 500; .*OSError: no database here"),
        ({"upload": "POST /closed"}, "UPLOAD=POST /closed answers 403"),
        ({"upload": "POST /broken"}, "UPLOAD=POST /broken answers 500"),
        ({"download": "GET /short"}, "answers 1,... bytes, and the kernel takes that"),
        ({"download": "GET /closed"}, "DOWNLOAD=GET /closed answers 403"),
        ({"wait": "GET /quick"}, r"takes \d+ ms: name one that takes 500 ms or more"),
        ({"wait": "GET /broken"}, "WAIT=GET /broken answers 500"),
    ],
)
def test_request_that_cannot_be_measured_is_an_error_before_the_run(
    named: dict[str, str], says: str, odd_server: Server
) -> None:
    other = dataclasses.replace(ODD, **named)  # type: ignore[arg-type]  # all are str
    with pytest.raises(UserError, match=says):
        answered(other, odd_server, 1.0, SLOW_HANDLER)


def test_request_at_a_rate_must_be_answered_in_time(odd_server: Server) -> None:
    other = dataclasses.replace(ODD, wait="GET /slow")
    with pytest.raises(UserError, match="requests have a second to be answered"):
        answered(other, odd_server, 60.0, Waits(most_s=0.05))
    quick = dataclasses.replace(ODD, wait="GET /quick")
    assert answered(quick, odd_server, 60.0, Waits(most_s=0.9)).wait_s is not None


def test_answers_that_differ_are_known_by_their_status(odd_server: Server) -> None:
    other = dataclasses.replace(ODD, healthy="GET /differs")
    assert answered(other, odd_server, 60.0, SLOW_HANDLER).sha256 == ""


def test_header_fields_are_sent_with_every_request(odd_server: Server) -> None:
    other = dataclasses.replace(ODD, headers=["Host: shop.example"])
    plain = answered(ODD, odd_server, 60.0, SLOW_HANDLER)
    at_home = answered(other, odd_server, 60.0, SLOW_HANDLER)
    assert plain.sha256 != at_home.sha256


def test_host_that_is_refused_is_a_hint(odd_server: Server) -> None:
    other = dataclasses.replace(ODD, healthy="GET /wrong-host")
    with pytest.raises(UserError, match=r"HEADERS=.Host: example\.org"):
        answered(other, odd_server, 1.0, SLOW_HANDLER)


def test_request_that_is_not_answered_in_time_is_told(
    odd_server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trying_out, "WAITS_AT_MOST_S", 0.1)
    other = dataclasses.replace(ODD, wait="GET /slow")
    with pytest.raises(UserError, match="WAIT=GET /slow is not answered in time"):
        answered(other, odd_server, 60.0, SLOW_HANDLER)


def test_connection_that_breaks_is_told_with_the_reason() -> None:
    with (
        pytest.raises(UserError, match="UPLOAD=POST / is not answered: reset: gone"),
        trying_out._explained("UPLOAD=POST /"),
    ):
        raise WireError("reset", "gone")


def test_module_that_takes_too_long_to_import_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "sleepy.py").write_text("import time\ntime.sleep(60)\n")
    monkeypatch.setattr(your_app, "IMPORTS_WITHIN_S", 0.5)
    home = dataclasses.replace(HERE, folder=str(tmp_path))
    with pytest.raises(UserError, match=r"APP=sleepy does not import within 0.5 s"):
        your_app.look("sleepy", home, tmp_path / "log")
