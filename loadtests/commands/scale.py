"""`make scale`: how many slow clients machines hold, from runs that held thousands."""

from __future__ import annotations

import argparse
import dataclasses
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from rich.console import Console

from loadtests import MAKE, ROOT, UserError
from loadtests.analysis.scale import FEWEST
from loadtests.analysis.scale_answer import USUAL, Answer
from loadtests.catalog.profiles import LARGE, profile
from loadtests.catalog.stacks import find, find_measurable
from loadtests.commands import options
from loadtests.commands.declarations import Command, Target
from loadtests.commands.example import EXAMPLE
from loadtests.commands.statuses import Status
from loadtests.records.folder import replacing
from loadtests.records.run import RUN_FILE, Run, load_run, save_run
from loadtests.report import reports, scale, scale_checked, scale_settings
from loadtests.report.blocks import Block, Heading, Table
from loadtests.report.formats import markdown, readme, syntax, terminal

COMMAND = Command("compute how many slow clients machines hold", place=75)
TARGETS = (
    Target(
        "scale",
        "machines that a million slow clients need, and what breaks first",
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
SET = "<!-- set by make scale -->"
_HARDEST = "slow-headers"  # every server waits for the whole head of a request
_clients = options.number("a count of slow clients", 1, 999_999_999)


class ScaleError(UserError):
    """Runs that say nothing of scale, or a page that is not theirs; one line."""


def add(parser: argparse.ArgumentParser) -> None:
    what = "runs that held thousands; if left out, those that are kept here"
    parser.add_argument(
        "--runs", type=options.names, default=[], metavar="RUN,RUN", help=what
    )
    parser.add_argument("--stack", metavar="ID", help=f"{STACK} if left out")
    what = f"{CLIENTS:,} if left out"
    parser.add_argument("--clients", type=_clients, metavar="COUNT", help=what)
    what = f"{SEED} if left out"
    parser.add_argument("--seed", type=options.seed, metavar="NUMBER", help=what)
    what = "keep the runs with the project, and write docs/scale.md from them"
    parser.add_argument("--keep", action="store_true", help=what)
    parser.set_defaults(command=compute)


def compute(arguments: argparse.Namespace) -> Status:
    """Print what the runs say of so many slow clients."""
    chosen = arguments.stack, arguments.clients, arguments.seed
    if arguments.keep and any(value is not None for value in chosen):
        raise ScaleError("KEEP= writes one page: leave STACK=, CLIENTS= and SEED= out")
    stack_id, clients, seed = arguments.stack or STACK, *chosen[1:]
    find_measurable(stack_id)  # an error in its name before one in a run
    runs = [load_run(options.run_folder(name)) for name in arguments.runs]
    if arguments.keep:
        return _keep(runs)
    found = [*runs, *_example(ROOT)] if runs else runs_of(ROOT)
    _print(_answer(found, stack_id, clients or CLIENTS, SEED if seed is None else seed))
    return Status.DONE


def _print(one: Answer) -> None:
    console = Console()
    for blocks in ([*scale.answer(one)], [*scale_checked.checked(one)]):
        for part in terminal.rendered(blocks):
            console.print(part, highlight=False)
    print("\n".join(scale_settings.settings(one)))


def _answer(runs: Sequence[Run], stack_id: str, clients: int, seed: int) -> Answer:
    one = Answer(runs, _base(stack_id), clients, seed)
    if not one.costs:
        raise ScaleError(_unmeasured(stack_id))
    if not all(one.holds(cost, USUAL) for cost in one.costs):
        memory = f"{one.rest_mb(USUAL) / 1024:.0f} GB before any client"
        raise ScaleError(
            f"{USUAL.workers} workers of {one.stack} take {memory}: no machine of "
            f"{USUAL.memory_gb} GB has room for one"
        )
    return one


def _base(stack_id: str) -> str:
    stack = find(stack_id)
    return stack.base or stack.id


def _unmeasured(stack_id: str) -> str:
    """How to measure it, or why that is in vain."""
    base = _base(stack_id)
    named = next((one for one in LARGE if _base(one) == base), stack_id)
    nofile = profile("c10k").nofile
    stack = find(named).with_counts(None, None, nofile=nofile)
    out_at = stack.predicted_out_at(_HARDEST)
    if out_at is not None and out_at < FEWEST:
        what = stack.held_under(_HARDEST).what
        return (
            f"{stack_id} holds too few: each slow client takes {what}, and {out_at:,} "
            f"take it out; {MAKE} scale needs {FEWEST:,}"
        )
    how = f"{MAKE} load PROFILE=c10k STACKS={named}, then {MAKE} scale RUNS=latest"
    return f"no run held {FEWEST:,} slow clients of {base}: {how}"


def _keep(runs: Sequence[Run]) -> Status:
    options.only_in_a_checkout(str(PAGE))
    if not runs:
        raise ScaleError("KEEP= keeps runs: name them with RUNS=<run>,<run>")
    page_of([*runs, *_example(ROOT)], ROOT)  # an error before anything is gone
    with replacing(ROOT / KEPT) as new:
        for n, run in enumerate(runs, 1):
            save_run(_small(run), new / str(n))
    print(options.shown(ROOT / KEPT))
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
    parts = {
        ANSWER: _markdown(scale.answer(one)),
        SET: syntax.fenced("\n".join(scale_settings.settings(one))),
        CHECKED: _markdown(scale_checked.checked(one)),
    }
    for mark, made in parts.items():
        text = readme.renewed(text, made, mark) if text else None
    if text is None:
        raise ScaleError(f"{PAGE} lacks {ANSWER}, {SET} or {CHECKED}, or their ends")
    return text


def _markdown(blocks: Iterable[Block]) -> str:
    return "\n\n".join(markdown.rendered([*_headed(blocks)]))


def _headed(blocks: Iterable[Block]) -> Iterator[Block]:
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
        reports.write_text(root / PAGE, page)
    elif (root / PAGE).read_text(encoding="utf-8") != page:
        raise ScaleError(f"{PAGE} is not what `make readme` writes from {KEPT}")
