"""The behaviour grid in words, and as docs/behaviours.md."""

from __future__ import annotations

import pytest

from loadtests.catalog.behaviours import ROWS
from loadtests.records.behaviours import Behaviour
from loadtests.report import behaviours as said
from loadtests.report.formats import behaviours as page
from loadtests.report.values import written
from tests.behaviours import GUNICORN, H11, UVICORN, answered, grid

SAME = "(the same versions)"
CHUNKED, TWICE = "length-and-chunked", "length-twice"
MIXED = grid(
    answered(GUNICORN, CHUNKED, 400, after="closed"),
    answered(UVICORN, CHUNKED, 400, after="closed"),
    answered(H11, CHUNKED, 200, saw="abc", after="kept"),
    *(answered(stack, "line-unknown", 200, saw="BREW") for stack in (GUNICORN, H11)),
    answered(H11, "line-1.2", 200),
    answered(H11, "websocket-short-key", 400),
)


@pytest.mark.parametrize(
    ("one", "words"),
    [
        (answered(UVICORN, TWICE, 400, after="closed"), "400, closes"),
        (
            answered(UVICORN, TWICE, 200, saw="a\r\nb", after="kept"),
            "200 a\\r\\nb, kept",
        ),
        (answered(UVICORN, TWICE, 200, after="wrong"), '200 "", next is wrong'),
        (answered(UVICORN, "half-closed", 200), "200"),
        (answered(UVICORN, "expect-read", 100, 200), "100, 200"),
        (Behaviour(UVICORN, "expect-unread", "waits", [100]), "100, waits"),
        (Behaviour(UVICORN, "line-0.9", "malformed"), "no HTTP"),
        (Behaviour(UVICORN, "half-closed", "closed"), "closed"),
        (Behaviour(UVICORN, "leaves-stream", "left", saw="sent all"), "sent all"),
        (Behaviour(UVICORN, "stop-idle", "waits"), "does not end"),
        (Behaviour(UVICORN, "stop-idle", "not kept"), "none is idle"),
        (Behaviour(UVICORN, "stop-in-flight", "cut"), "cut"),
        (Behaviour(UVICORN, "field-many", "closed"), "closed at once"),
        (
            Behaviour(UVICORN, "websocket-opcode", "closed", [101], "1002"),
            "closed 1002",
        ),
        (
            Behaviour(UVICORN, "target-long", "answered", [414], accepted=3500),
            "to 3,500 bytes, then 414",
        ),
        (
            Behaviour(UVICORN, "target-long", "answered", [200], accepted=9000),
            "to 9,000 bytes at least",
        ),
    ],
)
def test_cell_is_short(one: Behaviour, words: str) -> None:
    assert said.plainly(one) == words


def test_summary_counts_rows_and_breaches() -> None:
    assert said.summary(MIXED).startswith(
        "4 rows, 3 stacks. The stacks differ in 1 row. A MUST is broken in 1 of 7 "
    )
    assert said.where(MIXED) == [
        "All stacks behave alike in line-unknown, line-1.2 and websocket-short-key.",
        f"A MUST is broken by the most stacks in {CHUNKED} (1).",
    ]
    rows = said.table(MIXED).rows
    assert [written(row["broken"]) for row in rows] == ["0", "0", "1"]


def test_nothing_is_said_of_what_there_is_none_of() -> None:
    assert said.where(grid()) == []


def test_changes_are_told_with_versions() -> None:
    base = grid(answered(UVICORN, TWICE, 400, after="closed"))
    new = grid(
        answered(UVICORN, TWICE, 501, after="closed"),
        answered(GUNICORN, TWICE, 400, after="closed"),
    )
    assert said.changed(base, new) == [
        f"{UVICORN} {TWICE}: 501, closes; in the record 400, closes {SAME}",
        f"{GUNICORN} {TWICE}: 400, closes; in the record nothing {SAME}",
    ]
    newer = grid(new.behaviours[0], uvicorn="0.55.0")
    (line,) = said.changed(base, newer)
    assert line.endswith("(uvicorn 0.55.0, then 0.54.0)")


def test_page_has_a_table_for_each_group_and_a_part_for_each_row() -> None:
    text = page.page(MIXED)
    assert f"|  | {GUNICORN}<br>{UVICORN} | {H11} |" in text
    assert (
        "| [Content-Length beside Transfer-Encoding]"
        "(#content-length-beside-transfer-encoding) | 400, closes | "
        "**✗** 200 `abc`, kept |"
    ) in text
    assert "| [HTTP 1.2](#http-12) | – | 200 |" in text
    assert "Transfer-Encoding: chunked\\r\\n\n\\r\\n\n3\\r\\nabc" not in text
    assert "Transfer-Encoding: chunked\\r\\n\n\\r\\n\n3\\r\\n\nabc\\r\\n" in text
    assert (
        "[RFC 9112, 6.1](https://www.rfc-editor.org/rfc/rfc9112#section-6.1): " in text
    )
    assert f"Most stacks: 400, closes. **✗** {H11}: 200 `abc`, kept." in text
    assert "All stacks: 200 `BREW`." in text
    assert "\n## Chunked bodies" not in text


def test_headings_lead_to_one_row_each() -> None:
    found = page.headings()
    assert len(set(found)) == len(ROWS)


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (b"a\r\nb\n", "a\\r\\n\nb\\n"),
        (b"a\rb\0\xe9\\", r"a\rb\x00\xe9\\"),
        (b"'\"|`", "'\"|`"),
    ],
)
def test_bytes_are_escaped(data: bytes, text: str) -> None:
    assert page.escaped(data) == text


def test_long_and_growing_requests_are_cut() -> None:
    text = page.page(
        grid(
            answered(UVICORN, "unread-large", 200, after="kept"),
            answered(UVICORN, "target-long", 414),
            answered(UVICORN, "half-closed", 200),
        )
    )
    assert "bytes)\n```" in text
    assert "GET /echo?(a 2,000 times and more) HTTP/1.1\\r\\n" in text
    assert "(the client shuts down its sending side)" in text
