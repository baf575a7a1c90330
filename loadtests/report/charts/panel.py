"""One plot of the line charts: where its points, bars and names stand."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from loadtests.analysis.outcomes import Outcome
from loadtests.records.cell import Step
from loadtests.report.charts import axis, style

LABEL_GAP = 17
Row = dict[str, Any]


@dataclass(frozen=True)
class Panel:
    """One plot: what it shows of a step, and the range of that."""

    outcomes: list[Outcome]
    looks: dict[str, style.Look]
    value: Callable[[Step], float | None]
    bottom: float
    top: float
    height: int
    log: bool = False
    bounds: Callable[[Step], Row] | None = None

    @property
    def top_step(self) -> int:
        """The most slow clients of any stack: where the axis ends."""
        return max(o.last.slow_clients for o in self.outcomes)

    @property
    def end(self) -> float:
        return axis.place(self.top_step)

    def rows(self) -> list[Row]:
        """A point for each step of each stack; None breaks the line."""
        return [
            {
                "stack": outcome.stack,
                "x": axis.place(step.slow_clients),
                "y": self.value(step),
                **(self.bounds(step) if self.bounds else {}),
            }
            for outcome in self.outcomes
            for step in outcome.steps
        ]

    def ends(self) -> list[Row]:
        """The last point of each line that reaches the end: named beside it."""
        ends = [row for row in self._last_points() if row["x"] == self.end]
        wanted = [self.pixel(row["y"]) for row in ends]
        given = style.dodged(wanted, LABEL_GAP, self.height)
        return [
            {**row, "label_y": self.at_pixel(pixel)}
            for row, pixel in zip(ends, given, strict=True)
        ]

    def early_ends(self) -> list[Row]:
        """The last point of each line that stops before: named above or below it.

        The further left, the further from its point, so that no name is crossed by the
        line that leads to another.
        """
        ends = [row for row in self._last_points() if row["x"] < self.end]
        lowest, highest = math.inf, -math.inf
        for row in sorted(ends, key=lambda row: (-row["x"], row["y"])):
            pixel = self.pixel(row["y"])
            if pixel > self.height / 2:
                label = lowest = min(pixel - 10, lowest) - LABEL_GAP
            else:
                label = highest = max(pixel + 10, highest) + LABEL_GAP
            row["label_y"] = self.at_pixel(label)
        return ends

    def _last_points(self) -> list[Row]:
        found = {row["stack"]: row for row in self.rows() if row["y"] is not None}
        return list(found.values())

    def pixel(self, value: float) -> float:
        """How far below the upper edge of the plot the value is drawn."""
        low, high, value = map(self._scaled, (self.bottom, self.top, value))
        return self.height * (high - value) / (high - low)

    def at_pixel(self, pixel: float) -> float:
        low, high = self._scaled(self.bottom), self._scaled(self.top)
        value = high - (high - low) * pixel / self.height
        return math.exp(value) if self.log else value

    def _scaled(self, value: float) -> float:
        return math.log(value) if self.log else value
