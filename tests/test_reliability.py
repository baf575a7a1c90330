"""docs/reliability.md has a row for each promise that `make torture` tests."""

from __future__ import annotations

import ast

import pytest

from loadtests import ROOT
from tests.torture.kept import MARK
from tests.torture.page import PAGE, PROMISES


def told() -> list[str]:
    """The promises that tests have something to tell of."""
    return sorted(
        str(ast.literal_eval(node.args[0]))
        for path in (ROOT / "tests/torture").glob("test_*.py")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id == "tell"
    )


def test_page_has_each_promise_and_no_other() -> None:
    _, _, after = PAGE.read_text("utf-8").partition(MARK)
    rows = [line for line in after.splitlines() if line.startswith("| ")]
    assert [row.split(" | ")[0].removeprefix("| ") for row in rows[1:]] == told()


def test_test_that_waits_for_ever_is_ended(pytestconfig: pytest.Config) -> None:
    """Every one, the long ones too: none has a limit of its own that is no limit."""
    assert 0 < float(pytestconfig.getini("timeout")) <= 300
    marks = [
        node
        for path in (ROOT / "tests").rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Attribute) and node.attr == "timeout"
        if isinstance(node.value, ast.Attribute) and node.value.attr == "mark"
    ]
    assert marks == []


def test_page_is_whole_only_with_all_promises() -> None:
    assert len(told()) == PROMISES
