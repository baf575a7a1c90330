"""`make help`, `make diff` and the look at what is typed, which need no package."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.commands.clone import ENVIRONMENT, fresh_clone, make

NO_SPACE = "error: No space left on device"


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return fresh_clone(tmp_path_factory.mktemp("project"))


@pytest.mark.parametrize("target", ["help", "stacks", "diff"])
@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PYTHONSAFEPATH", "1"),
        ("PYTHONHASHSEED", "abc"),
        ("PYTHONHOME", "/nowhere"),
        ("PYTHONINSPECT", "1"),
        ("PYTHONIOENCODING", "nope"),
        ("PYTHONUTF8", "7"),
    ],
)
def test_variable_of_python_changes_no_target(
    project: Path, target: str, name: str, value: str
) -> None:
    words = [target, "STACK=asgi-uvicorn"] if target == "stacks" else [target]
    done = make(project, *words, **{name: value})
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("target", ["help", "diff"])
def test_output_that_takes_nothing_is_one_line_of_each_target(
    project: Path, target: str
) -> None:
    for where, status, says in ((">/dev/full", 2, NO_SPACE), (">&-", 0, "")):
        done = subprocess.run(
            ["sh", "-c", f"make {target} {where}"],
            cwd=project,
            env=ENVIRONMENT,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == status
        assert done.stderr.startswith(says)
        assert done.stderr.count("\n") <= 2  # make has a line of its own
