"""Files and functions stay short enough to be read at once."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from loadtests import ROOT

FOLDERS = ("wsgi_app", "asgi_app", "loadtests", "tests")
MOST_LINES_OF_A_FILE = 250
# Nine of ten functions; a decorator is no line of its function.
MOST_LINES_P90 = 16
# The files that may be longer, and why.
TABLES = {
    "loadtests/catalog/faults.py": "known faults of servers",
    "loadtests/catalog/contract/table.py": "the contract: requests and answers",
    "loadtests/report/questions.py": "questions and their answers",
    "tests/mutants/faults.py": "faults: what is written in the place of what",
}


def files(root: Path) -> Iterator[Path]:
    for folder in FOLDERS:
        yield from sorted((root / folder).rglob("*.py"))


def too_long(root: Path) -> dict[str, int]:
    """The lines of each file that has too many and is no table."""
    lines = {
        str(path.relative_to(root)): len(path.read_text("utf-8").splitlines())
        for path in files(root)
    }
    return {
        name: count
        for name, count in lines.items()
        if count > MOST_LINES_OF_A_FILE and name not in TABLES
    }


def lengths(text: str) -> list[int]:
    """How many lines each function of a file has, those in functions too."""
    return [
        node.end_lineno - node.lineno + 1
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and node.end_lineno is not None
    ]


def p90(counts: list[int]) -> int:
    return sorted(counts)[int(0.9 * (len(counts) - 1))]


def test_no_file_is_too_long() -> None:
    assert too_long(ROOT) == {}


@pytest.mark.parametrize("name", TABLES)
def test_table_that_may_be_long_is_long(name: str) -> None:
    count = len((ROOT / name).read_text("utf-8").splitlines())
    assert count > MOST_LINES_OF_A_FILE, "strike it from TABLES"


@pytest.mark.parametrize("of_tests", [False, True], ids=["program", "tests"])
def test_functions_are_short(of_tests: bool) -> None:
    tests = ROOT / "tests"
    counts = [
        count
        for path in files(ROOT)
        if path.is_relative_to(tests) == of_tests
        for count in lengths(path.read_text("utf-8"))
    ]
    assert p90(counts) <= MOST_LINES_P90


def test_file_of_a_line_too_much_is_found(tmp_path: Path) -> None:
    for folder in FOLDERS:
        (tmp_path / folder / "deep").mkdir(parents=True)
    just = "x = 1\n" * MOST_LINES_OF_A_FILE
    (tmp_path / "tests/deep/just.py").write_text(just)
    assert too_long(tmp_path) == {}
    (tmp_path / "tests/deep/long.py").write_text(f"{just}x = 1")
    assert too_long(tmp_path) == {"tests/deep/long.py": 251}


def test_lines_of_functions_are_counted() -> None:
    text = (
        "@cache\ndef one():\n    async def two():\n        return 1\n    return two\n"
    )
    assert lengths(text) == [4, 2]
    assert p90([*range(1, 12)]) == 10
