"""Runs docs/walkthrough.md: what the page shows is what its commands print.

The one rule: the page is a script. Its ```console blocks hold commands, after "$ ", and
what they print; a ```python block whose first line is "# /tmp/walk/<name>" is saved
there, as the reader is asked to do. All is run in order, by one bash, in the project's
root; but the pictures of `make trace` need nothing of the page, and another bash makes
them meanwhile. Rewrite the outputs that are no longer true:

    .venv/bin/python -m tests.apps.walkthrough --write

The page's ports and its folder are replaced by free ones, and put back in the output.
What may differ beyond that is in alike.py.
"""

from __future__ import annotations

import contextlib
import os
import re
import socket
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from loadtests import ROOT
from loadtests.servers.processes import Group, Guard, guarded, started, wait_until
from tests.apps.alike import same

PAGE = ROOT / "docs" / "walkthrough.md"
FOLDER = "/tmp/walk"
PORTS = tuple(str(port) for port in range(8011, 8022))
# Under `make test` the environment has make's own variables, and ours by name.
CLEAN_SHELL = (
    *("env", "-i", f"PATH={os.environ['PATH']}", f"HOME={Path.home()}"),
    *("LANG=C.UTF-8", "COLUMNS=80", "bash", "--noprofile", "--norc"),
)
LIMIT_S = 300.0  # only a command that hangs takes so long, on a busy machine too
TRIES = 10


@dataclass(frozen=True)
class Command:
    """A command of the page, and the lines of the page that show its output."""

    text: str
    shown: str
    start: int
    end: int


@dataclass(frozen=True)
class File:
    """A file that the reader is asked to save."""

    path: str
    text: str


def steps(page: str) -> list[Command | File]:
    """The commands and files of a page, in its order."""
    found: list[Command | File] = []
    lines = page.split("\n")
    fences = [number for number, line in enumerate(lines) if line.startswith("```")]
    for opening, closing in zip(fences[::2], fences[1::2], strict=True):
        kind, inside = lines[opening], lines[opening + 1 : closing]
        if kind == "```console":
            found += commands(lines, opening + 1, closing)
        elif kind == "```python" and inside[0].startswith(f"# {FOLDER}/"):
            found.append(File(inside[0][2:], "\n".join(inside) + "\n"))
    return found


def commands(lines: Sequence[str], start: int, end: int) -> list[Command]:
    """The commands of a block; one goes on after a backslash at the end of its line."""
    starts = [i for i in range(start, end) if lines[i].startswith("$ ")]
    found = []
    for first, following in zip(starts, [*starts[1:], end], strict=True):
        last = first
        while lines[last].endswith("\\"):
            last += 1
        text = "\n".join(lines[first : last + 1])[2:]
        shown = "\n".join(lines[last + 1 : following])
        found.append(Command(text, shown, last + 1, following))
    return found


def outputs(found: Sequence[Command | File], guard: Guard) -> list[str]:
    """What the commands of a page print.

    The pictures take longest and need nothing of the page, so they are made meanwhile.
    """
    pictures = [step for step in found if is_picture(step)]
    rest = [step for step in found if not is_picture(step)]
    made, others = map(iter, run(pictures, rest, guard=guard))
    commands = [step for step in found if isinstance(step, Command)]
    first = [next(made if is_picture(command) else others) for command in commands]
    return [again(*pair, guard) for pair in zip(commands, first, strict=True)]


def is_picture(step: Command | File) -> bool:
    return isinstance(step, Command) and step.text.startswith("make trace ")


def again(command: Command, printed: str, guard: Guard) -> str:
    """What a command prints; a picture that differs is made again, a few times.

    It is of some 300 ms, and shows when the machine was busy with something else.
    """
    for _ in range(TRIES - 1):
        if same(command.shown, printed) or not is_picture(command):
            break
        [[printed]] = run([command], guard=guard)
    return printed


def run(*scripts: Sequence[Command | File], guard: Guard) -> list[list[str]]:
    """What the commands of each script print; the scripts run at the same time."""
    with tempfile.TemporaryDirectory() as name, contextlib.ExitStack() as stack:
        folders = [Path(name, str(number)) for number in range(len(scripts))]
        begun = [
            stack.enter_context(running(script, folder, guard))
            for script, folder in zip(scripts, folders, strict=True)
        ]
        wait_until(lambda: all(group.exited for group, _ in begun), LIMIT_S)
        return [end(group, back) for group, back in begun]


@contextlib.contextmanager
def running(
    script: Sequence[Command | File], folder: Path, guard: Guard
) -> Iterator[tuple[Group, dict[str, str]]]:
    """A script as a process group, and what to put back in its output."""
    folder.mkdir()
    ours = {FOLDER: f"{folder}/walk", **dict(zip(PORTS, free_ports(), strict=True))}
    file = folder / "script"
    file.write_text(replaced("".join(map(as_shell, script)), ours))
    with started(guard, [*CLEAN_SHELL, str(file)], folder / "log", cwd=ROOT) as group:
        yield group, {there: here for here, there in ours.items()}


def end(group: Group, back: dict[str, str]) -> list[str]:
    """What each command of a script printed; no process is left after that."""
    output = replaced(group.said(), back)
    assert group.exited, f"still running after {LIMIT_S:.0f} s:\n{output}"
    left = [process.cmdline() for process in group.members()]
    assert not left, f"processes left: {left}"
    return [text.removesuffix("\n") for text in output.split("%%%\n")[1:]]


def as_shell(step: Command | File) -> str:
    if isinstance(step, File):
        return f"cat > {step.path} <<'END OF FILE'\n{step.text}END OF FILE\n"
    return f"echo %%%\n{step.text}\n"


def replaced(text: str, pairs: dict[str, str]) -> str:
    return re.sub("|".join(map(re.escape, pairs)), lambda found: pairs[found[0]], text)


def free_ports() -> list[str]:
    """As many as the page uses, of four digits as they are there: lengths are shown."""
    found: list[str] = []
    for port in range(8100, 10000):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)):
                found.append(str(port))
        if len(found) == len(PORTS):
            break
    return found


def rewritten(page: str, wanted: Sequence[Command], printed: Sequence[str]) -> str:
    """The page with the outputs that are no longer true replaced."""
    lines = page.split("\n")
    for command, output in reversed(list(zip(wanted, printed, strict=True))):
        if not same(command.shown, output):
            kept = [line.rstrip() for line in output.split("\n")] if output else []
            lines[command.start : command.end] = kept
    return "\n".join(lines)


def main() -> int:
    """Say which outputs differ; with --write, put them into the page."""
    page = PAGE.read_text()
    found = steps(page)
    wanted = [step for step in found if isinstance(step, Command)]
    with guarded() as guard:
        printed = outputs(found, guard)
    for command, output in zip(wanted, printed, strict=True):
        if not same(command.shown, output):
            print(f"$ {command.text}\n{output}\n")
    if "--write" in sys.argv:
        PAGE.write_text(rewritten(page, wanted, printed))
    return 0


if __name__ == "__main__":
    sys.exit(main())
