"""The order of the test files, which decides how long `make test` takes."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.conftest import LONG


@pytest.mark.parametrize("name", LONG)
def test_file_that_takes_long_is_where_its_name_says(name: str) -> None:
    assert (Path(__file__).parent / name).is_file()
