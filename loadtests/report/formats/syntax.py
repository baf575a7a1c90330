"""Markdown's syntax: tables and code, and text that must not become syntax."""

from __future__ import annotations

import re
from collections.abc import Sequence

from loadtests.report.words import plain, visible

Rows = Sequence[Sequence[str]]
# What a code host takes for a person or an issue: @name, #12, !12, GH-12. It looks for
# them in what Markdown has become, where a backslash is gone; a comment parts them.
_CALLS = re.compile(
    r"((?<!\w)@(?=[A-Za-z0-9])|(?:\\#|!|\bGH-)(?=[0-9]))", re.IGNORECASE
)


def table(headings: Sequence[str], rows: Rows, names: int = 2) -> str:
    """A Markdown table; the columns after the names are aligned to the right."""
    rule = ["---"] * names + ["---:"] * (len(headings) - names)
    lines = (headings, rule, *rows)
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def text(value: str) -> str:
    """Text as itself wherever Markdown stands, tables included."""
    return part(plain(value))


def part(value: str) -> str:
    """The same for a part of a line: the space around it stays."""
    escaped = re.sub(r"([\\`*_{}\[\]<>|#&~$])", r"\\\1", visible(value))
    return _CALLS.sub(r"\1<!-- -->", escaped)


def code(value: str) -> str:
    """Text within backticks."""
    return plain(value).replace("`", "'")


def fenced(lines: str, language: str = "sh") -> str:
    """A block of code whose fence is longer than any run of backticks within."""
    fence = "`" * max(3, 1 + max(map(len, re.findall("`+", lines)), default=0))
    return f"{fence}{language}\n{lines}\n{fence}"
