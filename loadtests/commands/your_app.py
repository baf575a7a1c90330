"""`make load APP=...`: an application of somebody else, as its user names it."""

from __future__ import annotations

import argparse
import dataclasses
import shutil
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from loadtests import UserError
from loadtests.catalog.phases import Phase
from loadtests.catalog.scenarios import Scenario, in_order, in_phases
from loadtests.catalog.target import Home, Target, asked, header_field
from loadtests.clients.targets import target_of
from loadtests.experiments.your_app import LOOK_LOG, Seen, look, modelled
from loadtests.records.target import OtherTarget

# Where what was printed by an app is kept that could not be measured.
FOLDER = "app"
# The variable that names the request of a scenario, and what it must be like.
_NAMED = {
    Phase.BODY: "UPLOAD='POST /path', a request whose body the app reads",
    Phase.RESPONSE: "DOWNLOAD=/path, an answer of 512 kB or more",
    Phase.HANDLER_WAITS: "WAIT=/path, a handler that takes half a second or more",
}
_MOST_HEADERS = 1_000_000  # bytes of a file; no server takes a tenth of that
_BLOCKS = "no request of another app is known to block"
_OF_OURS = "it is measured for this project's apps only"


def seen_of(arguments: argparse.Namespace, reports: Path) -> tuple[OtherTarget, Seen]:
    """The app as it was named, and what is seen of it. UserError explains."""
    folder = folder_of(arguments)
    home = Home(_python(arguments.app_python, folder), str(folder), "")
    healthy, upload, download, wait = requests(arguments)
    fields = header_lines(arguments.headers)
    seen = look(arguments.app, home, reports / FOLDER / LOOK_LOG)
    seen = dataclasses.replace(seen, interface=_interface(arguments, seen))
    other = OtherTarget(
        app=seen.app,
        interface=seen.interface,
        factory=seen.factory,
        python=home.python,
        folder=home.folder,
        headers=fields,
        healthy=healthy,
        upload=upload,
        download=download,
        wait=wait,
        modelled=modelled(seen.versions),
    )
    return other, seen


def _interface(arguments: argparse.Namespace, seen: Seen) -> str:
    if interface := arguments.interface or seen.interface:
        return str(interface)
    raise UserError(
        f"APP={arguments.app}: its arguments do not tell whether it is WSGI or ASGI: "
        "add INTERFACE=wsgi or INTERFACE=asgi"
    )


def folder_of(arguments: argparse.Namespace) -> Path:
    """The folder in which its servers start. UserError where there is none."""
    folder = Path(arguments.app_dir).expanduser().resolve()
    if not folder.is_dir():
        raise UserError(f"APP_DIR={arguments.app_dir}: no such folder")
    return folder


def requests(arguments: argparse.Namespace) -> tuple[str, str, str, str]:
    """The requests that were named, as the record has them."""
    return (
        target_name(arguments.healthy, "GET"),
        target_name(arguments.upload, "POST"),
        target_name(arguments.download, "GET"),
        target_name(arguments.wait_path, "GET"),
    )


def target_name(words: str, method: str) -> str:
    """`POST /items`, of whatever was typed; empty stays empty."""
    if not words:
        return ""
    request = asked(words, method)
    return f"{request.method} {request.target}"


def _python(named: str, folder: Path) -> str:
    """The interpreter of the app: the one named, or that of a `.venv` beside it."""
    beside = folder / ".venv" / "bin" / "python"
    if not named and not beside.exists():
        raise UserError(
            f"APP_PYTHON= names the Python that has the app's packages and servers; "
            f"there is no {beside} either"
        )
    found = shutil.which(str(Path(named).expanduser())) if named else str(beside)
    if not found:
        raise UserError(f"APP_PYTHON={named}: no such program")
    return str(Path(found).absolute())


def header_lines(text: str) -> list[str]:
    """The header fields, of `Name: value`, of several with ` | ` between them, or of a
    file with one on each line."""
    if text.startswith("@"):
        try:
            with Path(text[1:]).open("rb") as file:  # perhaps of a pipe: @<(...)
                read = file.read(_MOST_HEADERS + 1)
            lines = read.decode("utf-8").splitlines()
        except (OSError, ValueError) as error:
            raise UserError(f"HEADERS={text}: cannot be read: {error}") from None
        if len(read) > _MOST_HEADERS:
            raise UserError(f"HEADERS={text}: longer than {_MOST_HEADERS:,} bytes")
    else:
        lines = text.split(" | ")
    return [": ".join(header_field(line)) for line in lines if line.strip()]


def usual(scenarios: Sequence[str]) -> list[str]:
    """Those of a profile, slow headers, which every app has, and its slow handler."""
    return in_order([*scenarios, *in_phases(Phase.HEAD, Phase.HANDLER_WAITS)])


def possible(
    scenarios: Sequence[Scenario], other: OtherTarget
) -> tuple[list[Scenario], list[str]]:
    """The scenarios for which a request was named; a line for each of the others."""
    target = target_of(other)
    found = [one for one in scenarios if _can(one, target)]
    lines = [
        f"{one.id} is left out: {_needs(one)}" for one in scenarios if one not in found
    ]
    return found, lines


def _can(scenario: Scenario, target: Target) -> bool:
    return scenario.phase is Phase.SILENT or scenario.phase in target.requests


def _needs(scenario: Scenario) -> str:
    if name := _NAMED.get(scenario.phase):
        return f"name {name}"
    return _BLOCKS if scenario.phase is Phase.HANDLER_BLOCKS else _OF_OURS


def tell(
    console: Console, other: OtherTarget, seen: Seen, lines: Sequence[str]
) -> None:
    """What was seen of the app, and what is left out and why."""
    made = "made by " * other.factory
    console.print(
        f"{made}{other.app}: {other.interface.upper()}, Python {seen.python}",
        highlight=False,
        markup=False,
    )
    for line in lines:
        console.print(f"  {line}", highlight=False, markup=False, soft_wrap=True)
    for name, known in other.modelled.items():
        console.print(
            f"  {name} {seen.versions[name]}: the predictions are those of {known}",
            highlight=False,
        )
    console.print()
