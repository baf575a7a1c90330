"""`make trace`: what the client does, who waits for whom, and how that is drawn."""

from __future__ import annotations

import dataclasses
import io
import socket
import struct
import threading
from pathlib import Path

import pytest
from rich.console import Console

import asgi_app.main
import wsgi_app.main
from loadtests.analysis.spans import Watched
from loadtests.analysis.timeline import BLOCKED, moments
from loadtests.catalog.contract import Request
from loadtests.commands.main import main
from loadtests.commands.trace import run
from loadtests.experiments.trace.client import TracedClient, talk
from loadtests.records.traces import Action
from loadtests.report.trace_picture import picture
from loadtests.servers.processes import Guard
from tests.again import tried_again
from tests.apps.drivers import environ_of
from tests.apps.recorded import STREAM, UPLOAD, steps, trace_asgi, trace_wsgi
from tests.conftest import Servers


def test_make_trace_draws_both_sides(guard: Guard) -> None:
    console = Console(file=io.StringIO(), width=80)
    run(TracedClient.parse("", "", "body", ""), [], console)
    assert isinstance(console.file, io.StringIO)
    text = console.file.getvalue()
    for words in ("wsgi-gunicorn-gthread", "asgi-uvicorn", "client sends 8 bytes"):
        assert words in text
    assert "app waits for the client's body" in text


@pytest.mark.parametrize(
    "words",
    [
        ["--request", "FETCH /hello"],
        ["--request", "GET"],
        ["--request", "GET hello"],
        ["--request", "GET /hello HTTP/1.1"],
        ["--request", "GET /h\u00e9llo"],
        ["--request", "GET /\r\nX-Evil:1"],
        ["--slow", "fast"],
        ["--leave", "3s"],
        ["--leave=-1ms"],
        ["--body", "@/no/such/file"],
        ["--stacks", "wsgi-flask"],
        ["--stacks", "wsgi-uvicorn,wsgi-gunicorn-sync"],
    ],
)
def test_bad_input_is_a_line_and_status_two(
    words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["trace", *words]) == 2
    error = capsys.readouterr().err
    assert error.startswith("error: ")
    assert error.count("\n") == 1


@pytest.mark.parametrize(
    ("request_", "body", "slow", "leave", "words"),
    [
        ("", "", "", "", "GET /stream?chunks=3&interval_ms=100"),
        ("", "abc", "", "", "POST /upload, with a body of 3 bytes"),
        ("PUT /upload", "abc", "", "", "PUT /upload, with a body of 3 bytes"),
        ("", "", "body", "", "POST /upload, with a body of 32 bytes, sent in 4 pieces"),
        ("", "", "read", "", "GET /stream?chunks=8&size=1048576, resting 200 ms"),
        ("", "", "", "150ms", "interval_ms=100, leaving after 150 ms"),
        ("GET /hello", "", "", "9B", "GET /hello, leaving after 9 bytes of the answer"),
    ],
)
def test_client_says_what_it_will_do(
    request_: str, body: str, slow: str, leave: str, words: str
) -> None:
    assert words in str(TracedClient.parse(request_, body, slow, leave))


@pytest.mark.parametrize(
    ("request_", "slow", "leave", "actions"),
    [
        ("GET /hello", "", "", ["has the whole answer"]),
        ("GET /wait?ms=5000", "", "50ms", ["leaves"]),
        ("GET /hello", "", "0ms", ["leaves"]),
        ("GET /hello", "", "7B", ["leaves after 7 bytes"]),
        ("POST /upload", "body", "150ms", ["sends 8 bytes of body", "leaves"]),
        ("GET /hello", "read", "", ["rests", "reads on", "has the whole answer"]),
    ],
)
def test_client_does_what_it_says(
    servers: Servers, request_: str, slow: str, leave: str, actions: list[str]
) -> None:
    client = TracedClient.parse(request_, "", slow, leave)
    done = [did.what for did in talk(client, servers["asgi-uvicorn"].address)]
    assert len(done) == len(actions)
    assert all(
        what.startswith(action) for what, action in zip(done, actions, strict=True)
    )


