"""What torture found, as a table in docs/reliability.md."""

from __future__ import annotations

import platform
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import psutil

from loadtests.experiments.machine import environment
from loadtests.report.words import amount, plain

BEGIN = "<!-- made by make torture -->"
END = "<!-- made so far -->"


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
    cores = amount(psutil.cpu_count() or 1, "core")
    return "\n".join(
        [
            f"On {plain(on.cpu)}, {cores}, Python {platform.python_version()}, "
            f"{datetime.now(UTC):%Y-%m-%d}, in {lasted_s / 60:.1f} minutes:",
            "",
            "| promise | tested by | found |",
            "|---|---|---|",
            *rows,
        ]
    )


def renewed(page: str, new: str) -> str:
    """The page with that between its marks."""
    before, _, rest = page.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n\n{new}\n\n{END}{after}"
