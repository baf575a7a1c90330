"""`make scale`: how many slow clients machines hold, from runs that held thousands."""

from __future__ import annotations

import argparse
import dataclasses
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path

from rich.console import Console

from loadtests import MAKE, ROOT, UserError
from loadtests.analysis.scale import FEWEST
from loadtests.commands import options
from loadtests.commands.declarations import Command, Target
from loadtests.commands.example import EXAMPLE
from loadtests.commands.statuses import Status
from loadtests.records.run import RUN_FILE, Run, load_run, save_run
from loadtests.report import scale, scale_checked
from loadtests.report.blocks import Block, Heading, Table
from loadtests.report.formats import markdown, readme, terminal

COMMAND = Command("compute how many slow clients machines hold", place=75)
TARGETS = (
    Target(
        "scale",
        "how many machines hold a million slow clients, and what breaks first?",
        place=75,
        words=("scale",),
        options=("RUNS", "STACK", "CLIENTS", "SEED", "KEEP"),
    ),
)
VARIABLES = {"RUNS": "<run>,<run>", "CLIENTS": "<count>", "KEEP": "1"}

KEPT = Path("reports/example-scale")  # a run in each folder of it
PAGE = Path("docs/scale.md")
STACK, CLIENTS, SEED = "asgi-uvicorn", 1_000_000, 1
ANSWER, CHECKED = "<!-- made by make scale -->", "<!-- checked by make scale -->"
_clients = options.number("a count of slow clients", 1, 999_999_999)


class ScaleError(UserError):
    """Runs that say nothing of scale, or a page that is not theirs; one line."""


def add(parser: argparse.ArgumentParser) -> None:
    what = "runs that held thousands; if left out, those that are kept here"
    parser.add_argument(
        "--runs", type=options.names, default=[], metavar="RUN,RUN", help=what
    )
    parser.add_argument("--stack", default=STACK, metavar="ID")
    parser.add_argument("--clients", type=_clients, default=CLIENTS, metavar="COUNT")
    parser.add_argument("--seed", type=options.seed, default=SEED, metavar="NUMBER")
    what = "keep the runs with the project, and write docs/scale.md from them"
    parser.add_argument("--keep", action="store_true", help=what)
    parser.set_defaults(command=compute)


def compute(arguments: argparse.Namespace) -> Status:
    """Print what the runs say of so many slow clients."""
    folders = [options.run_folder(name) for name in arguments.runs]
    runs = [load_run(folder) for folder in folders]
    if arguments.keep:
        return _keep(runs)
    found = [*runs, *_example(ROOT)] if runs else runs_of(ROOT)
    one = _answer(found, arguments.stack, arguments.clients, arguments.seed)
    console = Console()
    for blocks in _parts(one).values():
        for part in terminal.rendered(blocks):
            console.print(part, highlight=False)
    return Status.DONE


def _answer(runs: Sequence[Run], stack: str, clients: int, seed: int) -> scale.Answer:
    one = scale.Answer(runs, stack, clients, seed)
    if not one.costs:
        how = f"{MAKE} load PROFILE=c10k STACKS={stack}, then {MAKE} scale RUNS=latest"
        raise ScaleError(f"no run held {FEWEST:,} slow clients of {stack}: {how}")
    return one


def _parts(one: scale.Answer) -> dict[str, list[Block]]:
    """What stands behind which mark of the page."""
    checked = scale_checked.checked(one.runs, one.stack)
    return {ANSWER: [*scale.answer(one)], CHECKED: [*checked]}


def _keep(runs: Sequence[Run]) -> Status:
    options.only_in_a_checkout(str(PAGE))
    if not runs:
        raise ScaleError("KEEP= keeps runs: name them with RUNS=<run>,<run>")
    page_of([*runs, *_example(ROOT)], ROOT)  # an error before anything is gone
    shutil.rmtree(ROOT / KEPT, ignore_errors=True)
    for n, run in enumerate(runs, 1):
        print(options.shown(save_run(_small(run), ROOT / KEPT / str(n))))
    renew(ROOT, check=False)
    print(PAGE)
    return Status.DONE


def _small(run: Run) -> Run:
    """Without the longest parts of it, which nothing here reads."""
    cells = [
        dataclasses.replace(
            cell,
            history=None,
            steps=[dataclasses.replace(step, quantiles_ms=[]) for step in cell.steps],
        )
        for cell in run.cells
    ]
    return dataclasses.replace(run, cells=cells)


def runs_of(root: Path) -> list[Run]:
    """Those that are kept there, and the example."""
    kept = sorted((root / KEPT).glob(f"*/{RUN_FILE}"))
    return [*map(load_run, kept), *_example(root)]


def _example(root: Path) -> list[Run]:
    """It says what the kernel holds for a slow reader, while there is memory for it."""
    return [load_run(root / EXAMPLE)] if (root / EXAMPLE).exists() else []


def page_of(runs: Sequence[Run], root: Path) -> str:
    """docs/scale.md with what these runs say."""
    one = _answer(runs, STACK, CLIENTS, SEED)
    text: str | None = (root / PAGE).read_text(encoding="utf-8")
    for mark, blocks in _parts(one).items():
        made = "\n\n".join(markdown.rendered([*_headed(blocks)]))
        text = readme.renewed(text, made, mark) if text else None
    if text is None:
        raise ScaleError(f"{PAGE} lacks {ANSWER} or {CHECKED}, or their ends")
    return text


def _headed(blocks: Sequence[Block]) -> Iterator[Block]:
    """With the title of each table above it, which Markdown leaves out."""
    for block in blocks:
        if isinstance(block, Table):
            yield Heading(block.title)
        yield block


def renew(root: Path, *, check: bool) -> None:
    """Write the page from the runs that are kept, or see that it is there."""
    if not (root / KEPT).exists():
        return
    page = page_of(runs_of(root), root)
    if not check:
        (root / PAGE).write_text(page, encoding="utf-8")
    elif (root / PAGE).read_text(encoding="utf-8") != page:
        raise ScaleError(f"{PAGE} is not what `make readme` writes from {KEPT}")
