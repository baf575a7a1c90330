"""Imports run one way, from what is measured to what is shown.

(That the two apps need the standard library only is in test_pair.py.)
"""

from __future__ import annotations

import ast
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parent.parent / "loadtests"
# What each module may import of this project; the first eleven need nothing else but
# the standard library.
PIPELINE = {
    "contract": set[str](),
    "guard": set[str](),
    "raw": set[str](),
    "stored": set[str](),
    "results": {"stored"},
    "verdicts": {"results", "stored"},
    "traces": {"stored"},
    "stacks": set[str](),
    "wire": set[str](),
    "scenarios": {"stacks"},
    "health": {"intervals", "raw", "results"},
    "analysis": {"health", "intervals", "raw", "results"},
    "freeing": {"analysis", "health", "raw", "results"},
    "slow_clients": {"raw", "wire"},
    "probe": {"contract", "raw", "wire"},
    "processes": set[str](),
    "server": {"contract", "processes", "stacks", "wire"},
    "measure": {"processes", "raw", "scenarios", "server", "stacks"},
    "costs": {"measure", "processes", "results", "server", "stacks", "wire"},
    "intervals": set[str](),
    "comparable": {"report", "results"},
    "differences": {"intervals", "report", "results"},
    "compare": {"comparable", "differences", "report", "results"},
}
STANDARD_LIBRARY_ONLY = [*PIPELINE][:11]
LOCUST_FILES = {"probe", "slow_clients"}  # importing Locust patches the whole process
FRAMEWORKS = {"fastapi", "flask", "starlette", "werkzeug"}
COMMAND_LINE = {"cli", "example", "progress", "serving", "__main__"}
COMPARING = {"comparable", "differences", "compare"}


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


def ours(path: Path) -> set[str]:
    """The modules of loadtests among them."""
    parts = [name.split(".") for name in imported(path)]
    return {part[1] for part in parts if part[0] == "loadtests"}


def others(path: Path) -> set[str]:
    """The packages among them that are not the standard library's."""
    return {name.split(".")[0] for name in imported(path)} - sys.stdlib_module_names


@pytest.mark.parametrize("module", PIPELINE)
def test_module_imports_only_what_comes_before_it(module: str) -> None:
    assert ours(PACKAGE / f"{module}.py") <= PIPELINE[module]


@pytest.mark.parametrize("module", STANDARD_LIBRARY_ONLY)
def test_module_needs_the_standard_library_only(module: str) -> None:
    assert others(PACKAGE / f"{module}.py") <= {"loadtests"}


def test_locust_is_imported_by_the_locust_files_only() -> None:
    users = {p.stem for p in PACKAGE.rglob("*.py") if others(p) & {"locust", "gevent"}}
    assert users == LOCUST_FILES


def test_report_knows_a_run_from_its_record_only() -> None:
    records = {"results", "traces", "verdicts"}
    for path in (PACKAGE / "report").glob("*.py"):
        comparing = COMPARING if path.stem == "comparison" else set()
        assert ours(path) <= {"report", "intervals"} | records | comparing, path.name


def test_scipy_is_imported_for_intervals_only() -> None:
    users = {p.stem for p in PACKAGE.rglob("*.py") if "scipy" in others(p)}
    assert users == {"intervals"}
    assert others(PACKAGE / "intervals.py") == {"numpy", "scipy"}


@pytest.mark.parametrize("module", sorted(COMPARING))
def test_comparing_uses_no_more_of_the_reports_than_outcomes(module: str) -> None:
    pure = ("loadtests.report.outcomes", "loadtests.report.reached")
    for name in imported(PACKAGE / f"{module}.py"):
        if name.startswith("loadtests.report"):
            assert name.startswith((*pure, "loadtests.report.text.plain")), name


def test_trace_serves_and_draws_and_knows_nothing_of_measuring() -> None:
    known = {"contract", "processes", "server", "stacks", "trace", "wire"}
    for path in (PACKAGE / "trace").glob("*.py"):
        only_here = {"traces"} if path.stem == "recorder" else set()
        assert ours(path) <= known | only_here, path.name


def test_trace_is_drawn_without_starting_a_process() -> None:
    for name in ("spans", "timeline", "picture"):
        assert ours(PACKAGE / "trace" / f"{name}.py") <= {"trace"}
        assert "subprocess" not in imported(PACKAGE / "trace" / f"{name}.py")


def test_report_is_imported_by_the_command_line_only() -> None:
    users = {path.stem for path in PACKAGE.glob("*.py") if "report" in ours(path)}
    assert users - COMPARING <= COMMAND_LINE


def test_claims_serve_and_ask_and_know_nothing_of_a_run() -> None:
    known = {"claims", "contract", "processes", "server", "stacks", "verdicts", "wire"}
    for path in (PACKAGE / "claims").glob("*.py"):
        only_here = {"machine"} if path.stem == "command" else set()
        assert ours(path) <= known | only_here, path.name


def test_agreement_is_found_without_knowing_a_run_or_a_report() -> None:
    known = {"agreement", "contract", "intervals", "measure", "processes", "raw"}
    known |= {"server", "stacks"}
    for path in (PACKAGE / "agreement").glob("*.py"):
        only_here = {"machine"} if path.stem == "command" else set()
        assert ours(path) <= known | only_here, path.name


def test_agreement_is_worked_out_without_starting_a_process() -> None:
    for name in ("tools", "figures", "table"):
        path = PACKAGE / "agreement" / f"{name}.py"
        assert ours(path) <= {"agreement", "contract", "intervals", "processes", "raw"}
        assert "subprocess" not in imported(path)


def test_agreement_is_imported_by_the_command_line_only() -> None:
    users = {path.stem for path in PACKAGE.glob("*.py") if "agreement" in ours(path)}
    assert users <= COMMAND_LINE


def test_claims_are_imported_by_the_command_line_only() -> None:
    users = {path.stem for path in PACKAGE.glob("*.py") if "claims" in ours(path)}
    assert users <= COMMAND_LINE


def test_frameworks_are_imported_by_what_is_served_with_them_only() -> None:
    users = {p.stem for p in PACKAGE.rglob("*.py") if others(p) & FRAMEWORKS}
    assert users <= {"apps", "on_fastapi", "on_flask", "on_starlette"}


def test_command_line_is_imported_by_itself_only() -> None:
    users = {p.stem for p in PACKAGE.rglob("*.py") if ours(p) & COMMAND_LINE}
    assert users <= COMMAND_LINE
