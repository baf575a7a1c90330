"""A stack with other options: which ones, and what follows for its predictions.

The one rule: the id says it all. `asgi-uvicorn@limit-concurrency=100` is `asgi-uvicorn`
with `--limit-concurrency 100` in its command, wherever a stack is named. An option that
sets a count of the stack changes that count, and every prediction that follows from it.
With an option of which nobody knows what it changes, nothing is predicted.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Sequence
from dataclasses import dataclass, replace

from loadtests.catalog.stacks.stack import Stack, StackError

SIGN, JOIN = "@", "+"
# What every server calls them, or means by them.
_COUNTS = ("workers", "threads")
_OF_THE_HARNESS = ("host", "port", "app")
# What changes no number of slow clients: how long a queue may be, what is logged, how a
# server ends.
_WITHOUT_EFFECT = (
    "backlog",
    "listen",
    "log-level",
    "graceful-timeout",
    "timeout-graceful-shutdown",
)
_OPTION = re.compile(r"([a-z][a-z0-9-]*)(?:=([A-Za-z0-9._:-]+))?")
_RULE = "an option is --name, or --name and a value of letters, digits and . _ : -"
_MOST = 10_000_000


@dataclass(frozen=True)
class Option:
    """An option of a server, without its dashes; a switch has no value."""

    name: str
    value: str = ""

    def __str__(self) -> str:
        return f"{self.name}={self.value}" if self.value else self.name


def of_command_line(text: str) -> list[Option]:
    """The options of `--limit-concurrency 100`, or as an id has it. StackError where it
    has others."""
    try:
        words = shlex.split(text)
    except ValueError as error:
        raise StackError(f"{text}: {error}") from None
    joined: list[str] = []
    for word in words:
        value_of_last = joined and word[:2] != "--" and "=" not in word
        if value_of_last and "=" not in joined[-1]:
            joined[-1] += f"={word}"
        else:
            joined.append(word)
    return [_option(word.removeprefix("--")) for word in joined]


def of_id(text: str) -> list[Option]:
    """The options of what an id has behind its sign."""
    return [_option(word) for word in text.split(JOIN)]


def _option(word: str) -> Option:
    if found := _OPTION.fullmatch(word[:200]):
        return Option(found[1], found[2] or "")
    raise StackError(f"{word[:60]}: {_RULE}")


def with_options(stack: Stack, options: Sequence[Option]) -> Stack:
    """The stack with these options besides those that it has. StackError where it
    cannot have one."""
    found = stack
    for option in options:
        found = _with(found, option)
    every = (*stack.options, *options)
    names = [option.name for option in every]
    if twice := next((name for name in names if names.count(name) > 1), None):
        raise StackError(f"{stack.id} has {twice} twice: name it once")
    base = stack.base or stack.id
    found_id = SIGN.join((base, JOIN.join(map(str, every))))
    return replace(found, id=found_id, base=base, options=every)


def _with(stack: Stack, option: Option) -> Stack:
    filled_by = _filled_by(stack, option.name)
    if filled_by in _OF_THE_HARNESS:
        raise StackError(
            f"--{option.name} is chosen anew for every start: leave it out"
        )
    if filled_by or option.name in _COUNTS:
        return _counted(stack, filled_by or option.name, option)
    if option.name == "keep-alive" and stack.until_keepalive:
        return stack.with_counts(None, None, keepalive_s=_number(option))
    argv = _with_words(stack.argv, option)
    if effect := stack.effects.get(option.name):
        return replace(effect(stack, _number(option)), argv=argv)
    if option.name in _WITHOUT_EFFECT:
        return replace(stack, argv=argv)
    return replace(stack, argv=argv, unmodelled=f"--{option.name}")


def _filled_by(stack: Stack, name: str) -> str:
    """What fills that option in the stack's command: `threads`; nothing if it is not
    there, or has a value of its own."""
    command = " ".join(stack.argv)
    found = re.search(rf"(?<!\S)--{re.escape(name)}[ =]{{(\w+)}}", command)
    return found[1] if found else ""


def _counted(stack: Stack, count: str, option: Option) -> Stack:
    number = _number(option)
    if count == "all_connections":
        count, number = "worker_connections", number - stack.own_connections
    if count == "workers" and stack.one_process:
        raise StackError(f"{stack.id} is one process: it has no workers to set")
    if count == "threads" and stack.threads is None:
        raise StackError(f"{stack.id} has no threads to set")
    if number < 1:
        raise StackError(f"{option}: {stack.id} needs more than {option.value}")
    # What cannot be, for want of descriptors, is refused there.
    return replace(stack, **{count: number}).with_counts(None, None)  # type: ignore[arg-type]


def _number(option: Option) -> int:
    if re.fullmatch(r"[0-9]{1,8}", option.value) and int(option.value) <= _MOST:
        return int(option.value)
    raise StackError(f"{option}: its value is a whole number")


def _with_words(argv: Sequence[str], option: Option) -> tuple[str, ...]:
    """The command with the option: in the place of the same one, or before all others,
    so that whatever ends the command stays there."""
    words, name = list(argv), f"--{option.name}"
    for place, word in enumerate(words):
        if word == name and option.value:
            return (*words[: place + 1], option.value, *words[place + 2 :])
        if word.startswith(f"{name}="):
            return (*words[:place], f"{name}={option.value}", *words[place + 1 :])
    first = next(n for n, word in enumerate(words) if word.startswith("--"))
    # Some servers take one form only: `--name=value` is what all of them take.
    added = f"{name}={option.value}" if option.value else name
    return (*words[:first], added, *words[first:])
