"""docs/known-server-faults.md: what its commands send is what the tests send."""

from __future__ import annotations

import subprocess

import pytest

from loadtests.catalog.behaviours import How
from loadtests.catalog.behaviours.websockets import HANDSHAKE
from loadtests.catalog.faults import FAULTS, Asked
from loadtests.report.formats import faults as page
from loadtests.servers.apps.behaviours import FOLDER

NEXT = b"GET /next HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"


def commands(fault_id: str) -> list[str]:
    return list(page.commands(FAULTS[fault_id].found))


def printed(words: str) -> bytes:
    """What a shell prints for it; the pauses only take time."""
    words = words.replace("sleep 1; ", "")
    return subprocess.run(["sh", "-c", words], capture_output=True, check=True).stdout


@pytest.mark.parametrize(
    "found",
    [one.found for one in FAULTS.values() if isinstance(one.found, Asked)],
    ids=lambda found: found.row.id,
)
def test_command_prints_the_bytes_of_the_row(found: Asked) -> None:
    row = found.row
    sent = b"".join(part for part in row.sent if isinstance(part, bytes))
    before = HANDSHAKE if row.how is How.FRAME else b""
    after = NEXT if row.tells_after else b""
    noted = sent.replace(b"NAME", b"seen")
    assert printed(page.sent(row)) == before + noted + after


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"a\r\n", r"printf 'a\r\n'"),
        (b"100%'\\\0\xe9", r"printf '100%%\047\\\000\351'"),
        (b"a" + b"%" * 100, "printf 'a'; printf '%%%.0s' $(seq 100); printf ''"),
    ],
)
def test_bytes_are_printed_by_any_shell(data: bytes, words: str) -> None:
    assert page.printed(data) == words
    assert printed(words) == data


def test_command_serves_the_first_stack_and_sends_after_a_pause() -> None:
    serves, sends = commands("uwsgi-expect")
    assert serves.startswith("uwsgi --http-socket 127.0.0.1:8000 ")
    assert serves.endswith(" loadtests.servers.apps.behaviours:wsgi")
    assert sends.startswith("(printf 'POST /echo ")
    assert sends.endswith("; sleep 1; printf 'abc') | timeout 3 nc 127.0.0.1 8000")


def test_command_shuts_down_its_sending_side_where_the_client_does() -> None:
    assert commands("half-closed")[1].endswith(" | timeout 3 nc -N 127.0.0.1 8000")


def test_command_shows_what_the_app_noted_of_a_client_that_left() -> None:
    serves, sends = commands("a2wsgi-leaves")
    assert serves.startswith(f"env {FOLDER}=/tmp env WSGI_APP=")
    assert sends.startswith("rm -f /tmp/seen; printf 'GET /told?note=seen HTTP/1.1")
    assert sends.endswith("; sleep 4; cat /tmp/seen")


def test_command_of_a_deviation_is_its_own() -> None:
    serves, shows = commands("http2-path")
    assert serves.startswith("python -m gunicorn ")
    assert serves.endswith(" asgi_app:app")
    assert shows.startswith("curl --http2-prior-knowledge ")
    serves, _ = commands("websocket-code-seen")
    assert serves.startswith("env WITNESS=/tmp/code python -m daphne ")
    assert serves.endswith(" tests.apps.witness:websocket")


def test_page_says_where_it_was_seen_and_what_to_do() -> None:
    text = page.page()
    assert "| [Body in an answer to HEAD](#body-in-an-answer-to-head) | wsgi-uw" in text
    for fault in FAULTS.values():
        assert f"\n**Seen:** {fault.seen}\n" in text
        assert f"\n**What to do:** {fault.instead}\n" in text
    assert "Seen in h11 0.16.0, uvicorn 0.54.0, hypercorn 0.18.0 and waitress" in text
