"""An app of somebody else: looked at, served as it is, tried out, and its errors."""

from __future__ import annotations

import dataclasses
import sys
from pathlib import Path

import pytest

from loadtests import UserError
from loadtests.catalog import stacks
from loadtests.catalog.phases import Phase
from loadtests.catalog.scenarios import SCENARIOS
from loadtests.catalog.stacks import HTTP1, Stack
from loadtests.catalog.target import Home
from loadtests.clients import wire
from loadtests.clients.targets import target_of
from loadtests.experiments.order import Order, order_of
from loadtests.experiments.run import begin_run, go_on, resume_run
from loadtests.experiments.trying_out import tried_out
from loadtests.experiments.your_app import (
    BESIDE,
    FACTORY,
    Seen,
    can_run,
    look,
    look_again,
    prepare,
    served,
)
from loadtests.records.target import OtherTarget
from loadtests.report import reports
from loadtests.servers.processes import Guard
from loadtests.servers.server import running
from tests.experiments.held import SHORT

SHOPS = Path(__file__).parent / "shops"
HERE = Home(sys.executable, str(SHOPS), "")
ODD = OtherTarget(
    app="odd:application",
    interface="wsgi",
    factory=False,
    python=sys.executable,
    folder=str(SHOPS),
    healthy="GET /",
)
ON_FLASK = dataclasses.replace(
    ODD,
    app="on_flask:create_app",
    factory=True,
    healthy="GET /health",
    upload="POST /items",
    download="GET /export.csv",
    wait="GET /report",
)
ON_FASTAPI = dataclasses.replace(
    ON_FLASK, app="on_fastapi:app", interface="asgi", factory=False
)
ON_STARLETTE = dataclasses.replace(
    ON_FASTAPI, app="on_starlette:app", upload="", download="GET /events", wait=""
)
ON_DJANGO = dataclasses.replace(ON_FLASK, app="on_django:application", factory=False)
DJANGO_ASYNC = dataclasses.replace(
    ON_DJANGO,
    app="on_django:asgi_application",
    interface="asgi",
    download="",  # of a plain generator, Django makes a list first
    wait="GET /report-async",
)
WAITRESS, UVICORN = stacks.find("wsgi-waitress"), stacks.find("asgi-uvicorn-h11")


@pytest.mark.parametrize(
    ("named", "app", "interface", "factory"),
    [
        ("odd:application", "odd:application", "wsgi", False),
        ("odd", "odd:application", "wsgi", False),
        ("on_fastapi", "on_fastapi:app", "asgi", False),
        ("odd:asgi", "odd:asgi", "asgi", False),
        ("odd:Shop.app", "odd:Shop.app", "wsgi", False),
        ("odd:made", "odd:made", "wsgi", True),
        ("odd:made()", "odd:made", "wsgi", True),
        ("odd:configured", "odd:configured", "wsgi", True),
        ("odd:Class", "odd:Class", "wsgi", True),
        ("on_flask:create_app", "on_flask:create_app", "wsgi", True),
        ("odd:any_arguments", "odd:any_arguments", "", False),
    ],
)
def test_app_is_recognised_by_looking(
    named: str, app: str, interface: str, factory: bool, tmp_path: Path
) -> None:
    seen = look(named, HERE, tmp_path / "log")
    assert (seen.app, seen.interface, seen.factory) == (app, interface, factory)
    assert seen.versions["gunicorn"] is not None
    assert seen.wheels["gunicorn"]["tag"] == "py3-none-any"
    assert look_again(_recorded(seen), tmp_path / "log").app == app
    assert [path.name for path in tmp_path.iterdir()] == ["log"]


def _recorded(seen: Seen) -> OtherTarget:
    return dataclasses.replace(ODD, app=seen.app, factory=seen.factory)


@pytest.mark.parametrize(
    ("named", "says"),
    [
        ("nothing_like_it:app", "No module named 'nothing_like_it'"),
        ("odd:nothing", "module 'odd' has no attribute 'nothing'"),
        ("odd:not_an_app", "int is no app: it cannot be called"),
        ("test_nothing", "has no application or app: name it as module:attribute"),
    ],
)
def test_what_is_no_app_is_told_with_its_own_last_words(
    named: str, says: str, tmp_path: Path
) -> None:
    (tmp_path / "test_nothing.py").touch()
    home = dataclasses.replace(HERE, beside=str(tmp_path))
    with pytest.raises(UserError, match=says) as caught:
        look(named, home, tmp_path / "log")
    assert "\n" not in str(caught.value)
    assert str(caught.value).endswith(f"{tmp_path / 'log'} has more")


