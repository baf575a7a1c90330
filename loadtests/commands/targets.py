"""The targets of the Makefile and the variables that each of them takes.

The one table of them: `make help` prints it, a variable that is not in it is an error,
and `typed.py` hands the variables on as it says. The Makefile reads this file before
anything is installed, so it needs the standard library only.
"""

from __future__ import annotations

from dataclasses import dataclass

# What a variable looks like, for `make help`.
VARIABLES: dict[str, str] = {
    "SERVER": "gunicorn|uvicorn",
    "WORKER": "<class>",
    "PORT": "<number>",
    "WORKERS": "<count>",
    "THREADS": "<count>",
    "TRACE": "1",
    "TRACE_APP": "<module>:<attribute>",
    "STACK": "<id>",
    "REQUEST": "'GET /hello'",
    "BODY": "<text>|@<file>",
    "SLOW": "body|read",
    "LEAVE": "150ms|2000B",
    "STACKS": "<id>,<id>",
    "PROFILE": "smoke|quick|full",
    "SCENARIOS": "<id>,<id>",
    "REPEATS": "<count>",
    "SEED": "<number>",
    "RESUME": "<run>",
    "RUN": "<run>",
    "OPEN": "1",
    "MARKDOWN": "1",
    "BASE": "<run>",
    "NEW": "<run>",
    "THRESHOLD": "<percent>",
    "ONLY": "<id>,<id>",
    "ROUNDS": "<count>",
    "WAIT": "1",
}
# Those that are on or off, those that a command takes without a name, and those that
# the server reads from its environment.
FLAGS = ("TRACE", "OPEN", "MARKDOWN", "WAIT")
POSITIONAL = ("RUN", "BASE", "NEW")
PASSED_ON = ("TRACE_APP",)
# What every target takes: with what it sets itself up, and where.
SETUP = ("PYTHON", "VENV")


@dataclass(frozen=True)
class Target:
    """`words` begin the command line that the target runs; empty: none of ours."""

    name: str
    what: str
    words: tuple[str, ...] = ()
    takes: tuple[str, ...] = ()


_COUNTS = ("PORT", "WORKERS", "THREADS", "TRACE", "TRACE_APP")
_CHOICE = ("SERVER", "WORKER", *_COUNTS)
_LOAD = ("PROFILE", "STACKS", "SCENARIOS", "REPEATS", "WORKERS", "THREADS", "SEED")

TARGETS: dict[str, Target] = {
    target.name: target
    for target in (
        Target(
            "serve-wsgi", "serve the WSGI app", ("serve", "--interface=wsgi"), _CHOICE
        ),
        Target(
            "serve-asgi", "serve the ASGI app", ("serve", "--interface=asgi"), _CHOICE
        ),
        Target("serve", "serve one stack", ("serve",), ("STACK", *_COUNTS)),
        Target(
            "trace",
            "draw the calls of one request, WSGI beside ASGI",
            ("trace",),
            ("REQUEST", "BODY", "SLOW", "LEAVE", "STACKS"),
        ),
        Target("stacks", "list the stacks and their predictions", ("stacks",)),
        Target("diff", "show the two apps side by side"),
        Target("load", "measure and report", ("load",), (*_LOAD, "RESUME", "WAIT")),
        Target(
            "report",
            "make a stored run's reports again",
            ("report",),
            ("RUN", "OPEN", "MARKDOWN"),
        ),
        Target(
            "compare",
            "compare two runs, cell by cell; fail where NEW is worse",
            ("compare",),
            ("BASE", "NEW", "THRESHOLD", "MARKDOWN"),
        ),
        Target(
            "claims",
            "decide what people say of WSGI and ASGI, by running it",
            ("claims",),
            ("ONLY", "WAIT"),
        ),
        Target(
            "bench",
            "compare the probe with hey and wrk",
            ("bench",),
            ("STACKS", "ROUNDS", "WAIT"),
        ),
        Target("example", "keep a run with the project", ("example",), ("RUN",)),
        Target("readme", "show in README.md what the example found", ("readme",)),
        Target("test", "run the tests"),
        Target("lint", "run ruff"),
        Target("check", "ruff, format, mypy --strict, README.md; writes nothing"),
        Target("format", "format the code"),
        Target("lock", "write requirements.lock again"),
        Target("install", "only set up .venv"),
        Target("clean", "remove .venv and caches, keep reports"),
        Target("help", "print this"),
    )
}

HEADING = "WSGI and ASGI side by side. make <target> NAME=value ...\n"
NOTES = """
TRACE=1 prints the calls of a server as they happen. One measurement runs on a machine
at a time: WAIT=1 waits for another. <run> is the name of a run, its
folder, or latest. Only a variable that you type after make counts; one that is in the
environment does not. Every failure ends make with its own status 2:
python -m loadtests --help lists the statuses of the commands themselves."""
_WIDTH, _INDENT = 80, 14


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
