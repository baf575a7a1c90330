"""What a command declares in its file, and that a new command is one file and a line.

Nothing but the Makefile knows the commands by name.
"""

from __future__ import annotations

import re
import subprocess
import sys
from collections import Counter
from importlib import import_module
from pathlib import Path

import pytest

from loadtests import ROOT
from loadtests.commands import targets
from loadtests.commands.declarations import Command, Declared, Target, declared, read
from tests.commands.clone import fresh_clone, make
from tests.torture.targets import NOT_STARTED, STARTED, words_of

# A command that needs what is not installed before `make install`.
GREET = """
import argparse

import rich

from loadtests.commands.declarations import Command, Target
from loadtests.commands.statuses import Status

COMMAND = Command("greet somebody")
TARGETS = (Target("greet", "greet one", words=("greet",), options=("WHOM", "LOUD")),)
VARIABLES = {"WHOM": "<name>", "LOUD": "1"}


def add(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--whom")
    parser.add_argument("--loud", action="store_true")
    parser.set_defaults(command=greet)


def greet(arguments: argparse.Namespace) -> Status:
    rich.print(f"Hello, {arguments.whom}{'!' if arguments.loud else '.'}")
    return Status.DONE
"""


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project with one command more: its file, and its name in the Makefile."""
    folder = fresh_clone(tmp_path_factory.mktemp("project"))
    (folder / "loadtests/commands/greet.py").write_text(GREET)
    makefile = folder / "Makefile"
    text = makefile.read_text()
    makefile.write_text(text.replace("bench example", "greet bench example"))
    return folder


@pytest.mark.parametrize("name", [n for n, d in declared().items() if d != Declared()])
def test_declarations_are_what_the_file_has_when_it_is_imported(name: str) -> None:
    module = vars(import_module(f"loadtests.commands.{name}"))
    command, its_targets = module.get("COMMAND"), module.get("TARGETS", ())
    imported = Declared(command, its_targets, module.get("VARIABLES", {}))
    assert declared()[name] == imported


def test_target_of_a_command_begins_with_its_name() -> None:
    for name, one in declared().items():
        words = {target.words[:1] for target in one.targets}
        its = name.replace("_", "-")
        assert words == ({(its,)} if one.command else {()} if words else set())


def test_variable_is_described_once() -> None:
    described = Counter(name for one in declared().values() for name in one.variables)
    described.update([*targets._SHARED])
    assert described == Counter([*targets.VARIABLES])
    takes = {name for target in targets.TARGETS.values() for name in target.takes}
    assert takes == set(targets.VARIABLES)


def test_torture_watches_where_every_target_listens() -> None:
    """Or says why it starts nothing: a new one is in one list or the other."""
    assert {*STARTED, *NOT_STARTED} == {*targets.TARGETS}
    assert not STARTED.keys() & NOT_STARTED.keys()
    for name, commands in STARTED.items():
        assert all(words_of(one, 1)[:2] == ["make", name] for one in commands)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("TARGETS = [Target('x', 'do x')]", "no tuple"),
        ("TARGETS = (Goal('x', 'do x'),)", "no Target"),
        ("COMMAND = say_what()", "no Command"),
        ("TARGETS = (Target('x', what),)", "malformed node"),
    ],
)
def test_declaration_that_is_no_literal_is_an_error(text: str, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        read(text)
    assert read("COMMAND = Command('do x')").command == Command("do x")
    assert read("TARGETS = (Target('x', 'do x'),)").targets == (Target("x", "do x"),)


def test_new_command_is_in_the_help_of_make_before_anything_is_installed(
    project: Path,
) -> None:
    bare = project / "bare-python"
    bare.write_text(f'#!/bin/sh\nexec "{sys.executable}" -S "$@"\n')
    bare.chmod(0o755)
    done = make(project, f"PYTHON={bare}", "VENV=none")
    assert done.returncode == 0, done.stderr
    assert (
        "  greet         greet one\n                  WHOM=<name> LOUD=1\n"
        in done.stdout
    )
    # Behind the other commands, and before what is the Makefile's own.
    names = [line.split()[0] for line in done.stdout.splitlines() if line[2:3].strip()]
    assert names[names.index("greet") - 1 :][:3] == ["readme", "greet", "test"]


def test_new_command_is_in_the_help_of_the_program(project: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "loadtests", "--help"],
        cwd=project,
        capture_output=True,
        text=True,
        check=True,
    )
    assert re.search(r"^    greet +greet somebody$", done.stdout, re.MULTILINE)


def test_new_command_is_run_by_make(project: Path) -> None:
    done = make(project, "greet", "WHOM=O'Brien", "LOUD=1")
    assert (done.stdout, done.returncode) == ("Hello, O'Brien!\n", 0), done.stderr
    done = make(project, "greet", "WHO=me")
    assert done.stderr.startswith("error: WHO= is not for greet: did you mean WHOM=?")
    done = make(project, "load", "WHOM=me")
    assert done.stderr.startswith("error: WHOM= is not for load: ")


def test_new_command_is_one_file_and_the_makefile(project: Path) -> None:
    changed = {
        path.relative_to(project)
        for path in [project / "Makefile", *(project / "loadtests").rglob("*.py")]
        if not (ROOT / path.relative_to(project)).exists()
        or (ROOT / path.relative_to(project)).read_bytes() != path.read_bytes()
    }
    assert changed == {Path("Makefile"), Path("loadtests/commands/greet.py")}