def test_client_notes_a_connection_that_is_lost() -> None:
    def reset(listener: socket.socket) -> None:
        connection, _ = listener.accept()
        connection.recv(10)
        linger = struct.pack("ii", 1, 0)  # close() resets
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        connection.close()

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=reset, args=[listener])
        thread.start()
        [did] = talk(
            TracedClient.parse("GET /hello", "", "", ""), listener.getsockname()
        )
        thread.join()
    assert did.what.startswith("loses the connection")


def test_client_takes_its_body_from_a_file(tmp_path: Path) -> None:
    (tmp_path / "body").write_bytes(b"\x00\xff")
    client = TracedClient.parse("", f"@{tmp_path / 'body'}", "", "")
    assert client.request == Request("POST", "/upload", body=b"\x00\xff")


# The picture


def recorded(request: Request) -> tuple[Watched, Watched]:
    """Both sides of one request, in process."""
    wsgi, _ = trace_wsgi(wsgi_app.app, environ_of(request))
    asgi = trace_asgi(asgi_app.app, request)
    client = str(TracedClient(request))
    return (
        Watched("wsgi-gunicorn-sync", client, wsgi, []),
        Watched("asgi-uvicorn", client, asgi, []),
    )


def recorded_at_once(request: Request) -> tuple[Watched, Watched]:
    """Both sides, with a record each 10 us: the test sets the times that it needs."""
    left, right = recorded(request)
    return at_once(left), at_once(right)


def at_once(watched: Watched) -> Watched:
    records = [{**r, "at_ms": 0.01 * i} for i, r in enumerate(watched.records)]
    return dataclasses.replace(watched, records=records)


@pytest.mark.parametrize("width", [80, 120])
@pytest.mark.parametrize("request_", [STREAM, UPLOAD, Request("GET", "/wait?ms=30")])
def test_picture_fits(width: int, request_: Request) -> None:
    console = Console(file=io.StringIO(), width=width)
    console.print(picture(*recorded(request_), width))
    assert isinstance(console.file, io.StringIO)
    lines = console.file.getvalue().splitlines()
    assert max(map(len, lines)) <= width
    assert any("app(environ, start" in line and "app(scope" in line for line in lines)


WAIT_MS = 150


def waits(target: str) -> list[tuple[str, str]]:
    """Who waits in the waits that were asked for.

    The machine may be busy for some 20 ms in either call. That adds a short wait to the
    picture, and takes as much from the one that both sides share.
    """
    found = moments(*recorded(Request("GET", target)))
    return [moment.waits for moment in found if moment.wait_ms > WAIT_MS / 2]


def test_picture_says_who_waits_for_whom() -> None:
    [stream] = waits(f"/stream?chunks=2&interval_ms={WAIT_MS}")
    assert stream == (
        "server waits for next(body)",
        "app works or sleeps, its receive watches the client",
    )
    [wait] = waits(f"/wait?ms={WAIT_MS}")
    assert wait[0] == "server waits for the app"
    [block] = waits(f"/block?ms={WAIT_MS}")
    assert block == ("server waits for the app", BLOCKED)


@pytest.mark.quiet
@tried_again("a late turn of the event loop is drawn as a block too")
def test_make_trace_tells_a_blocked_loop_from_a_wait() -> None:
    block, wait = (drawn(f"GET /{path}?ms=200") for path in ("block", "wait"))
    assert "┃ the event loop is blocked" in block
    assert "! event loop blocked for 2" in block
    assert "┊ app" not in block
    assert " with the event loop blocked" in block
    assert "blocked" not in wait
    assert "┊ app works or sleeps" in wait


