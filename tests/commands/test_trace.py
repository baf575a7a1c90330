"""`make trace`: what is drawn of two real servers, and bad input."""

from __future__ import annotations

import io
import re

import pytest
from rich.console import Console

from loadtests.commands.main import main
from loadtests.commands.trace import run
from loadtests.experiments.trace.client import TracedClient
from loadtests.servers.processes import Guard


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


def test_make_trace_tells_a_blocked_loop_from_a_wait() -> None:
    """A loop that a busy machine holds up is drawn as blocked too, for a part of it."""
    block, wait = (drawn(f"GET /{path}?ms=300") for path in ("block", "wait"))
    assert "┃ the event loop is blocked" in block
    assert "! event loop blocked for 3" in block
    assert blocked_ms(block) >= 295
    assert blocked_ms(wait) < 150
    assert "┊ app works or sleeps" in wait


def blocked_ms(picture: str) -> int:
    """What the sum under a picture says of the loop."""
    found = re.search(r"(\d+) with the event loop blocked", picture)
    return int(found[1]) if found else 0


def drawn(request: str) -> str:
    """The picture of a request to the two default stacks, served for real."""
    console = Console(file=io.StringIO(), width=120)
    run(TracedClient.parse(request, "", "", ""), [], console)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()
