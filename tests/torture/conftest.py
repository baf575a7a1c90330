"""Every test here takes long; one of a promise says what was found."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.torture.page import TOLD

HERE = Path(__file__).parent
Tell = Callable[[str, str, str], None]


@pytest.fixture
def tell(record_property: Callable[[str, object], None]) -> Tell:
    """Keeps what was found of a promise; the last word on it counts."""

    def keep(promise: str, how: str, figure: str) -> None:
        record_property(TOLD, [promise, how, figure])

    return keep


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.is_relative_to(HERE):
            item.add_marker(pytest.mark.long)
