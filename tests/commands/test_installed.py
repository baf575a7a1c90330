"""`slowbench`, the command of an installed package; make's variables without make."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from loadtests import UserError, __version__
from loadtests.commands.typed import as_words
from tests.commands.clone import copy_of_the_project


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What a wheel has, in a folder of its own."""
    folder = tmp_path_factory.mktemp("site-packages")
    copy_of_the_project(folder, ("wsgi_app", "asgi_app", "loadtests"))
    return folder


def slowbench(
    installed: Path, folder: Path, *words: str
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "loadtests", *words],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(installed), "COLUMNS": "80"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize(
    ("words", "status", "says"),
    [
        (("--version",), 0, f"slowbench {__version__}"),
        (("--help",), 0, "usage: slowbench"),
        (("report",), 2, "error: no run yet: slowbench load makes one"),
        (("readme",), 2, "README.md is part of the project's repository: clone it"),
        (("example", "RUN=x"), 2, "the example is part of the project's repository"),
        (("stacks", "STACK=asgi-uvicrn"), 2, "slowbench stacks lists them all"),
        (("load", "STACK=asgi-uvicorn"), 2, "did you mean STACKS=?"),
    ],
)
def test_command_speaks_of_itself_and_of_the_current_folder(
    installed: Path, tmp_path: Path, words: tuple[str, ...], status: int, says: str
) -> None:
    done = slowbench(installed, tmp_path, *words)
    assert done.returncode == status, done.stderr
    assert says in done.stdout + done.stderr


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (
            ["load", "STACKS=a,b", "WITH=--x 1"],
            ["load", "--stacks=a,b", "--with=--x 1"],
        ),
        (["load", "--repeats=2", "STACKS=a"], ["load", "--repeats=2", "--stacks=a"]),
        (["load", "WAIT=1"], ["load", "--wait"]),
        (["compare", "BASE=a", "NEW=b"], ["compare", "--", "a", "b"]),
        (["load", "--stacks=a"], ["load", "--stacks=a"]),
        (["nothing"], ["nothing"]),
        ([], []),
    ],
)
def test_variables_mean_the_same_without_make(
    words: list[str], line: list[str]
) -> None:
    assert as_words(words) == line


def test_variable_that_the_target_does_not_take_is_an_error() -> None:
    with pytest.raises(UserError, match="STACK= is not for load: did you mean STACKS="):
        as_words(["load", "STACK=a"])


def test_target_that_is_no_command_of_its_own_is_one_all_the_same() -> None:
    assert as_words(["serve-asgi", "PORT=9000"])[0] == "serve"
