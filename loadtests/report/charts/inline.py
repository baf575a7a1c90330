"""A chart as part of a page: its SVG, made fit to stand there among others.

Ids are made unique, and what only a file of its own needs is dropped. Colours stay as
attributes; on dark pages the rules of `dark_rules` replace them one by one.
"""

from __future__ import annotations

import re
import xml.etree.ElementTree as ElementTree

from markupsafe import Markup

from loadtests.catalog.stacks import HTTP1
from loadtests.report.charts import capacity, drawing, style
from loadtests.report.picture import Picture
from loadtests.report.words import plain

SVG = "http://www.w3.org/2000/svg"
MARGIN = 10  # what is cut of the 16 that style.COMMON leaves around a chart
DARK_PAPER = "#14171b"
DARK = {
    style.INK: "#ecebe8",
    style.FAINT: "#a9aaac",
    style.GRID: "#343a41",
    capacity.PALE: "#3c434b",
    capacity.DARK: "#7b848d",
    style.BACKGROUND: DARK_PAPER,
    "#D55E00": "#ff7f2a",
    "#E69F00": "#f5b83d",
    "#CC79A7": "#e59bc3",
    "#7F4A00": "#b98446",
    "#0072B2": "#4a9ee8",
    "#56B4E9": "#9bd5fb",
    "#009E73": "#2fc497",
    "#000000": "#f4f4f4",
    "#000": "#ecebe8",  # Vega's own default
}
# The shapes of style.SHAPES in a square of ten by ten.
OUTLINES = {
    "square": "M1 1h8v8H1z",
    "diamond": "M5 0l5 5-5 5-5-5z",
    "triangle-down": "M0 1h10L5 10z",
    "circle": "M5 .5a4.5 4.5 0 1 0 .01 0z",
    "cross": "M3.5 0h3v3.5H10v3H6.5V10h-3V6.5H0v-3h3.5z",
    "triangle-up": "M0 9h10L5 0z",
}
_NOISE = ("role", "pointer-events", "font-family", "version")

ElementTree.register_namespace("", SVG)


def dark_rules() -> str:
    """CSS that replaces each colour of the charts by its counterpart."""
    return "\n".join(
        f'svg [{part}="{light}" i] {{ {part}: {dark}; }}'
        for light, dark in DARK.items()
        for part in ("fill", "stroke")
    )


def swatch(stack: str) -> Markup:
    """The mark of a stack, in its colour; nothing for one that the catalog has not."""
    look = style.looks(HTTP1).get(stack)
    if look is None:
        return Markup("")
    drawn = (
        '<svg class="swatch" viewBox="0 0 10 10" aria-hidden="true">'
        '<path fill="{}" d="{}"/></svg>'
    )
    return Markup(drawn).format(look.colour, OUTLINES[look.shape])


def embedded(picture: Picture) -> Markup:
    """The chart as inline SVG."""
    name = picture.name
    root = ElementTree.fromstring(drawing.svg(picture))
    background = root[0]
    root.remove(background)
    for element in root.iter():
        _cleaned(element, name)
    _trimmed(root)
    root.set("role", "img")
    root.set("aria-labelledby", f"{name}-title {name}-desc")
    for tag, text in (("desc", picture.alternative), ("title", picture.title)):
        told = ElementTree.Element(f"{{{SVG}}}{tag}", id=f"{name}-{tag}")
        told.text = plain(text)
        root.insert(0, told)
    return Markup(ElementTree.tostring(root, encoding="unicode"))


def _cleaned(element: ElementTree.Element, name: str) -> None:
    for key, value in list(element.attrib.items()):
        if key in _NOISE or key.startswith("aria-") or (key, value) == ("opacity", "1"):
            del element.attrib[key]
        elif key == "id":
            element.set(key, f"{name}-{value}")
        else:
            element.set(key, re.sub(r"url\(#", f"url(#{name}-", value))


def _trimmed(root: ElementTree.Element) -> None:
    """Without most of the margin around it: the page has its own."""
    width, height = (float(root.attrib[side]) - 2 * MARGIN for side in _SIDES)
    root.set("viewBox", f"{MARGIN} {MARGIN} {width:g} {height:g}")
    for side, length in zip(_SIDES, (width, height), strict=True):
        root.set(side, f"{length:g}")


_SIDES = ("width", "height")
