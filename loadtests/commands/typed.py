"""What was typed on make's command line, byte for byte, as words of ours.

The one rule: make expands `$` in a variable and the shell splits and unquotes it, so no
value passes through the text of either. make hands what was typed to a make below in
MAKEFLAGS, quoted: there it is read. (Only blanks before a value are lost: make drops
them. BODY=@<file> keeps them.)

The Makefile runs this file as a program before anything is installed: it prints the
help, or refuses a variable that the targets do not take. Standard library only.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterable, Mapping, Sequence

from loadtests import UserError
from loadtests.catalog.names import nearest
from loadtests.commands.declarations import Target
from loadtests.commands.targets import FLAGS, SETUP, TARGETS, help_text

_ON = {"1", "yes", "on", "true"}
_OFF = {"", "0", "no", "off", "false"}
_VARIABLE = re.compile(r"[A-Z][A-Z0-9_]*=")
# Flags that may name a path instead, and the option that takes the path.
PATHS = {"WAIT": "--wait-path"}


def typed(makeflags: str) -> dict[str, str]:
    """The variables that MAKEFLAGS hands on: NAME=value after a word `--`.

    In it a backslash takes the next character as it is, only a blank ends a word, and
    every `$` stands twice.
    """
    words = [""]
    for escaped, plain in re.findall(r"(?s)\\(.)|(.)", makeflags):
        if plain == " ":
            words.append("")
        else:
            words[-1] += escaped or plain
    found: dict[str, str] = {}
    for word in words[words.index("--") + 1 :] if "--" in words else ():
        name, _, value = word.partition("=")
        found[name.rstrip(":+?!")] = value.replace("$$", "$")
    return found


def refuse_unknown(goals: Sequence[str], names: Iterable[str]) -> None:
    """UserError if one of the variables is for none of the goals."""
    targets = [TARGETS[goal] for goal in goals or ["help"] if goal in TARGETS]
    takes = [name for target in targets for name in target.takes]
    for name in names:
        if name not in takes and name not in SETUP:
            raise UserError(_not_for(name, [t.name for t in targets], takes))


def _not_for(name: str, goals: Sequence[str], takes: Sequence[str]) -> str:
    where = ", ".join(goals) or "that"
    if near := nearest(name, dict.fromkeys(takes)):
        meant = " or ".join(f"{one}=" for one in near)
        return f"{name}= is not for {where}: did you mean {meant}?"
    listed = ", ".join(f"{one}=" for one in dict.fromkeys(takes)) or "no variable"
    return f"{name}= is not for {where}: {where} takes {listed}"


def command_line(target: Target, values: Mapping[str, str]) -> list[str]:
    """The words of our own command line for this target. What is empty is left out."""
    if dropped := [name for name in target.takes if values.get(name) == "--"]:
        raise UserError(f"{dropped[0]}=--: -- is no value")  # to argparse it is none
    words = list(target.words)
    for name in target.options:
        value = values.get(name, "")
        option = f"--{name.lower().replace('_', '-')}"
        if name in FLAGS and not (name in PATHS and "/" in value):
            words += [option] if _is_on(name, value) else []
        elif value:
            words.append(f"{PATHS.get(name, option)}={value}")
    places = [values.get(name, "") for name in target.positional]
    return [*words, *(["--", *places] if any(places) else [])]


def _is_on(name: str, value: str) -> bool:
    if value.lower() not in _ON | _OFF:
        raise UserError(f"{name}={value}: it is 1 or 0")
    return value.lower() in _ON


def as_words(words: Sequence[str]) -> list[str]:
    """`load STACKS=asgi-uvicorn` as a command line: without make, its targets and
    variables mean the same. UserError for a variable that the target does not take."""
    target = TARGETS.get(words[0]) if words else None
    if target is None or not target.words:
        return list(words)
    values = dict(word.split("=", 1) for word in words[1:] if _VARIABLE.match(word))
    if not values and target.words == (words[0],):
        return list(words)
    refuse_unknown([target.name], values)
    for name in target.passed_on:
        if name in values:
            os.environ[name] = values[name]
    others = [word for word in words[1:] if not _VARIABLE.match(word)]
    first = len(target.words)
    line = command_line(target, values)
    return [*line[:first], *others, *line[first:]]


def from_make(goal: str, environ: Mapping[str, str]) -> list[str]:
    """The command line for a target, from what was typed after `make`.

    A note says which variables are in the environment alone, where they do not count.
    """
    target, values = TARGETS[goal], typed(environ.get("MAKEFLAGS", ""))
    for name in target.takes:
        if name in target.passed_on and name in values:
            os.environ[name] = values[name]
        elif environ.get(name) and name not in (*values, *target.passed_on):
            print(
                f"note: {name} in the environment does not count; "
                f"make {goal} {name}=... does",
                file=sys.stderr,
            )
    return command_line(target, values)


def shown(text: str) -> int:
    """Print it; the exit status. A reader who has left, as of `make help | head`, is no
    error."""
    try:
        print(text, flush=True)
    except OSError as error:
        # What is left to write goes nowhere when Python ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        if not isinstance(error, BrokenPipeError):
            print(f"error: {error.strerror}", file=sys.stderr)
            return 2
    return 0


def main() -> int:
    """`python -m loadtests.commands.typed`: refuse, or with the word help, help."""
    if sys.argv[1:] == ["help"]:
        return shown(help_text())
    try:
        names = typed(os.environ.get("MAKEFLAGS", ""))
        refuse_unknown(os.environ.get("GOALS", "").split(), names)
    except UserError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
