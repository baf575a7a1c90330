"""Markdown's syntax: tables and code, and text that must not become syntax."""

from __future__ import annotations

import re
from collections.abc import Sequence

from loadtests.report.text import plain

Rows = Sequence[Sequence[str]]


def table(headings: Sequence[str], rows: Rows, names: int = 2) -> str:
    """A Markdown table; the columns after the names are aligned to the right."""
    rule = ["---"] * names + ["---:"] * (len(headings) - names)
    lines = (headings, rule, *rows)
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def text(value: str) -> str:
    """Text as itself wherever Markdown stands, tables included."""
    return re.sub(r"([\\`*_{}\[\]<>|#&~$])", r"\\\1", plain(value))


def code(value: str) -> str:
    """Text within backticks."""
    return plain(value).replace("`", "'")


def fenced(lines: str) -> str:
    """A block of code whose fence is longer than any run of backticks within."""
    fence = "`" * max(3, 1 + max(map(len, re.findall("`+", lines)), default=0))
    return f"{fence}sh\n{lines}\n{fence}"