def drawn(request: str) -> str:
    """The picture of a request to the two default stacks, served for real."""
    console = Console(file=io.StringIO(), width=120)
    run(TracedClient.parse(request, "", "", ""), [], console)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_picture_shows_where_in_a_wait_the_loop_was_blocked() -> None:
    wsgi, asgi = recorded_at_once(Request("GET", "/hello"))
    app, *others = asgi.records
    late = [{**record, "at_ms": 300.0} for record in others]
    note = {"name": "event loop", "step": "blocked", "at_ms": 200.0, "took_ms": 100.0}
    asgi = dataclasses.replace(asgi, records=[app, {**app, **note}, *late])
    found = [m for m in moments(wsgi, asgi) if m.wait_ms]
    assert [round(moment.wait_ms, -1) for moment in found] == [100, 100, 100]
    assert [moment.is_blocked for moment in found] == [False, True, False]
    awaits = "app works or sleeps"
    assert [moment.waits[1] for moment in found] == [awaits, BLOCKED, awaits]
    console = Console(file=io.StringIO(), width=80)
    console.print(picture(wsgi, asgi, 80))
    assert isinstance(console.file, io.StringIO)
    assert "100 with the event loop blocked" in console.file.getvalue()


def test_picture_does_not_count_a_receive_that_only_watches() -> None:
    console = Console(file=io.StringIO(), width=80)
    both = recorded(Request("GET", "/stream?chunks=2&interval_ms=60"))
    console.print(picture(*both, 80))
    assert isinstance(console.file, io.StringIO)
    lines = console.file.getvalue().splitlines()
    [wsgi] = [line for line in lines if line.startswith("WSGI held thread")]
    [asgi] = [line for line in lines if line.startswith("ASGI had task")]
    assert " in next(body)" in wsgi
    assert " in receive" not in asgi


def test_picture_shows_the_wait_for_a_slow_reader() -> None:
    """Between two pieces the thread is in the server's hands, and so is send()."""
    wsgi, asgi = recorded_at_once(STREAM)
    late_wsgi = later(wsgi, after="next(body)")
    late_asgi = later(asgi, after="send", step="called")
    [moment] = [m for m in moments(late_wsgi, late_asgi) if m.wait_ms > 50]
    assert moment.waits == (
        "app waits for the server to send",
        "app waits for the server, in send",
    )


def test_picture_shows_a_call_that_never_comes_back_and_a_slow_write() -> None:
    wsgi, asgi = recorded_at_once(Request("GET", "/hello"))
    written = [
        {**record, "name": "write"} if record["name"] == "next(body)" else record
        for record in wsgi.records
    ]
    wsgi = later(dataclasses.replace(wsgi, records=written), "write", step="called")
    *early, _ = later(asgi, "send", step="called").records
    asgi = dataclasses.replace(asgi, records=early)  # the app has not returned
    [moment] = [m for m in moments(wsgi, asgi) if m.wait_ms]
    assert moment.waits == (
        "app waits for the server, in write",
        "app waits for the server, in send",
    )
    texts = [entry.text for m in moments(wsgi, asgi) for entry in m.sides[1]]
    assert "app(scope, receive, send)" in texts
    assert "app returns" not in texts


def later(watched: Watched, after: str, step: str = "returned") -> Watched:
    """The same, with 100 ms after the first such record."""
    index = steps(watched.records).index((after, step)) + 1
    moved = [{**r, "at_ms": r["at_ms"] + 100} for r in watched.records[index:]]
    records = [*watched.records[:index], *moved]
    return dataclasses.replace(watched, records=records)


def test_picture_shows_the_client() -> None:
    wsgi, asgi = recorded_at_once(STREAM)
    wsgi = dataclasses.replace(wsgi, actions=[Action(200.0, "leaves")])
    last = moments(wsgi, asgi)[-1]
    assert [entry.text for entry in last.sides[0]] == ["client leaves"]
    assert last.at_ms == pytest.approx(200, abs=1)


def test_picture_says_how_long_many_calls_without_a_wait_took() -> None:
    both = recorded(Request("GET", "/stream?chunks=40&size=2"))
    left, right = (
        dataclasses.replace(
            watched,
            records=[{**r, "at_ms": 2.0 * i} for i, r in enumerate(watched.records)],
        )
        for watched in both
    )
    [moment] = moments(left, right)
    assert moment.last_ms == 2.0 * max(len(watched.records) - 1 for watched in both)
    console = Console(file=io.StringIO(), width=120)
    console.print(picture(left, right, 120))
    assert isinstance(console.file, io.StringIO)
    assert f" {moment.last_ms:.0f} " in console.file.getvalue()
    assert "next(body): 2 bytes (40 times)" in console.file.getvalue()
