"""The formats that are written into a run's folder. Whoever adds one adds its line."""

from __future__ import annotations

from collections.abc import Callable

from loadtests.report.blocks import Source
from loadtests.report.formats import charts, html, markdown

# From a source to texts by file name.
FORMATS: list[Callable[[Source], dict[str, str]]] = [
    markdown.render,  # first, because the engine of the charts is still starting
    charts.render,
    html.render,
]
