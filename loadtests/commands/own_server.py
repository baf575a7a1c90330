"""`make load CMD=...` and `URL=...`: a server of the user's, as it is named."""

from __future__ import annotations

import argparse
import dataclasses
import os
import re
import shlex
import shutil
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import SplitResult, urlsplit

import psutil
from rich.console import Console

from loadtests import UserError
from loadtests.catalog import stacks
from loadtests.commands.resolving import found_address
from loadtests.commands.your_app import folder_of, header_lines, requests
from loadtests.experiments.your_app import LOOK_LOG, Seen, look_again, modelled
from loadtests.records.target import OtherTarget, OwnCommand, RunningServer
from loadtests.servers.programs import changes_what_is_served, is_of_proxies

# Of a shell, which a command does not pass through.
_OF_A_SHELL = {"&&", "||", "|", ";", "&", ">", ">>", "<"}
_ASSIGNED = re.compile(r"[A-Za-z_][A-Za-z0-9_]*=")
_PORT = re.compile(r"\$PORT\b|\$\{PORT\}")


def own_server(arguments: argparse.Namespace) -> OtherTarget:
    """The command or the URL that was named. UserError explains."""
    return _command(arguments) if arguments.cmd else _running(arguments)


def _command(arguments: argparse.Namespace) -> OtherTarget:
    folder = folder_of(arguments)
    words = _words(arguments.cmd, folder)
    healthy, upload, download, wait = requests(arguments)
    return OtherTarget(
        app=arguments.cmd,
        interface="",
        factory=False,
        python="",
        folder=str(folder),
        healthy=healthy,
        upload=upload,
        download=download,
        wait=wait,
        headers=header_lines(arguments.headers),
        command=OwnCommand(words, variables()),
    )


def _words(text: str, folder: Path) -> list[str]:
    """The command as it is started. UserError where it cannot be."""
    try:
        words = shlex.split(_PORT.sub("{port}", text))
    except ValueError as error:
        raise UserError(f"CMD={text}: {error}") from None
    if shell := _OF_A_SHELL.intersection(words):
        raise UserError(
            f"CMD= is one command, and no shell reads its {shell.pop()}: write "
            "CMD=\"sh -c '...'\""
        )
    program = next((word for word in words if not _ASSIGNED.match(word)), "")
    if not program:
        raise UserError(f"CMD={text}: there is no command in it")
    _see_that_it_is_there(program, folder)
    return words


def _see_that_it_is_there(program: str, folder: Path) -> None:
    """A path is looked for from the folder in which the command starts."""
    if shutil.which(str(folder / program) if "/" in program else program):
        return
    beside = Path(".venv") / "bin" / program
    hint = f"; there is {beside}" if (folder / beside).is_file() else ""
    raise UserError(f"CMD={program}: no such program in {folder} or on PATH{hint}")


def variables() -> dict[str, str]:
    """Those of our environment that change a server or its Python; PORT is set anew."""
    return {
        name: _without_password(value) if is_of_proxies(name) else value
        for name, value in sorted(os.environ.items())
        if name != "PORT" and changes_what_is_served(name)
    }


def _without_password(address: str) -> str:
    """The address of a proxy as a report may show it."""
    scheme, slashes, rest = address.rpartition("://")
    return f"{scheme}{slashes}{rest.rpartition('@')[2]}"


def with_versions(other: OtherTarget, folder: Path) -> tuple[OtherTarget, Seen]:
    """The command with the versions that its predictions are made for, where it has
    others, and those that it has."""
    seen = look_again(other, folder / LOOK_LOG)
    stack = other.command.stack if other.command else ""
    packages = stacks.find(stack).packages if stack else ()
    made_for = modelled(seen.versions, packages)
    return dataclasses.replace(other, modelled=made_for), seen


def _running(arguments: argparse.Namespace) -> OtherTarget:
    url = _split(arguments.url)
    host, port = url.hostname or "", url.port or 80
    found = found_address(host, port, arguments.allow_remote)
    if (pid := arguments.pid) is not None:
        if found.remote:
            raise UserError("PID= is of this machine, and URL= leads to another")
        if not psutil.pid_exists(pid):
            raise UserError(f"PID={pid}: no such process")
    healthy, upload, download, wait = requests(_below(url.path, arguments))
    return OtherTarget(
        app=arguments.url,
        interface="",
        factory=False,
        python="",
        folder="",
        healthy=healthy,
        upload=upload,
        download=download,
        wait=wait,
        headers=_with_host(header_lines(arguments.headers), url.netloc),
        running=RunningServer(found.address, port, pid, found.remote),
    )


def _split(text: str) -> SplitResult:
    """The parts of a URL that can be measured; UserError for any other."""
    try:
        url = urlsplit(text)
        url.port  # noqa: B018  # raises where it is none
    except ValueError as error:
        raise UserError(f"URL={text}: {error}") from None
    if url.scheme == "https":
        raise UserError(
            "URL=https: TLS is not measured: name the http:// address at which the "
            "server listens behind it"
        )
    if url.scheme != "http" or not url.hostname:
        raise UserError(f"URL={text}: write it as http://127.0.0.1:9000")
    if url.username is not None:
        raise UserError("URL= with a user: write HEADERS='Authorization: ...'")
    if url.port == 0:
        raise UserError(f"URL={text}: nothing can be reached at port 0")
    if url.query or url.fragment:
        raise UserError(f"URL={text}: write what follows the path in HEALTHY=")
    return url


def _below(path: str, arguments: argparse.Namespace) -> argparse.Namespace:
    """The requests below the path of the URL, which is the healthy one if none is
    named."""
    given = vars(arguments)
    names = ("healthy", "upload", "download", "wait_path")
    below = {name: _with_base(path.rstrip("/"), given[name]) for name in names}
    if arguments.healthy == "/":
        below["healthy"] = path or "/"
    return argparse.Namespace(**(given | below))


def _with_base(base: str, words: str) -> str:
    """`POST /base/items`, of `POST /items`; what is no request stays as it is."""
    method, slash, rest = words.partition("/")
    return f"{method}{base}{slash}{rest}" if slash else words


def _with_host(lines: list[str], host: str) -> list[str]:
    """With the host of the URL, unless another one was named."""
    named = any(line.lower().startswith("host:") for line in lines)
    return lines if named else [f"Host: {host}", *lines]


def tell_command(console: Console, command: OwnCommand | None) -> None:
    """What was recognised, and whether there are predictions of it."""
    if command is None:
        return
    counts = f"{command.workers} {'worker' if command.workers == 1 else 'workers'}"
    if command.threads:
        counts += f", {command.threads} threads each"
    said = f"{command.server}: predicted as {command.stack}, {counts}"
    if not command.server:
        said = "no server of the catalog was recognised: nothing is predicted"
    elif not command.stack:
        why = command.unmodelled
        said = f"{command.server}: nothing is predicted, because of its {why}"
    console.print(f"{said}\n", highlight=False, markup=False, soft_wrap=True)


def tell(console: Console, other: OtherTarget, lines: Sequence[str]) -> None:
    """What is to be measured, what changes it, and what is left out and why."""
    changed = other.command.variables if other.command else {}
    found = (*(f"{name}={value} is set" for name, value in changed.items()), *lines)
    for line in (other.app, *(f"  {line}" for line in found)):
        console.print(line, highlight=False, markup=False, soft_wrap=True)
    console.print()
