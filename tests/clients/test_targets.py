"""A target reaches the generators as it was recorded."""

from __future__ import annotations

import dataclasses

from loadtests.catalog.phases import Phase
from loadtests.catalog.target import RAW
from loadtests.clients.targets import as_option, from_option, target_of
from loadtests.clients.visits import opening
from loadtests.records.target import OtherTarget

OTHER = OtherTarget(
    app="shop:app",
    interface="wsgi",
    factory=False,
    python="python",
    folder="/shop",
    healthy="GET /health",
    upload="POST /items?a=1",
    headers=["Host: shop.example", "X-Key: a: b"],
)


def test_target_is_read_back_from_the_option() -> None:
    name, text = as_option(OTHER)
    assert name == "--target"
    target, again = target_of(OTHER), from_option(text)
    assert again.requests == target.requests
    assert (again.healthy, again.apps, again.home) == (
        *(target.healthy, target.apps, target.home),
    )


def test_no_record_is_our_own_target() -> None:
    assert as_option(None) == []
    assert target_of(None) is from_option("") is RAW


def test_phases_without_a_request_are_not_in_the_target() -> None:
    assert {*target_of(OTHER).requests} == {Phase.HEAD, Phase.BODY}


def test_right_answer_has_the_status_and_the_body_of_before() -> None:
    hello = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"
    known = target_of(dataclasses.replace(OTHER, status=201, sha256=hello))
    assert known.check(201, {}, b"hello") == []
    assert len(known.check(200, {}, b"hello!")) == 2
    assert target_of(OTHER).check(200, {}, b"anything") == []


def test_host_that_was_named_is_the_only_one() -> None:
    target = target_of(OTHER)
    upload = target.request(Phase.BODY)
    for head in (target.healthy.to_bytes(), opening(target, upload)):
        assert head.count(b"Host: ") == 1
        assert b"Host: shop.example\r\nX-Key: a: b" in head
    assert b"POST /items?a=1 HTTP/1.1\r\n" in opening(target, upload)
