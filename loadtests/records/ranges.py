"""What the figures of a run can be: a file may have the right types and no sense.

The one rule: whoever reads a run may divide, take logarithms and draw. So a figure that
nobody can have measured is refused where the file is read, with the name of its field.
"""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from loadtests.records.cell import QUANTILES, History, Step
from loadtests.records.json_file import ResultError

if TYPE_CHECKING:
    from loadtests.records.run import Ordered, Run

MOST = 1e15  # of anything, in any unit
LONGEST_NAME = 1000
MOST_REPEATS = 1000
_PACE = ("rate_per_s", "arrive_per_s", "hold_s", "long_hold_s", "gap_s")
# What may lie on either side of zero: slopes, and with them their bounds.
_SIGNED = ("kb_", "kernel_kb_")
# Some may have left; and a tick of CPU time may be missing in runs of an older version.
_SIGNED_ALONE = ("came", "foreign_cpu_percent", "asked_s", "begins_s", "at_ms")


def checked(run: Run) -> Run:
    """The run itself. Raises ResultError for what cannot have been measured."""
    see_figures(run, "run")
    for number, cell in enumerate(run.cells):
        _see_steps(f"run.cells[{number}].steps", cell.steps)
        if cell.history:
            _see_history(f"run.cells[{number}].history", cell.history)
    if run.method.deadline_s <= 0:
        raise ResultError("run.method.deadline_s: expected more than 0")
    return run


def see_figures(record: Any, name: str) -> None:
    """Raises ResultError for a figure of any record that nobody can have measured."""
    for where, value in _leaves(record, name):
        _see(where, value)


def orderable(run: Run, ordered: Ordered) -> None:
    """Raises ResultError for what nobody can have ordered, and nobody can go on with:
    a report may be made of that all the same."""
    for name in _PACE:
        if not getattr(run.method, name):
            raise ResultError(f"run.method.{name}: expected more than 0")
    if not ordered.stacks:
        raise ResultError("run.ordered.stacks: expected a stack, found none")
    if not all(ordered.conditions.rates_per_s):
        raise ResultError("run.ordered.conditions.rates_per_s: expected more than 0")
    for name in ("repeats", "cost_repeats"):
        if (found := getattr(ordered, name)) > MOST_REPEATS:
            at_most = f"expected {MOST_REPEATS:,} at the most, found {found:,}"
            raise ResultError(f"run.ordered.{name}: {at_most}")


def _leaves(value: Any, where: str) -> Iterator[tuple[str, Any]]:
    if dataclasses.is_dataclass(value):
        for field in dataclasses.fields(value):
            yield from _leaves(getattr(value, field.name), f"{where}.{field.name}")
    elif isinstance(value, list):
        for number, one in enumerate(value):
            # Of plain figures the list is named: there are tens of thousands of them.
            plain = one is None or isinstance(one, int | float | str)
            yield from _leaves(one, where if plain else f"{where}[{number}]")
    elif isinstance(value, dict):
        for name, one in value.items():
            yield from _leaves(one, f"{where}.{name[:LONGEST_NAME]}")
    else:
        yield where, value


def _see(where: str, value: Any) -> None:
    name = where.rpartition(".")[2]
    if isinstance(value, str):
        if len(value) > LONGEST_NAME and name in ("id", "stack", "scenario", "profile"):
            raise ResultError(f"{where}: a name of {len(value):,} characters")
        if where.startswith("run.target.") and not _can_be_passed(value):
            raise ResultError(f"{where}: {value!r:.60} is nothing to start or to ask")
        return
    if isinstance(value, bool) or not isinstance(value, int | float):
        return
    signed = name.startswith(_SIGNED) or name in _SIGNED_ALONE or ".figures." in where
    if not -MOST <= value <= MOST or (value < 0 and not signed):
        raise ResultError(f"{where}: {value!r:.40} is not a figure of anything")


def _can_be_passed(text: str) -> bool:
    """Whether a program can be told that, or a file have that name."""
    try:
        return b"\0" not in os.fsencode(text)
    except UnicodeEncodeError:
        return False


def _see_steps(where: str, steps: list[Step]) -> None:
    seen = set[int]()
    for number, step in enumerate(steps):
        if step.answered > step.attempted:
            raise ResultError(
                f"{where}[{number}].answered: {step.answered} of {step.attempted}"
            )
        if len(step.quantiles_ms) not in (0, len(QUANTILES)):
            expected = f"expected {len(QUANTILES)}, found {len(step.quantiles_ms)}"
            raise ResultError(f"{where}[{number}].quantiles_ms: {expected}")
        if step.slow_clients in seen:
            raise ResultError(f"{where}[{number}].slow_clients: there twice")
        seen.add(step.slow_clients)


def _see_history(where: str, history: History) -> None:
    lists = {
        field.name: getattr(history, field.name)
        for field in dataclasses.fields(history)
        if field.name not in ("every_s", "stages", "replaced_s")
    }
    if len({len(one) for one in lists.values()}) != 1 or not history.attempted:
        raise ResultError(f"{where}: its lists are not of one length")
    if not history.stages or history.every_s <= 0:
        raise ResultError(f"{where}: without a stage, or without a length of its parts")
    for attempted, answered in zip(history.attempted, history.answered, strict=True):
        if answered > attempted:
            raise ResultError(f"{where}.answered: {answered} of {attempted}")
