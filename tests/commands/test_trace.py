"""`make trace`: what is drawn of two real servers, and bad input."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from loadtests.commands.main import main
from loadtests.commands.trace import run
from loadtests.experiments.trace.client import TracedClient
from loadtests.servers.processes import Guard
from tests.again import tried_again


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
