"""Decides what a run decides, with every sentence of ours made gibberish or not.

Run as a program with `gibberish` or `plain`, and a folder for a run; prints, as JSON,
what was decided: verdicts, doubts, states of tasks, exit statuses.
"""

from __future__ import annotations

import ast
import dataclasses
import importlib.abc
import importlib.machinery
import json
import sys
import zlib
from pathlib import Path
from typing import Any

ROOMS = ("loadtests.analysis", "loadtests.experiments", "loadtests.report.facts")


def _is_sentence(text: str) -> bool:
    """What has a blank in it, but for lines of HTTP."""
    return " " in text.strip() and not text.startswith(("GET ", "POST "))


def _gibberish(text: str) -> str:
    return f"zxq {zlib.crc32(text.encode()):x} vbnm"


class Gibberish(ast.NodeTransformer):
    """Replaces what people read.

    Patterns stay, because they are for the words of others: a server's log, a tool's
    output. So do docstrings, which no one reads at run time but the claims.
    """

    def visit_Constant(self, node: ast.Constant) -> ast.Constant:
        if isinstance(node.value, str) and _is_sentence(node.value):
            return ast.copy_location(ast.Constant(_gibberish(node.value)), node)
        return node

    def visit_Expr(self, node: ast.Expr) -> ast.AST:
        if isinstance(node.value, ast.Constant):
            return node  # a docstring
        return self.generic_visit(node)

    def visit_Call(self, node: ast.Call) -> ast.AST:
        if ast.unparse(node.func).startswith("re."):
            return node
        return self.generic_visit(node)


class Loader(importlib.machinery.SourceFileLoader):
    def source_to_code(  # type: ignore[override]
        self, data: Any, path: str, *, _optimize: int = -1
    ) -> Any:
        tree = Gibberish().visit(ast.parse(bytes(data).decode()))
        return compile(ast.fix_missing_locations(tree), path, "exec", dont_inherit=True)

    def get_code(self, fullname: str) -> Any:
        path = self.get_filename(fullname)
        return self.source_to_code(self.get_data(path), path)


class Finder(importlib.abc.MetaPathFinder):
    def find_spec(self, fullname: str, path: Any, target: Any = None) -> Any:
        if not fullname.startswith(ROOMS):
            return None
        spec = importlib.machinery.PathFinder.find_spec(fullname, path)
        if spec and isinstance(spec.loader, importlib.machinery.SourceFileLoader):
            spec.loader = Loader(fullname, spec.loader.path)
        return spec


def decided(folder: Path) -> dict[str, Any]:
    """What is decided of the example, of trouble made on purpose, and of a run."""
    return {
        "example": of_example(),
        "trouble": of_trouble(),
        "run": of_a_run(folder),
    }


def of_example() -> list[Any]:
    from loadtests import ROOT
    from loadtests.analysis import compare
    from loadtests.analysis.outcomes import outcomes
    from loadtests.records.run import load_run

    run = load_run(ROOT / "reports" / "example")
    worse = dataclasses.replace(run, cells=[*map(_harmed, run.cells)])
    return [
        [(o.stack, o.scenario, o.out, o.unharmed, o.doubtful) for o in outcomes(run)],
        compare.status(compare.compare(run, run)),
        compare.status(compare.compare(run, worse)),
    ]


def _harmed(cell: Any) -> Any:
    capacity = dataclasses.replace(cell.capacity, out_at=1, degrades_at=1, held=0)
    return dataclasses.replace(cell, capacity=capacity)


def of_trouble() -> list[Any]:
    """The kinds of all faults and doubts of cells whose generator was in trouble."""
    from tests.analysis.recordings import cell, healthy
    from tests.analysis.test_health import leaving

    late = leaving(60.0, 50, healthy(0, 4, 32))
    taken = [r._replace(stolen_percent=25.0) for r in late.generator]
    unsure = leaving(6.0, 50, healthy(0, 4, 32))
    some = [
        healthy(0, 4),
        late,
        dataclasses.replace(unsure, generator=taken),
        dataclasses.replace(late, visits=[]),
        dataclasses.replace(late, samples=[]),
    ]
    found = [cell(recording) for recording in some]
    return [
        (c.valid, [f.kind for f in c.faults], [d.kind for d in c.doubts]) for c in found
    ]


def of_a_run(folder: Path) -> list[Any]:
    """A run of two servers that do not start, its states and its exit status."""
    from loadtests.catalog import stacks
    from loadtests.commands.main import main

    broken = ("python", "-c", "raise SystemExit('no')")
    for name in ("wsgi-gunicorn-sync", "asgi-uvicorn"):
        stacks.STACKS[name] = dataclasses.replace(stacks.STACKS[name], argv=broken)
    import loadtests.commands.load as load
    from loadtests.records.run import load_run

    vars(load)["REPORTS"] = folder
    status = main(["load", "--profile", "smoke"])
    run = load_run(folder / "latest")
    faults = [[f.kind for f in cell.faults] for cell in run.cells]
    return [status, faults, [cell.valid for cell in run.cells]]


if __name__ == "__main__":
    if sys.argv[1] == "gibberish":
        sys.meta_path.insert(0, Finder())
    found = decided(Path(sys.argv[2]))
    print(json.dumps(found), file=sys.stderr)
