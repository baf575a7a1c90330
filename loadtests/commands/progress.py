"""The progress of a run: what will be measured, how much of it is done, what it took.

The bar counts expected seconds.
"""

from __future__ import annotations

from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

from loadtests.commands import options
from loadtests.experiments.order import Order
from loadtests.experiments.task import Task
from loadtests.records.tasks import TRACES

# What a task takes beyond its measured window, for the time left: servers and Locust
# start together, and all is stopped and seen to be gone.
OVERHEAD_S = 3.0


def expected_s(task: Task) -> float:
    """How long a task lasts, servers and Locust included."""
    return task.lasts_s + OVERHEAD_S


class Bar:
    """How much of the run is done, in expected seconds."""

    def __init__(self, progress: Progress, task: TaskID) -> None:
        self.progress, self.task = progress, task
        self.finished_s = 0.0

    def tell(self, task: Task, seconds: float) -> None:
        label = f"{task.key.stack} {task.key.what}"
        done_s = self.finished_s + seconds
        self.progress.update(self.task, description=label, completed=done_s)

    def finished(self, task: Task) -> None:
        """A second try is more than was expected."""
        self.finished_s += expected_s(task)
        total_s = max(self.progress.tasks[0].total or 0.0, self.finished_s)
        self.progress.update(self.task, completed=self.finished_s, total=total_s)


def bar_in(console: Console) -> Progress:
    """The line under what has been printed: it goes when the run ends."""
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.percentage:>3.0f} %"),
        TimeRemainingColumn(),
        console=console,
        transient=True,
    )


def announce(console: Console, order: Order, folder: Path) -> None:
    """What will be measured, how long that takes, and where it is saved."""
    cells, at_rates, beside = order.cells(), order.at_rates(), order.beside()
    minutes = sum(map(expected_s, order.tasks())) / 60
    sizes = {
        "stack": len(order.stacks),
        "scenario": len(order.scenarios),
        "repeat": order.repeats,
    }
    factors = " x ".join(counted(number, word) for word, number in sizes.items())
    own = [task for task in beside if task.key.kind != TRACES]
    parts = {
        f"{factors} = {counted(len(cells), 'cell')}": cells,
        counted(len(at_rates), "rate"): at_rates,
        f"own timeouts and costs: {len(own)} more": own,
    }
    all_parts = ", ".join(part for part, some in parts.items() if some)
    console.print(
        f"[bold]{order.profile.id}[/]: {all_parts}; about {minutes:.1f} minutes.\n"
        f"Saved after each of them in {options.shown(folder)}\n",
        highlight=False,
    )


def counted(number: int, word: str) -> str:
    """`1 cell`, `2 cells`."""
    return f"{number} {word}" if number == 1 else f"{number} {word}s"


def tell_overhead(console: Console, measured_s: float, took_s: float) -> None:
    """How long it took, and how much of that was measured."""
    if measured_s:
        in_minutes = took_s >= 100
        took, measured, rest = (
            f"{seconds / 60:.1f}" if in_minutes else f"{seconds:.0f}"
            for seconds in (took_s, measured_s, took_s - measured_s)
        )
        console.print(
            f"\nTook {took} {'minutes' if in_minutes else 'seconds'}: {measured} "
            f"measured, {rest} starting and stopping servers and load generators.\n",
            highlight=False,
        )
