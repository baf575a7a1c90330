"""The progress bar of `make load`: how much of the run is done, in expected seconds."""

from __future__ import annotations

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

from loadtests.experiments.task import Task

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
