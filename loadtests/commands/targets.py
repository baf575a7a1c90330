"""The targets of the Makefile and the variables that each of them takes.

The one table of them: `make help` prints it, a variable that is not in it is an error,
and `typed.py` hands the variables on as it says. Each command declares its targets in
its own file (declarations.py says how); those that run none of our commands are here.
The Makefile reads this file before anything is installed, so it needs the standard
library only.
"""

from __future__ import annotations

from dataclasses import replace

from loadtests.commands.declarations import Target, declared

# What a variable looks like that several commands take, for `make help`.
_SHARED: dict[str, str] = {
    "WORKERS": "<count>",
    "THREADS": "<count>",
    "STACKS": "<id>,<id>",
    "SEED": "<number>",
    "RESUME": "<run>",
    "RUN": "<run>",
    "MARKDOWN": "1",
    "WAIT": "1",
    "COVERAGE": "1",
}
# What every target takes: with what it sets itself up, and where.
SETUP = ("PYTHON", "VENV")
# The last of the help, in this order.
_OF_THE_MAKEFILE = (
    Target("test", "run the tests", options=("COVERAGE",)),
    Target("torture", "try to break it: signals, bad servers, odd bytes; 10 minutes"),
    Target("lint", "run ruff"),
    Target("check", "ruff, format, mypy --strict, README.md; writes nothing"),
    Target("format", "format the code"),
    Target("lock", "write requirements.lock again"),
    Target("install", "only set up .venv"),
    Target("clean", "remove .venv and caches, keep reports"),
    Target("help", "print this"),
)

_DECLARED = tuple(declared().values())
VARIABLES: dict[str, str] = {
    name: looks
    for variables in (_SHARED, *(one.variables for one in _DECLARED))
    for name, looks in variables.items()
}
# Those that are on or off.
FLAGS = frozenset(name for name, looks in VARIABLES.items() if looks == "1")
_OF_COMMANDS = sorted(
    (target for one in _DECLARED for target in one.targets), key=lambda t: t.place
)
_OPTIONS = {target.name: target.options for target in _OF_COMMANDS}
_OF_COMMANDS = [
    replace(
        target,
        options=(
            *target.options,
            *(n for n in _OPTIONS.get(target.also, ()) if n not in target.without),
        ),
    )
    for target in _OF_COMMANDS
]
TARGETS: dict[str, Target] = {t.name: t for t in (*_OF_COMMANDS, *_OF_THE_MAKEFILE)}

HEADING = "WSGI and ASGI side by side. make <target> NAME=value ...\n"
NOTES = """
TRACE=1 prints the calls of a server as they happen. One measurement runs on a
machine at a time: WAIT=1 waits for another. With APP=, CMD= or URL=,
WAIT=/<path> names a slow handler of your app. <run> is the name of a run, its
folder, or latest. Only a variable that you type after make counts; one that is
in the environment does not. Every failure ends make with its own status 2:
python -m loadtests --help lists the statuses of the commands themselves."""
_WIDTH, _INDENT = 80, 16


def help_text() -> str:
    """What `make` prints without a target: each of them, and what it takes."""
    return "\n".join([HEADING, *(_entry(target) for target in TARGETS.values()), NOTES])


def _entry(target: Target) -> str:
    lines = [f"  {target.name:<{_INDENT - 2}}{target.what}"]
    line = ""
    for word in (f"{name}={VARIABLES[name]}" for name in target.takes):
        if line and _INDENT + 4 + len(line) + len(word) > _WIDTH:
            lines.append(" " * (_INDENT + 2) + line)
            line = ""
        line = f"{line} {word}".strip()
    return "\n".join([*lines, *([" " * (_INDENT + 2) + line] if line else [])])
