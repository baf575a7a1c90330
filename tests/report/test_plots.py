"""Charts as parts of a page: colours, and ids of their own."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree

from loadtests.report.charts import inline, style
from tests.report.whole import contrast


def test_every_colour_has_a_counterpart_in_the_dark() -> None:
    colours = {colour for family in style.COLOURS.values() for colour in family}
    colours |= {style.INK, style.FAINT, style.GRID, style.BACKGROUND}
    assert colours <= set(inline.DARK)
    dark = [contrast(inline.DARK[c], inline.DARK_PAPER) for c in style.COLOURS["asgi"]]
    assert min(dark) > 4.5


def test_names_within_a_chart_are_made_its_own() -> None:
    """Several charts in one page may each have a clip path called `a`."""
    element = ElementTree.fromstring('<g id="a" clip-path="url(#a)" opacity="1"/>')
    inline._cleaned(element, "chart")
    assert element.attrib == {"id": "chart-a", "clip-path": "url(#chart-a)"}
