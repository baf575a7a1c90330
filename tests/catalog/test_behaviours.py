"""The rows of the behaviour grid are well formed."""

from __future__ import annotations

import re

import pytest

from loadtests.catalog.behaviours import PARSERS, ROWS, Group, How, Row, row
from loadtests.catalog.stacks import packages

every_row = pytest.mark.parametrize("one", ROWS.values(), ids=list(ROWS))


def test_no_two_rows_have_one_name() -> None:
    assert len({one.title for one in ROWS.values()}) == len(ROWS)
    assert all(name == one.id for name, one in ROWS.items())
    assert {one.group for one in ROWS.values()} == {*Group}


@every_row
def test_row_says_what_the_standard_says(one: Row) -> None:
    assert re.fullmatch(r"RFC \d{4}, \d+(\.\d+)*", one.clause.name)
    assert one.clause.url.endswith(f"rfc{one.clause.rfc}#section-{one.clause.section}")
    assert one.says.endswith(".")
    # What is marked as broken is a MUST, and the row says which.
    assert ("MUST" in one.says) == (one.must is not None)


@every_row
def test_row_sends_something(one: Row) -> None:
    assert bool(one.sent) != bool(one.growing)
    assert (one.how is How.GROWING) == bool(one.growing)


def test_request_is_written_as_it_is_sent() -> None:
    sent = row.request("X-A: \xe9", line="PUT /x HTTP/1.1", body=b"abc")
    assert sent == b"PUT /x HTTP/1.1\r\nHost: localhost\r\nX-A: \xe9\r\n\r\nabc"
    assert row.request(host=False) == b"GET /echo HTTP/1.1\r\n\r\n"


def test_parsers_belong_to_packages_that_serve() -> None:
    assert PARSERS.keys() <= set(packages())
