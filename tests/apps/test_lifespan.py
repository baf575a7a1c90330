"""The lifespan of the ASGI app: what it answers, and when its hooks run."""

import asyncio

import pytest

from asgi_app import app, beyond
from asgi_app.interface import Event, Scope
from tests.apps.asgi_checker import checked
from tests.apps.drivers import Client
from tests.apps.turns import run, turns

STARTUP: Event = {"type": "lifespan.startup"}
SHUTDOWN: Event = {"type": "lifespan.shutdown"}


def live(*script: Event) -> list[Event]:
    client = Client(script)
    scope = {"type": "lifespan", "asgi": {"version": "3.0", "spec_version": "2.0"}}
    asyncio.run(checked(app)(scope, client.receive, client.send))
    return client.sent


def test_lifespan_starts_up_and_shuts_down() -> None:
    assert live(STARTUP, SHUTDOWN) == [
        {"type": "lifespan.startup.complete"},
        {"type": "lifespan.shutdown.complete"},
    ]


async def fail(state: Scope) -> None:
    raise RuntimeError("no database")


def test_lifespan_reports_a_failed_startup_and_ends(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(beyond, "startup", fail)
    message = "RuntimeError('no database')"
    assert live(STARTUP, SHUTDOWN) == [
        {"type": "lifespan.startup.failed", "message": message}
    ]


def test_lifespan_reports_a_failed_shutdown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(beyond, "shutdown", fail)
    message = "RuntimeError('no database')"
    assert live(STARTUP, SHUTDOWN) == [
        {"type": "lifespan.startup.complete"},
        {"type": "lifespan.shutdown.failed", "message": message},
    ]


def test_lifespan_hooks_run_when_they_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    log: list[str] = []

    async def startup(state: Scope) -> None:
        log.append("startup")

    async def shutdown(state: Scope) -> None:
        log.append("shutdown")

    async def work() -> None:
        client = Client([STARTUP])
        scope = {"type": "lifespan"}
        running = asyncio.create_task(app(scope, client.receive, client.send))
        await turns()
        assert log == ["startup"]
        client.disconnect()  # here: the event for which receive() waits
        await running
        assert log == ["startup", "shutdown"]

    monkeypatch.setattr(beyond, "startup", startup)
    monkeypatch.setattr(beyond, "shutdown", shutdown)
    run(work)
