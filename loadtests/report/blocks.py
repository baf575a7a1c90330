"""What a table is, before it takes on the format of a report."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

NAMES = 2  # the first columns of a table are names, the others figures


class Strong(str):
    """A value that is to stand out."""


@dataclass(frozen=True)
class Table:
    """What a table shows; `note` says how to read it."""

    title: str
    headings: Sequence[str]
    rows: Sequence[Sequence[str]]
    note: str


@dataclass(frozen=True)
class Doubt:
    """A cell that does not count, or counts with a warning, and why."""

    cell: str
    reason: str
