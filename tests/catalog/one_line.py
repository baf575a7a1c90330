"""What an error of the catalog has to be."""

from __future__ import annotations


def assert_one_line(error: Exception, *words: str) -> None:
    assert "\n" not in str(error)
    for word in words:
        assert word in str(error)
