"""A test of a promise says what was found, and docs/reliability.md shows it."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import cast

import pytest

from loadtests import ROOT
from loadtests.report.formats import readme
from tests.torture.kept import MARK, Line, part

PAGE = ROOT / "docs/reliability.md"
HERE = Path(__file__).parent
# What has to run for the page to be whole.
PROMISES = 100
_FOUND: dict[str, Line] = {}
_BEGAN_S = time.monotonic()

Tell = Callable[[str, str, str], None]
_TOLD = "promise"


@pytest.fixture
def tell(record_property: Callable[[str, object], None]) -> Tell:
    """Keeps what was found of a promise; the last word on it counts."""

    def keep(promise: str, how: str, figure: str) -> None:
        record_property(_TOLD, [promise, how, figure])

    return keep


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.is_relative_to(HERE):
            item.add_marker(pytest.mark.long)


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Each worker of pytest tells the first process, which writes the page."""
    for name, found in report.user_properties if report.when == "call" else ():
        if name == _TOLD:
            promise, how, figure = cast(list[str], found)
            _FOUND[promise] = Line(promise, how, figure)


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """The page is of a whole torture that nothing failed in."""
    if hasattr(session.config, "workerinput"):
        return
    if exitstatus == 0 and len(_FOUND) >= PROMISES:
        made = part(
            [_FOUND[name] for name in sorted(_FOUND)], ROOT, time.monotonic() - _BEGAN_S
        )
        page = readme.renewed(PAGE.read_text("utf-8"), made, MARK)
        assert page, f"{PAGE} has no place for what was found"
        PAGE.write_text(page, encoding="utf-8")
