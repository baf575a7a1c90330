"""The behaviour grid is stored and read; a status is that of the final answer."""

from __future__ import annotations

from pathlib import Path

import pytest

from loadtests.records.behaviours import load_behaviours, save_behaviours
from loadtests.records.json_file import ResultError
from tests.behaviours import UVICORN, answered, grid

FOUND = grid(
    answered(UVICORN, "expect-read", 100, 200),
    answered(UVICORN, "length-and-chunked", 400, after="closed"),
)


def test_grid_is_stored_and_read(tmp_path: Path) -> None:
    path = save_behaviours(FOUND, tmp_path / "behaviours.json")
    assert load_behaviours(path) == FOUND
    path.write_text("{}")
    with pytest.raises(ResultError, match=r"behaviours\.json"):
        load_behaviours(path)


@pytest.mark.parametrize(
    ("statuses", "final"),
    [((100, 200), 200), ((101,), 101), ((100,), None), ((), None)],
)
def test_status_is_that_of_the_final_answer(
    statuses: tuple[int, ...], final: int | None
) -> None:
    assert answered(UVICORN, "expect-read", *statuses).status == final
