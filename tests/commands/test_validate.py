"""`make validate`: what it refuses. A real one is in tests/experiments."""

from __future__ import annotations

from pathlib import Path

import pytest

from loadtests.commands import validate
from loadtests.commands.main import main
from loadtests.experiments import validation


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--n=0"], "--n 0: a count is a number from 1 to 1000"),
        (["--n=many"], "--n many: a count is a number from 1 to 1000"),
        (["--seed=-1"], "--seed -1: a seed is a number from 0 to 999999999"),
        (["--resume=x"], "no validation 'x': make validate makes one"),
        (["--resume=x", "--n=3"], "RESUME= goes on with what was drawn: leave"),
    ],
)
def test_wrong_option_is_one_clear_line(
    words: list[str],
    says: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(validate, "REPORTS", tmp_path)
    assert main(["validate", *words]) == 2
    error = capsys.readouterr().err
    assert error.startswith(f"error: {says}")
    assert error.count("\n") == 1


def test_validations_that_there_are_are_named(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(validate, "REPORTS", tmp_path)
    _, folder = validation.begin(1, 1, [], tmp_path)
    assert main(["validate", "--resume=other"]) == 2
    assert f"there are {folder.name}" in capsys.readouterr().err
