"""The folder of a run: nobody else has it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from loadtests.catalog.profiles import PROFILES
from loadtests.experiments.order import Order
from loadtests.experiments.run import begin_run, new_folder
from loadtests.records.run import load_run


def test_runs_that_begin_in_the_same_second_have_folders_of_their_own(
    tmp_path: Path,
) -> None:
    made = [new_folder(tmp_path / "reports", "20260509-073525-quick") for _ in range(3)]
    assert [folder.name for folder in made] == [
        "20260509-073525-quick",
        "20260509-073525-quick-2",
        "20260509-073525-quick-3",
    ]
    assert all(folder.is_dir() for folder in made)


def test_runs_that_begin_at_the_same_moment_are_both_kept(tmp_path: Path) -> None:
    order = Order(PROFILES["smoke"], [], [], 1, seed=1)
    with ThreadPoolExecutor(4) as pool:
        begun = pool.map(lambda _: begin_run(order, ["load"], tmp_path), range(4))
        runs = [*begun]
    assert len({folder for _, folder in runs}) == 4
    for run, folder in runs:
        assert load_run(folder) == run
        assert run.run.id == folder.name
