"""What is typed after `make`: refused where no target takes it, else handed on exactly.

Each test runs the real make, in a copy of the project without any run.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from loadtests import ROOT, UserError
from loadtests.commands.main import main
from loadtests.commands.statuses import Status
from loadtests.commands.targets import TARGETS, help_text
from loadtests.commands.typed import command_line, typed
from tests.commands.clone import ENVIRONMENT, fresh_clone, make

# In the place of the environment's Python: it shows which command line it was handed.
SHOW = """import json, os, sys
from loadtests.commands.typed import from_make
json.dump(from_make(sys.argv[-1], os.environ), sys.stdout)"""


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return fresh_clone(tmp_path_factory.mktemp("project"))


def handed_on(
    project: Path, target: str, *words: str | bytes, **more: str
) -> list[str]:
    """The command line that the program is handed."""
    show = project / "show.py"
    show.write_text(SHOW)
    python = project / "show"
    python.write_text(f'#!/bin/sh\nPYTHONPATH=. exec "{sys.executable}" show.py "$@"\n')
    python.chmod(0o755)
    text = (project / "Makefile").read_text()
    (project / "show.mk").write_text(
        text.replace("@$(PY) -E -m loadtests make $@", "@./show $@")
    )
    done = make(project, "-s", "-f", "show.mk", target, *words, **more)
    assert done.returncode == 0, done.stderr
    found: list[str] = json.loads(done.stdout)
    return found


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ("load STACK=asgi-uvicorn", "STACK= is not for load: did you mean STACKS=?"),
        ("load PROFIL=full", "PROFIL= is not for load: did you mean PROFILE=?"),
        ("load SCENARIO=idle", "SCENARIO= is not for load: did you mean SCENARIOS=?"),
        ("load report OPNE=1", "OPNE= is not for load, report: did you mean OPEN=?"),
        ("serve STACKS=x", "STACKS= is not for serve: did you mean STACK=?"),
        ("serve-wsgi worker=x", "worker= is not for serve-wsgi: did you mean WORKER=?"),
        (
            "serve-asgi WORKER_CLASS=uvicorn",
            "WORKER_CLASS= is not for serve-asgi: did you mean WORKER=?",
        ),
        (
            "serve-asgi STACKS=x",
            "STACKS= is not for serve-asgi: serve-asgi takes SERVER=, WORKER=, PORT=, "
            "WORKERS=, THREADS=, TRACE=, TRACE_APP=",
        ),
        ("test PROFILE=x", "PROFILE= is not for test: test takes COVERAGE="),
        ("STACKS=x", "STACKS= is not for help: help takes no variable"),
        ("clean PATH=/bin:/usr/bin", "PATH= is not for clean: clean takes no variable"),
        ("load STACKS=asgi-uvicron", "no stack 'asgi-uvicron': did you mean asgi-uvi"),
        ("load SCENARIOS=slow-bdy", "no scenario 'slow-bdy': did you mean slow-body?"),
        ("load PROFILE=quik", "no profile 'quik': did you mean quick? there are"),
        ("serve-wsgi WORKER=gthred", "no wsgi worker class 'gthred': did you mean gth"),
        ("load REPEATS=0", "REPEATS=0: a count is a number from 1 to 1000"),
        ("serve-asgi PORT=99999", "PORT=99999: a port is a number from 1 to 65535"),
        ("load THREADS=x", "THREADS=x: a count is a number from 1 to 1000"),
        ("load STACKS=asgi-uvicorn THREADS=4", "no threads to set in asgi-uvicorn"),
        (
            "load RESUME=latest SEED=3",
            "RESUME= goes on with what was ordered: leave SE",
        ),
        ("serve-asgi TRACE=2", "TRACE=2: it is 1 or 0"),
        ("load SEED=--", "SEED=--: -- is no value"),
        ("compare NEW=--", "NEW=--: -- is no value"),
        ("load SWEEP=threads=1,٢", "SWEEP=threads=1,٢: say a name and numbers, as in"),
        ("serve", "say which: make serve STACK=<id>; make stacks lists them"),
        ("report", "no run yet: make load makes one"),
        ("report RUN=reports/x", "no run yet: make load makes one"),
        ("compare", "no run yet: make load makes one"),
        ("load RESUME=latest", "no run yet: make load makes one"),
    ],
)
def test_wrong_word_gets_one_line(project: Path, words: str, says: str) -> None:
    done = make(project, *words.split())
    ours, make_s = done.stderr.splitlines()
    assert ours.startswith(f"error: {says}")
    assert make_s.startswith("make: ***")
    assert done.returncode == 2
    assert not done.stdout
    assert not (project / "reports").exists()


@pytest.mark.parametrize("name", sorted({n for t in TARGETS.values() for n in t.takes}))
def test_value_that_argparse_would_drop_is_refused(name: str) -> None:
    for target in TARGETS.values():
        if name in (*target.options, *target.positional):
            with pytest.raises(UserError, match=f"^{name}=--: "):
                command_line(target, {name: "--"})


def test_word_that_argparse_would_drop_is_refused(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["load", "--seed=--"]) == Status.NOT_DONE
    assert capsys.readouterr().err == "error: --seed=--: -- is no value\n"


@pytest.mark.parametrize(
    "value",
    [
        "cost $5 or $$",
        "$(shell touch evil) ${HOME} $(unclosed",
        'O\'Brien "quoted" `touch evil`; touch evil #',
        "a\\b \\\\ c\\ d\\",
        "tab\tnew\nline \\\n end ",
        "a -- SEED=1 --flag",
        "-- %*?[x]~",
        b"\xff\xfe \xc3\xa9",
        "=x:=y",
    ],
)
def test_value_arrives_as_it_was_typed(project: Path, value: str | bytes) -> None:
    word = b"BODY=" + (value if isinstance(value, bytes) else value.encode())
    found = handed_on(project, "trace", word, "LEAVE=2000B")
    text = os.fsdecode(value)
    assert found == ["trace", f"--body={text}", "--leave=2000B"]
    assert not (project / "evil").exists()


def test_each_target_is_handed_its_own_variables(project: Path) -> None:
    assert handed_on(project, "serve-wsgi", "WORKER=gthread", "PORT=9000") == [
        *("serve", "--interface=wsgi", "--worker=gthread", "--port=9000"),
    ]
    for word, flags in (("OPEN=1", ["--open"]), ("OPEN=0", []), ("OPEN=", [])):
        assert handed_on(project, "report", word) == ["report", *flags]
    assert handed_on(project, "compare", "NEW=b") == ["compare", "--", "", "b"]
    assert handed_on(project, "load", "STACKS=", "WORKERS=3") == ["load", "--workers=3"]


def test_environment_is_no_error_and_does_not_count(project: Path) -> None:
    mine = {"SEED": "7", "STACK": "x", "BODY": "y"}
    assert handed_on(project, "load", "REPEATS=2", **mine) == ["load", "--repeats=2"]
    done = make(project, "report", RUN="x", PORT="3")
    assert done.stderr.splitlines()[:2] == [
        "note: RUN in the environment does not count; make report RUN=... does",
        "error: no run yet: make load makes one",
    ]


def test_help_lists_every_target_and_needs_nothing_installed(project: Path) -> None:
    done = make(project, f"PYTHON={sys.executable}", "VENV=none")
    assert done.returncode == 0, done.stderr
    for line in ("  load          measure and report", "RESUME=<run>", "status 2"):
        assert line in done.stdout
    assert max(map(len, done.stdout.splitlines())) < 88


def test_python_that_is_missing_is_named(project: Path) -> None:
    done = make(project, "load", "PYTHON=python-none", "VENV=none")
    assert "error: no python-none: install Python 3.11 or newer\n" in done.stderr
    assert done.returncode == 2


def test_environment_of_another_python_is_set_up_anew(
    project: Path, tmp_path: Path
) -> None:
    """Only said, not done: -n."""
    other = tmp_path / "python"
    other.write_text("#!/bin/sh\necho '(3, 99)'\n")
    other.chmod(0o755)
    for python, anew in ((other, True), (sys.executable, False)):
        said = subprocess.run(
            ["make", "-n", "install", f"PYTHON={python}"],
            cwd=project,
            env=ENVIRONMENT,
            capture_output=True,
            text=True,
            check=True,
        )
        assert ("rm -rf .venv" in said.stdout) == anew


def test_trace_sends_what_was_typed(project: Path) -> None:
    request = "REQUEST=POST /upload?name=O'Brien"
    done = make(project, "trace", request, b"BODY=cost $5 or $$\xff")
    assert done.returncode == 0, done.stderr
    assert "POST /upload?name=O'Brien, with a body of 14 bytes" in done.stdout


def test_without_a_make_nothing_was_typed() -> None:
    assert typed("") == typed("w -j2") == {}
    assert typed("w -- A=1 B=") == {"A": "1", "B": ""}


def test_help_fits_a_terminal_of_80_columns() -> None:
    assert [line for line in help_text().splitlines() if len(line) > 80] == []


def test_help_whose_reader_has_gone_says_nothing_more() -> None:
    argv = [sys.executable, "-m", "loadtests.commands.typed", "help"]
    with subprocess.Popen(
        argv, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as helping:
        assert helping.stdout is not None
        assert helping.stderr is not None
        helping.stdout.close()
        assert helping.stderr.read() == b""
    assert helping.returncode == 0
