"""Sentences with marks in them: names of stacks, stressed words, code.

The one rule: marks are made while a sentence is made. No format looks for a name in a
sentence that is finished.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

STACK, STRESS, CODE = "stack", "stress", "code"


@dataclass(frozen=True)
class Mark:
    """A part of a sentence that is set apart, and as what."""

    kind: str
    text: str


Prose = tuple[str | Mark, ...]
# Of a template: `{}` is a place for a value, *words* between asterisks are stressed.
_PLACE = re.compile(r"(\{\}|\*[^*]+\*)")


def stack(name: str) -> Prose:
    return (Mark(STACK, name),)


def code(text: str) -> Prose:
    return (Mark(CODE, text),)


def prose(template: str, *values: str | Prose) -> Prose:
    """The template with its values, in order; only the template may have asterisks."""
    found: list[str | Mark] = []
    rest = iter(values)
    for part in filter(None, _PLACE.split(template)):
        if part == "{}":
            value = next(rest)
            found += [value] if isinstance(value, str) else value
        elif len(part) > 2 and part[0] == part[-1] == "*":
            found.append(Mark(STRESS, part.strip("*")))
        else:
            found.append(part)
    return tuple(found)


def joined(parts: Sequence[Prose], between: str = " ") -> Prose:
    """Whole sentences, one after the other."""
    found: list[str | Mark] = []
    for part in parts:
        found += [between] if found else []
        found += part
    return tuple(found)


def stacks(names: Sequence[str]) -> Prose:
    """`a, b and c`, each marked as a stack."""
    if len(names) < 2:
        return joined([stack(name) for name in names])
    return (
        *joined([stack(name) for name in names[:-1]], ", "),
        " and ",
        *stack(names[-1]),
    )


def text(said: Prose) -> str:
    """The words alone."""
    return "".join(part.text if isinstance(part, Mark) else part for part in said)
