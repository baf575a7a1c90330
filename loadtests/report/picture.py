"""What a chart is, and how a stack looks in charts, before anything is drawn."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

FOLDER = "charts"
Spec = dict[str, Any]  # a Vega-Lite specification, or a part of one


@dataclass(frozen=True)
class Look:
    """How one stack is drawn in every chart of a run."""

    colour: str
    shape: str


@dataclass(frozen=True)
class Picture:
    """A chart: its name, which is used once, what it says, and how to draw it."""

    name: str
    title: str
    alternative: str
    draw: Callable[[], Spec]

    @property
    def file(self) -> str:
        return f"{FOLDER}/{self.name}.svg"
