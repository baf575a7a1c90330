"""Reports of a stored run: charts, a page, Markdown, the terminal. They start no
process and decide no capacity; all that they know is in the run and in what stands
beside it in its folder."""

from __future__ import annotations

import errno
import os
from pathlib import Path

from loadtests.records.folder import read_beside, refuse_links
from loadtests.records.json_file import naming
from loadtests.records.run import Run
from loadtests.report.formats.terminal import cell_line, table, task_line

__all__ = [
    "PAGE",
    "cell_line",
    "summary",
    "table",
    "task_line",
    "write",
    "write_text",
]

PAGE = "report.html"


def summary(run: Run) -> str:
    """What matters of a run, short enough for a pull-request comment."""
    from loadtests.report.formats import markdown

    return markdown.summary(run)


def write(run: Run, folder: Path) -> list[Path]:
    """Write every report of the run into its folder, each file whole or not at all.

    What stands beside the run in its folder (the claims, traces) is part of them.
    ResultError, before anything is written, where that cannot be used.
    """
    refuse_links(folder / "charts")
    # Imported only here: the terminal needs no chart.
    from loadtests.report.blocks import Source
    from loadtests.report.charts import drawing
    from loadtests.report.formats.files import FORMATS

    with drawing.started_ahead():
        source = Source(run, read_beside(folder))
        return [
            write_text(folder / name, text)
            for render in FORMATS
            for name, text in render(source).items()
        ]


def write_text(path: Path, text: str) -> Path:
    """Write a file whole or not at all. OSError for what is no file, such as a device,
    which would be replaced."""
    if path.exists() and not path.is_file():
        raise OSError(errno.EEXIST, "not a file, and stays as it is", str(path))
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.{os.getpid()}")
    with naming(path):
        try:
            partial.write_text(text, encoding="utf-8")
            partial.replace(path)
        finally:
            partial.unlink(missing_ok=True)
    return path
