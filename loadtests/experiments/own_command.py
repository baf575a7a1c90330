"""A command of the user's that has answered: which server it is, with which counts.

The one rule: counts come from the processes, settings from the server itself. gunicorn
is asked for its configuration, because most of that is in a file.
"""

from __future__ import annotations

import contextlib
import dataclasses
import os
import re
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path

import psutil

from loadtests.catalog.recognised import Recognised, Started, recognised, server_in
from loadtests.records.target import OtherTarget, OwnCommand
from loadtests.servers.own_command import Worker, workers
from loadtests.servers.processes import Guard, started, wait_until
from loadtests.servers.server import IMPORTS_WITHIN_S, Server

CONFIGURATION_LOG = "configuration.log"
_ASSIGNED = re.compile(r"([A-Za-z_]\w*)=(.*)", re.DOTALL)
_SETTING = re.compile(r"^(\w+) += (.*)$", re.MULTILINE)
_PYTHON = re.compile(r"python[0-9.]*")


def looked_at(
    other: OtherTarget, server: Server, given: int, guard: Guard, folder: Path
) -> OtherTarget:
    """The record with what the running command is; it was given the port `given`."""
    command = other.command
    if command is None:
        return other
    words = _words(command, server)
    some = workers(server.group, server.port)
    settings = _recognised(words, some, server, guard, folder)
    counts = [worker.descriptors for worker in some if worker.descriptors]
    command = dataclasses.replace(
        command,
        port=0 if server.port == given else server.port,
        server=settings.server,
        stack=settings.stack if some else "",
        unmodelled=settings.unmodelled if some else "processes, which are hidden",
        threads=settings.threads,
        worker_connections=settings.worker_connections,
        keepalive_s=settings.keepalive_s,
        workers=len(some),
        seen_threads=[worker.threads for worker in some],
        own_descriptors=max(counts, default=None),
    )
    python = _python(words, server.target.home.folder if server.target.home else "")
    return dataclasses.replace(other, command=command, python=python)


def _words(command: OwnCommand, server: Server) -> list[str]:
    """The words that start a server: those of the command, or, if that is a script, of
    the first of its processes that is one."""
    typed = [word.replace("{port}", str(server.port)) for word in command.words]
    for words in (typed, *_of_processes(server)):
        if server_in(words)[0]:
            return words
    return typed


def _of_processes(server: Server) -> Iterator[list[str]]:
    for process in sorted(server.group.members(), key=lambda process: process.pid):
        with contextlib.suppress(psutil.Error):
            yield process.cmdline()


def _recognised(
    words: Sequence[str],
    some: Sequence[Worker],
    server: Server,
    guard: Guard,
    folder: Path,
) -> Recognised:
    name, place = server_in(words)
    if not name:
        return Recognised("")
    printed = {}
    if name == "gunicorn":
        asking = [*words[: place + 1], "--print-config", *words[place + 1 :]]
        printed = _printed(asking, server, guard, folder / CONFIGURATION_LOG)
    assigned = (_ASSIGNED.fullmatch(word) for word in words[:place])
    environment = {**os.environ, **{one[1]: one[2] for one in assigned if one}}
    on_uvloop = all(worker.on_uvloop for worker in some)
    own = Started(words[place + 1 :], environment, printed, len(some), on_uvloop)
    return recognised(name, own)


def _printed(
    argv: Sequence[str], server: Server, guard: Guard, log: Path
) -> dict[str, str]:
    """What gunicorn prints of its configuration: its file, its variables, its words."""
    log.unlink(missing_ok=True)
    home, asking = server.target.home, ("env", f"PORT={server.port}", *argv)
    cwd = Path(home.folder) if home else Path.cwd()
    with started(guard, asking, log, cwd=cwd, home=home) as group:
        wait_until(lambda: group.exited, IMPORTS_WITHIN_S)
    found: dict[str, str] = {}
    for name, value in _SETTING.findall(log.read_text(errors="replace")):
        found.setdefault(name, value)
    return found


def _python(words: Sequence[str], folder: str) -> str:
    """The interpreter that runs it, by its first line; empty if that is not seen."""
    program = next((word for word in words if not _ASSIGNED.fullmatch(word)), "")
    path = shutil.which(str(Path(folder) / program) if "/" in program else program)
    if not path:
        return ""
    if _PYTHON.fullmatch(Path(path).name):
        return path
    with contextlib.suppress(OSError), open(path, "rb") as file:
        first = file.readline(1000).decode(errors="replace").strip()
        interpreter = first.removeprefix("#!").split(" ")[0]
        if first.startswith("#!") and _PYTHON.fullmatch(Path(interpreter).name):
            return interpreter
    return ""
