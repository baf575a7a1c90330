"""The folder of a run: nobody else has it."""

from __future__ import annotations

from pathlib import Path

from loadtests.experiments.run import new_folder


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
