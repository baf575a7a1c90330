"""How a command is started: which program, in which environment, with which limit."""

from __future__ import annotations

import contextlib
import fnmatch
import os
import re
import resource
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from subprocess import DEVNULL

from loadtests import UserError
from loadtests.catalog import stacks
from loadtests.catalog.stacks import HOST, Stack
from loadtests.catalog.target import Home

# Locust reads its options from the environment too.
_OF_LOCUST = "LOCUST_*"
# These change Python itself, lead it to other packages, or name another app to trace.
# For an app of somebody else they count: they are part of how that app is run.
_OF_PYTHON = ("PYTHON*", "TRACE_APP")
_HARMLESS = ("PYTHONDONTWRITEBYTECODE", "PYTHONPYCACHEPREFIX", "PYTHONHOME")
# These lead what an app asks of others elsewhere. In capitals they mean the same.
_PROXIES = ("http_proxy", "https_proxy", "all_proxy", "no_proxy")

# The shell limits itself, soft and hard, and then becomes the command. A limit that is
# set from outside comes too late for what the command has opened or forked by then.
_WITH_NOFILE = ("/bin/sh", "-c", 'ulimit -n "$0" && exec "$@"')


class ProcessError(UserError):
    """A process that would not start, stay or stop; one line, with where to look."""


class GuardError(ProcessError):
    """No guard watches any more: nothing may be started from now on."""


class ServerError(ProcessError):
    """A server that did not get ready; the message says why and where its log is."""


def free_port() -> int:
    """A loopback port that nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
        return port


def lacks(stack: Stack) -> str:
    """Which program a stack needs that is not here, and what installs it; empty if it
    has all."""
    front = stack.front
    return front.missing if front and not shutil.which(front.program) else ""


def version_of(program: str) -> str:
    """What a program says of itself, `1.22.1`; empty where it is not here."""
    if not shutil.which(program):
        return ""
    said = subprocess.run([program, "-v"], capture_output=True, text=True, timeout=10)
    found = re.search(r"\d+(\.\d+)+", said.stderr + said.stdout)
    return found[0] if found else ""


def versions_of_programs() -> dict[str, str]:
    """Those of the programs that stacks need beside packages, and that are here."""
    fronts = (stack.front for stack in stacks.STACKS.values())
    names = dict.fromkeys(front.program for front in fronts if front)
    found = {name: version_of(name) for name in names}
    return {name: version for name, version in found.items() if version}


def scrubbed_environment(home: Home | None = None) -> dict[str, str]:
    """This process's environment without what silently configures a server; for a
    command of the user's, the whole of it."""
    if home and home.untouched:
        return dict(os.environ)
    of_python = () if home else _OF_PYTHON
    scrubbed = (*stacks.scrubbed(), _OF_LOCUST, *of_python)
    kept = {n: v for n, v in os.environ.items() if not _is_one(n, scrubbed)}
    if home:
        paths = (kept.get("PYTHONPATH"), home.beside)
        kept["PYTHONPATH"] = os.pathsep.join(filter(None, paths))
    return kept


def changes_what_is_served(name: str) -> bool:
    """Whether a variable of that name changes a server, its Python, or whom it asks."""
    ours = (*stacks.scrubbed(), _OF_LOCUST, *_OF_PYTHON)
    return is_of_proxies(name) or _is_one(name, ours)


def is_of_proxies(name: str) -> bool:
    return name.lower() in _PROXIES


def _is_one(name: str, patterns: Sequence[str]) -> bool:
    return name not in _HARMLESS and any(
        fnmatch.fnmatchcase(name, pattern) for pattern in patterns
    )


def as_started(
    argv: Sequence[str], nofile: int | None, home: Home | None = None
) -> list[str]:
    """The words to start, so that each process may open so many descriptors.

    The word `python` stands for the interpreter that runs this, or that of the home. A
    first word that is installed beside that interpreter stands for the program there.
    A command of the user's is started as it is.
    """
    limited = (*_WITH_NOFILE, str(nofile)) if nofile else ()
    if home and home.untouched:
        return [*limited, *argv]
    python = home.python if home else sys.executable
    first, *rest = (python if word == "python" else word for word in argv)
    beside = Path(python).parent / first
    program = str(beside) if beside.is_file() else first
    return [*limited, program, *rest]


def may_open(nofile: int) -> bool:
    """Whether a process that we start may have so many descriptors."""
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    if not 0 <= hard < nofile:  # RLIM_INFINITY is -1
        return True
    # Root may raise its hard limit, up to that of the kernel.
    trial = subprocess.run([*_WITH_NOFILE, str(nofile), "true"], stderr=DEVNULL)
    return trial.returncode == 0


def see_that_it_may_open(stack: Stack) -> None:
    """ServerError where no process here may have as many descriptors as the stack."""
    if not may_open(stack.nofile):
        hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        raise ServerError(
            f"{stack.id} is served with {stack.nofile:,} file descriptors in a "
            f"process, and the hard limit here is {hard:,}: raise that (ulimit -Hn)"
        )


@contextlib.contextmanager
def found(command: str) -> Iterator[None]:
    """ProcessError where there is no such command, or it must not be run."""
    try:
        yield
    except (FileNotFoundError, PermissionError) as error:
        what = error.filename or command
        raise ProcessError(f"{what}: cannot be run: {error.strerror}") from None
