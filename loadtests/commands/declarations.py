"""What the file of a command declares, and how it is read without importing the file.

The one rule: `make help` runs before anything is installed, and the file of a command
imports what is installed then. So its declarations are literals, and are read from its
text:

    COMMAND     what the command does; the file gives the command its name
    TARGETS     the targets of the Makefile that run it
    VARIABLES   what their variables look like; those of several files are in targets.py

Standard library only.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TypeVar

HERE = Path(__file__).parent
LAST = 1000
_Made = TypeVar("_Made")


@dataclass(frozen=True)
class Command:
    """`python -m loadtests --help` lists the commands by `place`, then by name."""

    what: str
    place: int = LAST


@dataclass(frozen=True)
class Target:
    """`words` begin the command line that the target runs; empty: none of ours.

    `make help` lists the targets by `place`. `positional` are the variables that the
    command takes without a name, `passed_on` those that the server reads from its
    environment, `options` all others. It takes what the target `also` takes, too, but
    for what it is `without`.
    """

    name: str
    what: str
    place: int = LAST
    words: tuple[str, ...] = ()
    positional: tuple[str, ...] = ()
    options: tuple[str, ...] = ()
    passed_on: tuple[str, ...] = ()
    also: str = ""
    without: tuple[str, ...] = ()

    @property
    def takes(self) -> tuple[str, ...]:
        """Its variables, in the order of the help."""
        return (*self.positional, *self.options, *self.passed_on)


@dataclass(frozen=True)
class Declared:
    """What one file declares; `command` is None if it is no file of a command."""

    command: Command | None = None
    targets: tuple[Target, ...] = ()
    variables: Mapping[str, str] = field(default_factory=dict)


def read(text: str) -> Declared:
    """The declarations in the text of a file; ValueError if one is no literal."""
    found = dict(_constants(ast.parse(text)))
    command, targets = found.get("COMMAND"), found.get("TARGETS")
    return Declared(
        _made(Command, command) if command else None,
        tuple(_made(Target, one) for one in _entries(targets)) if targets else (),
        ast.literal_eval(found["VARIABLES"]) if "VARIABLES" in found else {},
    )


def _constants(tree: ast.Module) -> Iterator[tuple[str, ast.expr]]:
    """What a file assigns, as it is written; what is annotated declares nothing."""
    for node in tree.body:
        if isinstance(node, ast.Assign):
            yield from ((ast.unparse(name), node.value) for name in node.targets)


def _entries(node: ast.expr) -> list[ast.expr]:
    if isinstance(node, ast.Tuple):
        return node.elts
    raise ValueError(f"no tuple: {ast.unparse(node)}")


def _made(kind: type[_Made], node: ast.expr) -> _Made:
    """The Command or Target that is spelt out there."""
    if not isinstance(node, ast.Call) or ast.unparse(node.func) != kind.__name__:
        raise ValueError(f"no {kind.__name__}: {ast.unparse(node)}")
    given = {
        word.arg: ast.literal_eval(word.value) for word in node.keywords if word.arg
    }
    return kind(*map(ast.literal_eval, node.args), **given)


@cache
def declared() -> dict[str, Declared]:
    """What each file of this folder declares, by the name of the file."""
    return {
        path.stem: read(path.read_text(encoding="utf-8"))
        for path in sorted(HERE.glob("*.py"))
    }


def commands() -> Iterator[tuple[str, Command]]:
    """The name of each command and what it does, in the order of the help."""
    found = {
        file.replace("_", "-"): one.command
        for file, one in declared().items()
        if one.command
    }
    yield from sorted(found.items(), key=lambda one: one[1].place)
