"""The options that commands share: their limits, and how a run is named."""

from __future__ import annotations

import argparse
import errno
import re
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import NoReturn

from loadtests import CHECKOUT, MAKE, ROOT, UserError
from loadtests.catalog import stacks
from loadtests.commands.statuses import table
from loadtests.records.json_file import naming
from loadtests.records.run import LATEST, RUN_FILE
from loadtests.servers.programs import lacks

REPORTS = (ROOT if CHECKOUT else Path.cwd()) / "reports"
EXAMPLES = ("example", "example-rates")  # kept here: no runs that a user has made
NO_RUN = f"no run yet: {MAKE} load makes one"
_MOST_LISTED = 8
_ROOM = "make room there (df -h and df -i say what is full)"
# What its user can do about an error of the disk.
REMEDIES = {
    errno.ENOSPC: _ROOM,
    errno.EDQUOT: _ROOM,
    errno.EFBIG: "raise the limit of a file's size (ulimit -f)",
    errno.EROFS: "make that writable, or "
    + (
        "use a copy of the project that is" if CHECKOUT else "begin in a folder that is"
    ),
}


class Wrong(argparse.ArgumentTypeError):
    """A value that an option cannot have, and what it can."""

    def __init__(self, value: str, rule: str) -> None:
        super().__init__(f"{value}: {rule}")
        self.value, self.rule = value, rule


class Parser(argparse.ArgumentParser):
    """A parser whose errors are one line."""

    def __init__(self, **given: object) -> None:
        super().__init__(
            **given,  # type: ignore[arg-type]
            exit_on_error=False,
            formatter_class=argparse.RawDescriptionHelpFormatter,
            epilog=table(),
        )

    def error(self, message: str) -> NoReturn:
        raise UserError(f"{message}; {self.prog} --help says what there is")


def only_in_a_checkout(what: str) -> None:
    """UserError for what an installed `slowbench` has not."""
    if not CHECKOUT:
        raise UserError(f"{what} is part of the project's repository: clone it")


def runnable(names: Iterable[str]) -> list[str]:
    """Those of these stacks that can run here; why the others cannot is printed."""
    found = []
    for name in names:
        if why := lacks(stacks.find(name)):
            print(f"without {name}: {why}")
        else:
            found.append(name)
    return found


def in_words(error: argparse.ArgumentError, *, make: bool) -> str:
    """The line for an option that argparse refuses, as its user has typed it."""
    name = error.argument_name
    if not name:  # from Python 3.13 on: words that no option takes, say
        return error.message
    if not isinstance(error.__context__, Wrong):
        return f"{name}: {error.message}"
    value, rule = error.__context__.value, error.__context__.rule
    return (
        f"{name.lstrip('-').upper()}={value}: {rule}"
        if make
        else f"{name} {value}: {rule}"
    )


def number(what: str, low: int, high: int) -> Callable[[str], int]:
    """Reads a number between two limits; `what` is what an error calls it."""

    def read(text: str) -> int:
        if re.fullmatch(r"[0-9]{1,9}", text) and low <= int(text) <= high:
            return int(text)
        raise Wrong(text, f"{what} is a number from {low} to {high}")

    return read


port = number("a port", 1, 65535)
count = number("a count", 1, 1000)
descriptors = number("a limit of descriptors", 1, 10_000_000)
percent = number("a percentage", 1, 1000)
seed = number("a seed", 0, 999_999_999)
# The probes of all rounds load Locust beforehand, and at the same time.
rounds = number("a count of rounds", 1, 12)


def with_a_way_on(error: UserError | OSError | MemoryError, how: str) -> Exception:
    """An error after something has been measured, which is kept, with how to go on."""
    if isinstance(error, BrokenPipeError):
        return error  # nobody reads our output any more
    if isinstance(error, UserError):
        return UserError(f"{error}; to go on: {how}")
    error.add_note(f"to go on: {how}")
    return error


def in_a_line(error: OSError) -> str:
    """A file that could not be written, why, what helps, and how to go on."""
    where = f"{error.filename}: " if error.filename else ""
    helps = REMEDIES.get(error.errno or 0)
    why = f"{where}{error.strerror or error}{': ' * bool(helps)}{helps or ''}"
    return "; ".join([why, *getattr(error, "__notes__", ())])


def page_at(name: str, value: str) -> Path:
    """The file that a variable names for a page. UserError for a name that a record
    has: it would be lost."""
    path = Path(value)
    if path.suffix in (".json", ".csv"):
        raise UserError(f"{name}={value}: records are called {path.suffix}, not pages")
    return path


def kept_in(arguments: argparse.Namespace) -> list[Path]:
    """The folders for the result of what `--stacks` and `--out` say: a part of all
    stacks is no result of the project."""
    named = [Path(arguments.out)] if arguments.out else []
    return named if arguments.stacks else [REPORTS, *named]


def see_that_it_can_be_kept(*folders: Path) -> None:
    """OSError now, and not after minutes, where a folder takes no file."""
    for folder in folders:
        folder.mkdir(parents=True, exist_ok=True)
        with naming(folder), tempfile.TemporaryFile(dir=folder) as file:
            file.write(b"some")


def names(text: str) -> list[str]:
    return text.replace(",", " ").split()


def add_counts(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--workers", type=count, metavar="COUNT")
    parser.add_argument("--threads", type=count, metavar="COUNT")


def add_stacks(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--stacks", type=names, default=[], metavar="ID,ID")


def add_wait(parser: argparse.ArgumentParser) -> None:
    what = "wait for the end of another measurement on this machine"
    parser.add_argument("--wait", action="store_true", help=what)


def add_run(parser: argparse.ArgumentParser, name: str, default: str = LATEST) -> None:
    shown = f"; {default} if left out" if default else ""
    what = f"a run's name, its folder, or latest{shown}"
    parser.add_argument(name, nargs="?", default=default, help=what)


def run_folder(text: str, reports: Path = REPORTS) -> Path:
    """The folder of a run that was named so; UserError lists the runs there are."""
    wanted = text or LATEST
    for folder in (reports / wanted, Path(wanted)):
        if (folder / RUN_FILE).is_file():
            return folder
    if Path(wanted).name == RUN_FILE and Path(wanted).is_file():
        return Path(wanted).parent
    found = runs(reports)
    if wanted == LATEST:
        made = [name for name in found if name not in EXAMPLES]
        raise UserError(f"no latest run: {listed(made)}" if made else NO_RUN)
    raise UserError(f"no run {text!r}: {listed(found)}" if found else NO_RUN)


def runs(reports: Path = REPORTS) -> list[str]:
    """The names of the runs there are, the newest first."""
    found = [
        path for path in reports.glob(f"*/{RUN_FILE}") if not path.parent.is_symlink()
    ]
    found.sort(key=lambda path: path.stat().st_mtime, reverse=True)
    return [path.parent.name for path in found]


def listed(found: list[str]) -> str:
    older = len(found) - _MOST_LISTED
    names = ", ".join(found[:_MOST_LISTED]) + (f" and {older} older" * (older > 0))
    return f"the only run is {names}" if len(found) == 1 else f"the runs are {names}"


def shown(path: Path) -> Path:
    """The path as the user would type it."""
    here = Path.cwd()
    return path.relative_to(here) if path.is_relative_to(here) else path
