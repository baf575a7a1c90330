"""Words and figures as every report writes them.

The one rule: a name or a message from a file or a server is cleaned by `plain` before
anything else touches it; each report then escapes it for its own format.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Sequence
from datetime import datetime

NOTHING = "–"

# Colours and cursor movements (CSI), and titles and links (OSC), of a terminal.
_ANSI = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?)")


def plain(text: str) -> str:
    """One line of visible characters: no ANSI escapes, no controls, no surrogates.

    Neither XML nor a terminal takes control characters, and a lone surrogate (an
    undecodable byte of a path) cannot be written as UTF-8.
    """
    return visible(text).strip()


def visible(text: str) -> str:
    """The same with the space around it, for a part of a line."""
    return "".join(map(_visible, _ANSI.sub("", text)))


def _visible(character: str) -> str:
    if character.isspace():
        return " "
    hidden = unicodedata.category(character).startswith("C")
    return "\N{REPLACEMENT CHARACTER}" if hidden else character


def listed(items: Sequence[str], most: int | None = None, last: str = "and") -> str:
    """`a, b and c`; what exceeds `most` is counted instead of named."""
    shown = list(items if most is None else items[:most])
    if len(items) > len(shown):
        shown.append(f"{len(items) - len(shown)} more")
    if len(shown) < 2:
        return "".join(shown)
    return f"{', '.join(shown[:-1])} {last} {shown[-1]}"


def count(number: int) -> str:
    return f"{number:,}"


_NUMBERS = "No One Two Three Four Five Six Seven Eight Nine Ten Eleven Twelve".split()


def number_word(number: int) -> str:
    """`Two`, at the beginning of a sentence; figures from 13 on."""
    return _NUMBERS[number] if number < len(_NUMBERS) else count(number)


def amount(number: int, noun: str) -> str:
    """`1 cell`, `2 cells`."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def percent(part: int, whole: int) -> str:
    """The share, rounded down: 99.96 % must not read as 100, nor 98.96 % as 99."""
    if whole == 0:
        return NOTHING
    tenths = part * 1000 // whole
    if part and not tenths:
        return "< 0.1 %"
    return f"{tenths / 10:.1f} %"


def figure(value: float | None, unit: str = "") -> str:
    """One digit after the point below 10, none above; a dash where nothing is known."""
    if value is None or not math.isfinite(value):
        return NOTHING
    digits = 1 if abs(value) < 9.95 else 0
    return f"{value:,.{digits}f}{' ' if unit else ''}{unit}"


def when(moment: str) -> str:
    """`9 May 2026, 07:35 UTC`, if that is what it says (ISO 8601)."""
    try:
        found = datetime.fromisoformat(moment)
    except ValueError:
        return plain(moment)
    zone = found.strftime("%Z").removesuffix("+00:00")
    return f"{found.day} {found:%B %Y, %H:%M} {zone}".strip()
