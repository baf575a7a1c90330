"""The example: a run that is kept with the project, and what README.md shows of it."""

from __future__ import annotations

import argparse
import shutil
import sys
from pathlib import Path

from loadtests import ROOT, UserError
from loadtests.records.run import RUN_FILE, load_run

EXAMPLE = Path("reports/example")  # as the README links to it
KEPT = ("run.json", "report.html", "report.md", "charts", "claims.json", "traces.json")
MOST_SAMPLES = 2_000_000  # bytes: raw samples of more are left out
STALE = "README.md is not what `make readme` writes from the example"


class ExampleError(UserError):
    """An example that is not there, or a README that does not show it; one line."""


def add_readme(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--check", action="store_true", help="write nothing")
    parser.set_defaults(command=show_in_readme)


def add_keep(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("run", type=Path, help="the run's folder")
    parser.set_defaults(command=keep)


def show_in_readme(arguments: argparse.Namespace, _: list[str]) -> int:
    """Write what the example found into the README, or see that it is there."""
    renew(ROOT, check=arguments.check)
    return 0


def keep(arguments: argparse.Namespace, _: list[str]) -> int:
    """Make a run the example."""
    for path in take(arguments.run, ROOT / EXAMPLE):
        print(path.relative_to(ROOT))
    return 0


def renew(root: Path, *, check: bool) -> None:
    from loadtests.report.formats import readme

    path, folder = root / "README.md", root / EXAMPLE
    text = path.read_text(encoding="utf-8")
    if not folder.exists():
        how = "make example RUN=reports/<run>"
        raise ExampleError(f"{EXAMPLE}/ is not there: {how} makes a run the example")
    run = load_run(folder)
    new = readme.renewed(text, readme.part(run, str(EXAMPLE)))
    if new is None:
        raise ExampleError(f"README.md lacks {readme.BEGIN} and {readme.END}")
    shown = readme.picture(run)
    if shown and not (folder / shown.file).exists():
        raise ExampleError(f"{EXAMPLE / shown.file} is not there: make report makes it")
    if check and new != text:
        raise ExampleError(STALE)
    if not check:
        path.write_text(new, encoding="utf-8")


def take(run: Path, example: Path) -> list[Path]:
    """Copy what is kept of a run; what was the example before is gone."""
    load_run(run)
    run = run.parent if run.name == RUN_FILE else run
    if run.resolve() == example.resolve():
        raise ExampleError(f"{run} is the example already")
    # Beside it, and then in its place: whatever fails, one of the two is whole.
    new = example.with_name(f".{example.name}.new")
    shutil.rmtree(new, ignore_errors=True)
    new.mkdir(parents=True)
    names = [name for name in KEPT if (run / name).exists()]
    samples = [p for p in (run / "samples").rglob("*") if p.is_file()]
    if samples and sum(p.stat().st_size for p in samples) <= MOST_SAMPLES:
        names.append("samples")
    elif samples:
        print("Without its samples, which are large.", file=sys.stderr)
    for name in names:
        copy = shutil.copytree if (run / name).is_dir() else shutil.copyfile
        copy(run / name, new / name)
    shutil.rmtree(example, ignore_errors=True)
    new.rename(example)
    return [example / name for name in names]
