"""The command that compares two stored runs, and its exit status."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from loadtests.commands.main import main
from loadtests.records.cell import Cell
from loadtests.records.run import RUN_FILE, Run, save_run
from tests import runs
from tests.analysis.pairs import LEVELS, climb, costing, timed


@pytest.fixture
def stored(tmp_path: Path) -> Callable[[str, Run], str]:
    def store(name: str, run: Run) -> str:
        save_run(run, tmp_path / name)
        return str(tmp_path / name)

    return store


Store = Callable[[str, Run], str]


@pytest.mark.parametrize(
    ("new", "status", "says"),
    [
        (climb(32), 0, "No difference in 1 cell that can be compared."),
        (climb(4), 1, "NEW is worse in 1 and better in none."),
        (climb(), 0, "NEW is worse in none and better in 1."),
        (climb(workers=3), 2, "No cell of these runs can be compared."),
    ],
)
def test_command_tells_by_its_status(
    stored: Store,
    capsys: pytest.CaptureFixture[str],
    new: Cell,
    status: int,
    says: str,
) -> None:
    paths = stored("base", runs.run([climb(32)])), stored("new", runs.run([new]))
    assert main(["compare", *paths]) == status
    assert says in capsys.readouterr().out
    assert main(["compare", *paths, "--markdown"]) == status
    assert capsys.readouterr().out.startswith("**")


def test_command_writes_a_page(
    stored: Store, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    paths = (
        stored("base", runs.run([climb(32)])),
        stored("new", runs.run([climb(4)])),
    )
    page = tmp_path / "compared.html"
    assert main(["compare", *paths, "--page", str(page)]) == 1
    assert f"Page: {page}" in capsys.readouterr().out
    assert "NEW is worse in 1" in page.read_text()
    device = tmp_path / "device"
    os.mkfifo(device)
    record = Path(paths[0]) / RUN_FILE
    before = record.read_bytes()
    for wrong, says in (
        (tmp_path, "cannot be written: not a file, and stays as it is"),
        (device, "cannot be written: not a file, and stays as it is"),
        (record, "records are called .json, not pages"),
    ):
        assert main(["compare", *paths, "--page", str(wrong)]) == 2
        error = capsys.readouterr().err
        assert error == f"error: PAGE={wrong}: {says}\n"
    assert device.is_fifo()
    assert record.read_bytes() == before


def test_command_takes_a_threshold(
    stored: Store, capsys: pytest.CaptureFixture[str]
) -> None:
    paths = (
        stored("base", runs.run([costing(idle_mb=200)])),
        stored("new", runs.run([costing(idle_mb=300)])),
    )
    assert main(["compare", *paths]) == 1
    assert "by more than 25 %" in capsys.readouterr().out
    assert main(["compare", *paths, "--threshold=50"]) == 0
    assert "by more than 50 %" in capsys.readouterr().out
    assert main(["compare", *paths, "--threshold=-5"]) == 2
    assert "a percentage is a number from 1" in capsys.readouterr().err


def test_command_refuses_what_is_not_a_run_of_this_format(
    stored: Store, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    base = stored("base", runs.quick())
    assert main(["compare", base, str(tmp_path / "none")]) == 2
    assert "no run " in capsys.readouterr().err
    path = Path(stored("new", runs.quick())) / "run.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"format": 3}))
    assert main(["compare", base, str(path)]) == 2
    said = capsys.readouterr().err
    assert said == f"error: {path}: format: expected 2, found 3\n"


def test_run_of_before_there_were_intervals_can_be_compared(
    stored: Store, capsys: pytest.CaptureFixture[str]
) -> None:
    path = Path(stored("base", runs.run([timed(20, 10, 30)]))) / "run.json"
    data = json.loads(path.read_text())
    for step in data["cells"][0]["steps"]:
        for name in [name for name in step if "low" in name or "high" in name]:
            del step[name]
    data["cells"][0]["steps"] = [
        {**s, "slow_clients": n}
        for s, n in zip(data["cells"][0]["steps"], LEVELS, strict=True)
    ]
    path.write_text(json.dumps(data))
    new = stored("new", runs.run([timed(28, 18, 38)]))
    assert main(["compare", str(path), new]) == 1, "the threshold alone decides"
    assert "worse" in capsys.readouterr().out
