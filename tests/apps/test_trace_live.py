"""The live trace: what it writes to the terminal."""

from __future__ import annotations

import json
import os
import re
import threading
from typing import Any

import pytest

import asgi_app.trace
import wsgi_app.records
import wsgi_app.trace
from tests.apps.drivers import call_asgi, call_wsgi, environ_of
from tests.apps.recorded import (
    STREAM,
    UPLOAD,
    Record,
    steps,
)

# The live trace


@pytest.mark.parametrize("module", [wsgi_app, asgi_app])
def test_lines_stay_whole_under_eight_threads(
    module: Any, capfd: pytest.CaptureFixture[str]
) -> None:
    def ask() -> None:
        for _ in range(20):
            if module is wsgi_app:
                call_wsgi(wsgi_app.trace.app, environ_of(STREAM))
            else:
                call_asgi(asgi_app.trace.app, STREAM)

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    records = [json.loads(line) for line in capfd.readouterr().out.splitlines()]
    assert sum(steps([r]) == [("app", "returned")] for r in records) == 160
    assert len({record["call"] for record in records}) == 160


@pytest.mark.parametrize("columns", [80, 120])
@pytest.mark.parametrize("colours", [False, True])
def test_live_trace_fits_the_terminal(
    capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    columns: int,
    colours: bool,
) -> None:
    monkeypatch.setattr(os, "isatty", lambda descriptor: True)
    monkeypatch.setenv("COLUMNS", str(columns))
    monkeypatch.setenv("NO_COLOR", "" if colours else "1")
    call_wsgi(wsgi_app.trace.app, environ_of(UPLOAD))
    call_asgi(asgi_app.trace.app, UPLOAD)
    text = capfd.readouterr().out
    assert ("\x1b[" in text) == colours
    text = re.sub(r"\x1b\[\d+m", "", text)
    assert max(map(len, text.splitlines())) <= columns
    for words in (
        "ms  server --> app  app(environ, start_response)",
        "'REQUEST_METHOD': 'POST'",
        "server <-- app  wsgi.input.read(10)",
        "server ..> app  wsgi.input.read returned <10 bytes",
        "server --> app  app(scope, receive, send)",
        "server <-- app  receive()",
    ):
        assert words in text


@pytest.mark.parametrize(
    ("change", "colour"),
    [
        ({"step": "called"}, wsgi_app.records.GREEN),
        ({"took_ms": 0.1}, wsgi_app.records.GREEN),
        ({"took_ms": 100.0}, wsgi_app.records.YELLOW),
        ({"step": "raised", "got": "<Broken()>"}, wsgi_app.records.RED),
        ({"step": "raised", "got": "<StopIteration()>"}, wsgi_app.records.GREEN),
        ({"name": "event loop", "step": "blocked"}, wsgi_app.records.RED),
    ],
)
def test_live_trace_shows_waiting_and_faults(
    monkeypatch: pytest.MonkeyPatch, change: Record, colour: int
) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    record = {"process": 1, "call": 1, "at_ms": 1.0, "name": "next(body)", "given": []}
    record |= {"step": "returned", "interface": "wsgi", "took_ms": 1.0, "got": None}
    assert f"\x1b[{colour}m" in wsgi_app.records.readable(record | change)


def test_terminal_is_safe_from_what_a_client_sends() -> None:
    quoted = wsgi_app.records.quote(wsgi_app.records.show("<\x1b[2Jgone>"))
    assert "\x1b" not in quoted
