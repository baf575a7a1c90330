"""The rooms of the project, and that imports run one way between them.

(That the two apps need the standard library only is in test_pair.py.)
"""

from __future__ import annotations

import ast
import functools
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parent.parent / "loadtests"
# Which rooms each room may import, besides itself.
MAY_IMPORT: dict[str, set[str]] = {
    "records": set(),
    "catalog": set(),
    "clients": {"records", "catalog"},
    "servers": {"clients", "records", "catalog"},
    "analysis": {"records", "catalog"},
    "report": {"analysis", "records", "catalog"},
    "experiments": {"analysis", "servers", "clients", "records", "catalog"},
}
FILES = sorted(PACKAGE.rglob("*.py"))
# Importing Locust patches the whole process; a timer is of use under it only.
LOCUST_FILES = {
    *("probe", "slow_clients", "own_run", "fleet"),
    *("staircase", "steering", "timer"),
}
# The clock on the wall may be set at any time. So it labels what people read, and no
# time is measured by it.
WALL_CLOCKS = {
    *("time.time", "time.time_ns", "time.localtime", "time.gmtime", "time.ctime"),
    *("time.strftime", "time.asctime", "date.today", "datetime.today"),
    *("datetime.now", "datetime.utcnow"),
}
LABELS = {
    "commands/behaviours.py": "when a record was made",
    "commands/claims.py": "when a ledger was begun",
    "commands/phases.py": "when a map was made",
    "experiments/lock.py": "since when somebody measures",
    "experiments/run.py": "when a run began, and its name",
    "experiments/validation.py": "when a validation began, and its name",
}
FRAMEWORKS = {"fastapi", "flask", "starlette", "werkzeug"}


@functools.cache
def imported(path: Path) -> set[str]:
    """The full names of what a file imports, `from a import b` as `a.b`."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, "imports are absolute here"
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return names


def rooms(path: Path) -> set[str]:
    """The rooms that a file imports from; names of the package itself are none."""
    parts = [name.split(".") for name in imported(path)]
    found = {part[1] for part in parts if part[0] == "loadtests"}
    return {name for name in found if (PACKAGE / name).is_dir()}


def others(path: Path) -> set[str]:
    """The packages that a file imports and that are not the standard library's."""
    return {name.split(".")[0] for name in imported(path)} - sys.stdlib_module_names


def test_these_are_all_rooms_there_are() -> None:
    found = {path.parent.name for path in PACKAGE.glob("*/*.py")}
    assert found == {*MAY_IMPORT, "commands"}


@pytest.mark.parametrize("room", MAY_IMPORT)
def test_room_imports_only_the_rooms_below_it(room: str) -> None:
    for path in sorted((PACKAGE / room).rglob("*.py")):
        assert rooms(path) <= MAY_IMPORT[room] | {room}, path.relative_to(PACKAGE)


@pytest.mark.parametrize("room", ["records", "catalog"])
def test_lowest_rooms_need_the_standard_library_only(room: str) -> None:
    for path in sorted((PACKAGE / room).rglob("*.py")):
        assert others(path) <= {"loadtests"}, path.relative_to(PACKAGE)


def test_locust_is_imported_by_the_locust_files_only() -> None:
    users = {path.stem for path in FILES if others(path) & {"locust", "gevent"}}
    assert users <= LOCUST_FILES


def test_scipy_is_imported_for_intervals_only() -> None:
    users = {path.stem for path in FILES if "scipy" in others(path)}
    assert users == {"intervals"}


def test_frameworks_are_imported_by_what_is_served_with_them_only() -> None:
    users = {path.parent for path in FILES if others(path) & FRAMEWORKS}
    assert users == {PACKAGE / "servers" / "apps"}


def called(tree: ast.AST) -> dict[str, str]:
    """What the names are that a file has given to what it imports."""
    found = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            for alias in node.names:
                found[alias.asname or alias.name] = f"{node.module}.{alias.name}"
        elif isinstance(node, ast.Import):
            found |= {a.asname: a.name for a in node.names if a.asname}
    return found


def wall_clocks(text: str) -> set[str]:
    """What a file uses of the clock on the wall, however it has imported that."""
    tree = ast.parse(text)
    names, found = called(tree), set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute | ast.Name):
            first, _, rest = ast.unparse(node).partition(".")
            whole = ".".join(filter(None, (names.get(first, first), rest)))
            found.add(".".join(whole.split(".")[-2:]))
    return found & WALL_CLOCKS


def test_only_labels_are_of_the_clock_on_the_wall() -> None:
    """Set back or forward in the middle of a run, it changes no figure."""
    users = {
        str(path.relative_to(PACKAGE))
        for path in FILES
        if wall_clocks(path.read_text("utf-8"))
    }
    assert users == set(LABELS)


@pytest.mark.parametrize(
    "text",
    [
        "import time\nbegan_s = time.time()",
        "import time as clock\nbegan_s = clock.time_ns()",
        "from time import time\nbegan_s = time()",
        "from time import time as now\nclock = now",
        "import datetime\nbegan = datetime.datetime.now()",
        "from datetime import datetime as d\nbegan = d.utcnow()",
    ],
)
def test_clock_on_the_wall_is_found(text: str) -> None:
    assert wall_clocks(text)
    assert not wall_clocks("import time\nbegan_s = time.monotonic(); time.sleep(1)")