def test_stack_without_its_packages_is_listed_with_what_installs_them() -> None:
    versions = {name: "1" for name in stacks.packages() if name != "waitress"}
    seen = Seen("shop:app", "wsgi", False, "3.11", versions)
    found, lines = can_run([], seen, "python")
    every = [s.id for s in HTTP1.values() if s.interface == "wsgi"]
    assert [s.id for s in found] == [name for name in every if name != WAITRESS.id]
    assert lines == ["wsgi-waitress: python -m pip install waitress"]
    with pytest.raises(UserError, match="python -m pip install waitress"):
        can_run([WAITRESS.id], seen, "python")
    with pytest.raises(UserError, match="shop:app is wsgi: leave asgi-uvicorn-h11 out"):
        can_run([UVICORN.id], seen, "python")
    nothing = dataclasses.replace(seen, versions={})
    with pytest.raises(UserError, match="not installed for the app: wsgi-gunicorn-"):
        can_run([], nothing, "python")


# One of each program that imports an app, nginx's apart.
IMPORTING = (
    *("wsgi-gunicorn-gthread", "wsgi-uvicorn", "wsgi-waitress", "wsgi-granian"),
    *("wsgi-uwsgi", "asgi-gunicorn", "asgi-uvicorn-h11", "asgi-granian"),
    *("asgi-hypercorn", "asgi-daphne"),
)


def test_every_server_is_tried_with_an_app_of_somebody_else() -> None:
    servers = {(s.interface, s.server) for s in HTTP1.values() if not s.front}
    assert servers == {
        (stacks.find(name).interface, stacks.find(name).server) for name in IMPORTING
    }


@pytest.mark.parametrize("stack_id", IMPORTING)
def test_every_server_serves_an_app_of_somebody_else(
    stack_id: str, guard: Guard, tmp_path: Path
) -> None:
    stack = stacks.find(stack_id)
    other = ON_FLASK if stack.interface == "wsgi" else ON_FASTAPI
    prepare(other, tmp_path)
    target = target_of(other, str(tmp_path / BESIDE))
    its = served(stack, other)
    with running(its, guard, tmp_path / "log", target=target) as server:
        request = target.healthy.to_bytes()
        answer = wire.exchange(server.address, request, deadline_s=20)
    assert (answer.status, answer.body.strip()) == (200, answer.body.strip())
    assert b'"ok"' in answer.body


@pytest.mark.parametrize(
    ("other", "stack"),
    [
        (ON_FLASK, WAITRESS),
        (ON_DJANGO, WAITRESS),
        (DJANGO_ASYNC, UVICORN),
        (ON_FASTAPI, UVICORN),
        (ON_STARLETTE, UVICORN),
    ],
    ids=["flask", "django", "django-async", "fastapi", "starlette"],
)
def test_app_is_tried_out_with_each_request_that_was_named(
    other: OtherTarget, stack: Stack, guard: Guard, tmp_path: Path
) -> None:
    found = tried_out(other, stack, 60.0, tmp_path, guard)
    assert found.status == 200
    assert len(found.sha256) == 64
    assert found.healthy_ms > 0
    assert (found.download_bytes or 2_000_001) > 2_000_000
    assert (found.download_bytes is None) is (not other.download)
    assert found.wait_s is None or found.wait_s >= 1.5
    assert (found.wait_s is None) is (not other.wait)


def test_handler_that_ends_soon_holds_its_thread_by_turns() -> None:
    its = served(WAITRESS, dataclasses.replace(ON_FLASK, wait_s=1.5))
    assert its.held_under("handler-wait").share == 0.75
    at_once = WAITRESS.predicted_out_at("handler-wait") or 0
    assert (its.predicted_out_at("handler-wait") or 0) > at_once
    assert served(WAITRESS, None) is WAITRESS


@pytest.mark.parametrize(("length", "held"), [(10**6, "a connection"), (10**8, "a th")])
def test_download_that_a_server_takes_ahead_holds_no_thread(
    length: int, held: str
) -> None:
    its = served(WAITRESS, dataclasses.replace(ON_FLASK, download_bytes=length))
    assert its.holds[Phase.RESPONSE].what.startswith(held)


def test_app_is_measured_and_its_run_can_be_gone_on_with(
    guard: Guard, tmp_path: Path
) -> None:
    other = dataclasses.replace(ON_FLASK, upload="", download="", wait="")
    sync = stacks.find("wsgi-gunicorn-sync")
    other = tried_out(other, sync, 60.0, tmp_path / "tried", guard)
    order = Order(SHORT, [sync], [SCENARIOS["slow-headers"]], 1, seed=7, other=other)
    seen = look_again(other, tmp_path / "log")
    run, folder = begin_run(order, ["load"], tmp_path / "reports", seen)
    for _, grown in go_on(run, folder, order, guard, lambda *_: None):
        run = grown
    [cell] = run.cells
    assert cell.argv[-1] == f"{FACTORY}:app"
    assert cell.capacity.out_at == cell.capacity.predicted_out_at == 2, cell
    assert run.method.healthy_request == "GET /health"
    reports.write(run, folder)
    assert "| healthy requests | GET /health |" in (folder / "report.md").read_text()

    again, _ = resume_run(folder)
    assert again.target == other
    assert order_of(again).cells()[0].holding.subject(1).argv == cell.argv
    assert len(order_of(again).tasks()) == 1
