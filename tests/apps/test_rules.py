"""What both applications accept: the same file on both sides."""

from __future__ import annotations

from types import ModuleType

import pytest

import asgi_app.rules
import wsgi_app.rules

BOTH = pytest.mark.parametrize(
    "rules", [wsgi_app.rules, asgi_app.rules], ids=["wsgi", "asgi"]
)


@BOTH
@pytest.mark.parametrize(
    ("raw", "fields"),
    [
        (b"", 0),
        (b"&" * 100, 0),
        (b"&" * 10_000, 0),
        (b"a&" * 100, 100),
        (b"&&" + b"a=1&&" * 100, 100),
        (b"&".join([b"a"] * 100), 100),
    ],
)
def test_query_has_as_many_fields_as_are_between_ampersands(
    rules: ModuleType, raw: bytes, fields: int
) -> None:
    assert len(rules.parse_query(raw)) == fields


@BOTH
@pytest.mark.parametrize("raw", [b"a&" * 101, b"&".join([b"a=1"] * 101)])
def test_query_of_more_than_a_hundred_fields_is_refused(
    rules: ModuleType, raw: bytes
) -> None:
    with pytest.raises(rules.HTTPError, match="More than 100 query fields"):
        rules.parse_query(raw)


@BOTH
@pytest.mark.parametrize(
    ("text", "length"),
    [
        ("", None),
        ("0", 0),
        ("00", 0),
        ("0" * 5000, 0),
        ("007", 7),
        ("0" * 5000 + "9" * 18, 10**18 - 1),
    ],
)
def test_length_may_have_leading_zeros(
    rules: ModuleType, text: str, length: int | None
) -> None:
    assert rules.parse_length(text) == length


@BOTH
@pytest.mark.parametrize("text", ["1" * 19, "0" * 50 + "1" * 19, "0x1", "00-1", " 1"])
def test_length_beyond_eighteen_digits_or_no_number_is_refused(
    rules: ModuleType, text: str
) -> None:
    with pytest.raises(rules.HTTPError, match="1 to 18 digits"):
        rules.parse_length(text)


@BOTH
@pytest.mark.parametrize("received", [0, 3, 5])
def test_body_of_another_length_is_not_complete(
    rules: ModuleType, received: int
) -> None:
    with pytest.raises(rules.HTTPError, match=f"broke off after {received} of 4"):
        rules.check_complete(received, 4)
    rules.check_complete(4, 4)
    rules.check_complete(received, None)
