"""What tests of promises found, as docs/reliability.md shows it: a plugin of pytest.

The first process of pytest writes the page. It collects nothing itself, so it does not
know conftest.py: `make torture` names this file.
"""

from __future__ import annotations

import time
from typing import cast

import pytest

from loadtests import ROOT
from loadtests.report.formats import readme
from tests.torture.kept import MARK, Line, part

PAGE = ROOT / "docs/reliability.md"
# What has to run for the page to be whole.
PROMISES = 18
TOLD = "promise"
_FOUND: dict[str, Line] = {}
_BEGAN_S = time.monotonic()


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Each worker of pytest tells the first process."""
    for name, found in report.user_properties if report.when == "call" else ():
        if name == TOLD:
            promise, how, figure = cast(list[str], found)
            _FOUND[promise] = Line(promise, how, figure)


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """The page is of a whole torture that nothing failed in."""
    if hasattr(session.config, "workerinput"):
        return
    if exitstatus == 0 and len(_FOUND) >= PROMISES:
        lines = [_FOUND[name] for name in sorted(_FOUND)]
        made = part(lines, ROOT, time.monotonic() - _BEGAN_S)
        page = readme.renewed(PAGE.read_text("utf-8"), made, MARK)
        assert page, f"{PAGE} has no place for what was found"
        PAGE.write_text(page, encoding="utf-8")
