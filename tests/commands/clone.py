"""A fresh clone of the project that is set up, and the real make in it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

from loadtests import ROOT

PARTS = ("wsgi_app", "asgi_app", "loadtests", "pyproject.toml", "Makefile")
# Of a make above us, as in `make test`.
OF_MAKE = ("MAKEFLAGS", "MFLAGS", "MAKELEVEL", "MAKEOVERRIDES", "GOALS")
ENVIRONMENT = {k: v for k, v in os.environ.items() if k not in OF_MAKE}


def fresh_clone(folder: Path) -> Path:
    """The project without any run: its Python is the one that runs the tests."""
    copy_of_the_project(folder, PARTS)
    (folder / "requirements.lock").touch()
    python = folder / ".venv/bin/python"
    python.parent.mkdir(parents=True)
    python.write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')
    python.chmod(0o755)
    (folder / ".venv/ready").touch()
    return folder


def copy_of_the_project(folder: Path, parts: Iterable[str]) -> None:
    """These parts of it. What was compiled of them comes along: to compile it anew
    takes longer than most tests. Others may be writing such files meanwhile."""
    for part in parts:
        if (ROOT / part).is_dir():
            being_written = shutil.ignore_patterns("*.pyc.*")
            shutil.copytree(ROOT / part, folder / part, ignore=being_written)
        else:
            shutil.copy(ROOT / part, folder / part)


def make(
    project: Path, *words: str | bytes, **environ: str
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["make", *words],
        cwd=project,
        env={**ENVIRONMENT, **environ},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def from_a_shell(
    folder: Path, around: str, *words: str
) -> subprocess.CompletedProcess[str]:
    """The command line, started by a shell with something around it."""
    argv = [sys.executable, "-m", "loadtests", *words]
    return subprocess.run(
        ["/bin/sh", "-c", around, *argv],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
