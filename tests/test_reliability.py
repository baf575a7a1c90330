"""docs/reliability.md has a row for each promise that `make torture` tests."""

from __future__ import annotations

import ast

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


def test_page_is_whole_only_with_all_promises() -> None:
    assert len(told()) == PROMISES
