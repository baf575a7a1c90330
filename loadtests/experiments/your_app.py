"""An application of somebody else: looked at, served under the stacks, tried out.

The one rule: the app and this project never share packages. Its own interpreter serves
it, with the servers that are installed there.
"""

from __future__ import annotations

import dataclasses
import json
import shutil
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path

from loadtests import UserError
from loadtests.catalog import stacks
from loadtests.catalog.phases import Phase
from loadtests.catalog.stacks import Holds, Stack
from loadtests.catalog.stacks.limits import COMES_BACK_S
from loadtests.catalog.target import Home
from loadtests.records.target import OtherTarget
from loadtests.servers import apps
from loadtests.servers.logs import last_words
from loadtests.servers.processes import guarded, started, wait_until
from loadtests.servers.programs import lacks
from loadtests.servers.server import IMPORTS_WITHIN_S

BESIDE = "app"  # the folder of a run with the modules that its servers find too
LOOK_LOG = "app.log"
FACTORY = "made_by_factory"
# Run by the app's own interpreter, or by its servers: nothing of them is imported here.
_LOOK, _BRIDGE = (
    Path(apps.__path__[0]) / name for name in ("look_at_app.py", "wsgi_on_uvicorn.py")
)
# uvicorn's WebSocket half is a package, and the app's environment may have another.
_IN_ITS_PLACE = {
    f"{apps.__name__}.{_BRIDGE.stem}:app": f"{_BRIDGE.stem}:app",
    "wsproto": "auto",
}


@dataclass(frozen=True)
class Seen:
    """What was seen of an app: how it is called, and what its interpreter has."""

    app: str
    interface: str
    factory: bool
    python: str
    versions: Mapping[str, str | None]
    wheels: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    def missing(self, stack: Stack) -> list[str]:
        """The packages of that stack which are not installed there."""
        return [name for name in stack.packages if not self.versions.get(name)]


def look(app: str, home: Home, log: Path) -> Seen:
    """Import the app as a server would. UserError with the reason if it is none."""
    log.parent.mkdir(parents=True, exist_ok=True)
    log.unlink(missing_ok=True)
    result = log.with_suffix(".json")
    result.unlink(missing_ok=True)
    argv = ["python", str(_LOOK), str(result), app, *stacks.packages()]
    cwd = Path(home.folder)
    with guarded() as guard, started(guard, argv, log, cwd=cwd, home=home) as group:
        if not wait_until(lambda: group.exited, IMPORTS_WITHIN_S):
            raise UserError(
                f"APP={app} does not import within {IMPORTS_WITHIN_S:g} s; {log} has "
                "what it printed"
            )
    try:
        return Seen(**json.loads(result.read_text(encoding="utf-8")))
    except (OSError, ValueError):
        said = last_words(log.read_text(errors="replace"))
        raise UserError(f"APP={app}: {said or 'it ended'}; {log} has more") from None
    finally:
        result.unlink(missing_ok=True)


def look_again(other: OtherTarget, log: Path) -> Seen:
    """What is seen now of an app that was recorded."""
    if other.running or (other.command and not other.python):
        return nothing_seen(other)
    if other.command:
        home = Home(other.python, other.folder, "")
        return dataclasses.replace(look("", home, log), app=other.app)
    called = f"{other.app}()" if other.factory else other.app
    return look(called, Home(other.python, other.folder, ""), log)


def nothing_seen(other: OtherTarget) -> Seen:
    """What is seen of an app that its user serves: not how, nor with which packages."""
    return Seen(other.app, "", False, "", {})


def of_interface(interface: str) -> list[Stack]:
    """The stacks that could serve an app of that interface."""
    return [stack for stack in stacks.HTTP1.values() if stack.interface == interface]


def served(stack: Stack, other: OtherTarget | None) -> Stack:
    """The stack as it serves that app, with what its handlers hold there."""
    if other is None:
        return stack
    stack = dataclasses.replace(stack, holds=_holds(stack, other))
    if other.command or other.running:
        return stack
    app = f"{FACTORY}:app" if other.factory else other.app
    argv = tuple(_IN_ITS_PLACE.get(word, word) for word in stack.argv)
    return dataclasses.replace(stack, app=app, argv=argv)


def _holds(stack: Stack, other: OtherTarget) -> dict[Phase, Holds]:
    """What is held where the app's handler and its download are as they were seen."""
    holds = dict(stack.holds)
    if other.wait_s is not None:
        holds[Phase.HANDLER_WAITS] = dataclasses.replace(
            holds[Phase.HANDLER_WAITS], held_s=other.wait_s, away_s=COMES_BACK_S
        )
    if other.download_bytes is not None and other.download_bytes < stack.reads_ahead:
        holds[Phase.RESPONSE] = holds[Phase.BODY]
    return holds


def modelled(
    versions: Mapping[str, str | None], packages: Sequence[str] | None = None
) -> dict[str, str]:
    """The versions that the predictions are made for, where the app has others; of
    these packages, or of all that are installed there."""
    names = [name for name, found in versions.items() if found]
    ours = {n: version(n) for n in names if packages is None or n in packages}
    return {name: known for name, known in ours.items() if known != versions[name]}


def prepare(other: OtherTarget, folder: Path) -> None:
    """Write the modules that servers of this app find besides its own."""
    if other.command or other.running:
        return
    beside = folder / BESIDE
    beside.mkdir(parents=True, exist_ok=True)
    shutil.copy(_BRIDGE, beside)
    if other.factory:
        module, _, name = other.app.partition(":")
        lines = (f"import {module}", "", f"app = {module}.{name}()")
        (beside / f"{FACTORY}.py").write_text("\n".join([*lines, ""]))


def installs(python: str, packages: Iterable[str]) -> str:
    """The line that installs these."""
    return f"{python} -m pip install {' '.join(packages)}"


def can_run(
    named: Sequence[str], seen: Seen, python: str
) -> tuple[list[Stack], list[str]]:
    """The stacks that can serve the app, of those named or of all; and for each other
    one a line that says how it could. UserError where a named one cannot."""
    wanted = [stacks.find_measurable(name) for name in named]
    every = wanted or of_interface(seen.interface)
    needs = {stack.id: _needs(stack, seen, python) for stack in every}
    found = [stack for stack in every if not needs[stack.id]]
    lines = [f"{stack_id}: {line}" for stack_id, line in needs.items() if line]
    if others := [stack.id for stack in every if stack.interface != seen.interface]:
        raise UserError(f"{seen.app} is {seen.interface}: leave {others[0]} out")
    if lines and (wanted or not found):
        raise UserError(f"not installed for the app: {lines[0]}")
    return found, lines


def _needs(stack: Stack, seen: Seen, python: str) -> str:
    """What installs what the stack lacks; empty if it lacks nothing."""
    missing = seen.missing(stack)
    return installs(python, missing) if missing else lacks(stack)
