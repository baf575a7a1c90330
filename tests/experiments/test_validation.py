"""Drawing at random, and a real validation from its predictions to its verdict."""

from __future__ import annotations

import dataclasses
import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from loadtests.catalog.scenarios import SCENARIOS, usual
from loadtests.catalog.stacks import HTTP1
from loadtests.commands import validate
from loadtests.commands.main import main
from loadtests.experiments import validation
from loadtests.experiments.cell import CellTask
from loadtests.experiments.run import LoadError, attempted
from loadtests.experiments.task import Context
from loadtests.records.json_file import ResultError
from loadtests.records.run import Run
from loadtests.records.validation import Validation, load_validation, sha256_of
from tests import runs

PAIRS = sum(
    validation.can_be_drawn(stack, scenario)
    for stack in HTTP1.values()
    for scenario in map(SCENARIOS.__getitem__, usual())
)


def pairs(number: int, seed: int) -> Counter[tuple[str, str]]:
    draws = map(validation.draw_of, validation.drawn(number, seed))
    return Counter((draw.stack, draw.scenario) for draw in draws)


def test_same_seed_draws_the_same() -> None:
    first, again, other = (
        [*map(validation.draw_of, validation.drawn(10, seed))] for seed in (5, 5, 6)
    )
    assert first == again
    assert first != other
    more = [*map(validation.draw_of, validation.drawn(10, 5))]
    assert [draw.number for draw in more] == [*range(1, 11)]


def test_pair_of_which_no_number_is_predicted_is_not_drawn(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    nginx = HTTP1["asgi-uvicorn-nginx"]
    assert not validation.can_be_drawn(nginx, SCENARIOS["idle"])
    assert validation.can_be_drawn(HTTP1["asgi-uvicorn"], SCENARIOS["idle"])
    monkeypatch.setenv("PATH", "")
    assert not validation.can_be_drawn(nginx, SCENARIOS["slow-body"])


def test_every_stack_is_drawn_in_every_scenario() -> None:
    assert set(pairs(PAIRS, 1).values()) == {1}
    assert len(pairs(PAIRS, 1)) == PAIRS
    assert sorted(pairs(PAIRS + 2, 1).values())[-3:] == [1, 2, 2]


@pytest.mark.parametrize("seed", range(5))
def test_draws_keep_their_limits_and_can_be_served(seed: int) -> None:
    for task in validation.drawn(PAIRS, seed):
        draw, stack = validation.draw_of(task), task.holding.stack
        assert 1 <= draw.workers <= 4
        assert (draw.threads is None) == (stack.threads is None)
        assert 1 <= (draw.threads or 1) <= 16 * (4 if stack.one_process else 1)
        assert 256 <= draw.nofile <= 4096
        assert draw.predicted_out_by <= validation.MOST_PREDICTED
        least = 1 if stack.one_process else draw.threads or 1
        assert least < (draw.worker_connections or 20)
        assert stack.command(port=8000)
        assert task.lasts_s < 60


def test_counts_of_every_kind_are_drawn() -> None:
    draws = [*map(validation.draw_of, validation.drawn(2 * PAIRS, 3))]
    assert {draw.workers for draw in draws} == {1, 2, 3, 4}
    assert len({draw.threads for draw in draws}) > 10
    assert {None} < {draw.keepalive_s for draw in draws} <= {None, *range(1, 11)}
    assert min(draw.nofile for draw in draws) < 400
    assert max(draw.nofile for draw in draws) > 3000


class FirstAttempt:
    """What was known when the first cell was about to be measured."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.sha256, self.draws = "", 0
        monkeypatch.setattr(validation, "attempted", self)

    def __call__(self, task: CellTask, run: Run, context: Context) -> Run:
        if not self.sha256:
            assert not list(context.folder.glob("logs/*"))
            self.sha256 = sha256_of(context.folder)
            self.draws = len(load_validation(context.folder)[0].draws)
        return attempted(task, run, context)


def test_validation_predicts_then_measures_then_judges(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(validate, "REPORTS", tmp_path)
    monkeypatch.setattr(validation, "NOFILE", (50, 60))
    monkeypatch.setattr(
        validation,
        "PROFILE",
        dataclasses.replace(validation.PROFILE, long_hold_s=1.0, release_s=1.0),
    )
    first = FirstAttempt(monkeypatch)
    kept = tmp_path / "kept"
    status = main(["validate", "--n=2", "--seed=15", f"--out={kept}"])
    shown = capsys.readouterr().out
    [printed] = re.findall(r"SHA-256: +([0-9a-f]{64})\n", shown)

    predictions, found = load_validation(kept)
    assert (first.sha256, first.draws) == (printed, 2)
    assert found.sha256 == sha256_of(kept) == printed
    assert found.run.run.complete
    assert sorted(cell.repeat for cell in found.run.cells) == [1, 2]
    assert status in (0, 1, 3), shown  # 1, 3: the machine is shared
    for draw in predictions.draws:
        assert f"{draw.stack} under {draw.scenario}" in shown
    assert printed in (kept / "validation.md").read_text()
    assert sorted(path.name for path in kept.iterdir()) == sorted(validate.KEPT)

    # Shown again, without measuring; not after a change.
    [folder] = tmp_path.glob("2*")
    assert main(["validate", f"--resume={folder.name}"]) == status
    file = folder / "predictions.json"
    file.write_text(file.read_text() + "\n")
    assert main(["validate", f"--resume={folder.name}"]) == 2
    assert "changed after it was written" in capsys.readouterr().err


def test_validation_of_another_version_or_with_a_link_is_not_gone_on_with(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, folder = validation.begin(3, 1, [], tmp_path)
    assert validation.resume(folder).run.cells == []
    (folder / "samples").symlink_to(tmp_path)
    with pytest.raises(ResultError, match="samples: a link, which may lead anywhere"):
        validation.resume(folder)
    (folder / "samples").unlink()
    monkeypatch.setattr(validation, "WORKERS", (5, 6))
    with pytest.raises(LoadError, match="predicts otherwise"):
        validation.resume(folder)


def test_validations_that_begin_in_the_same_second_have_folders_of_their_own(
    tmp_path: Path,
) -> None:
    begun = [validation.begin(1, 1, [], tmp_path) for _ in range(2)]
    assert len({folder for _, folder in begun}) == 2
    for one, folder in begun:
        assert one.run.run.id == folder.name
        assert load_validation(folder)[1] == one


def test_cell_that_was_measured_and_counts_is_not_measured_again(
    tmp_path: Path,
) -> None:
    tasks = validation.drawn(2, seed=8)
    cells = [
        dataclasses.replace(
            runs.cell(task.key.stack, task.key.what), repeat=task.repeat
        )
        for task in tasks
    ]
    found = Validation("0" * 64, runs.run(cells))
    no_guard: Any = None
    assert [*validation.go_on(found, tasks, tmp_path, no_guard, no_guard)] == []
