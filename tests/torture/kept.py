"""What torture found, as a table in docs/reliability.md."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from loadtests.experiments.machine import environment
from loadtests.report.words import amount, plain

MARK = "<!-- made by make torture -->"


@dataclass(frozen=True)
class Line:
    """A row of the table: what is promised, how it was tested, what was found."""

    promise: str
    how: str
    figure: str


def part(lines: list[Line], root: Path, lasted_s: float) -> str:
    """What is to stand between the marks."""
    on = environment(root)
    rows = [f"| {line.promise} | {line.how} | {line.figure} |" for line in lines]
    return "\n".join(
        [
            f"On {plain(on.cpu)}, {amount(on.cpus, 'core')}, Python {on.python}, "
            f"{datetime.now(UTC):%Y-%m-%d}, in {lasted_s / 60:.1f} minutes:",
            "",
            "| promise | tested by | found |",
            "|---|---|---|",
            *rows,
        ]
    )
