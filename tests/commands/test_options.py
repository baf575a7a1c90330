"""What commands share: the statuses, the options, how a run is named."""

from __future__ import annotations

import argparse
import ast
import os
from pathlib import Path

import pytest

from loadtests import ROOT, UserError
from loadtests.commands import options, targets
from loadtests.commands.declarations import Target
from loadtests.commands.main import adds_options, main
from loadtests.commands.options import run_folder
from loadtests.commands.statuses import MEANINGS, Status
from loadtests.records.run import save_run
from tests import runs

FILES = sorted((ROOT / "loadtests/commands").glob("*.py"))
BEFORE_INSTALL = ("typed.py", "diff.py")  # programs of their own, see their docstrings


def test_help_lists_every_status(capsys: pytest.CaptureFixture[str]) -> None:
    for words in ([], ["load"]):
        with pytest.raises(SystemExit):
            main([*words, "--help"])
        shown = " ".join(capsys.readouterr().out.split())
        for status in Status:
            assert f" {status.value} {MEANINGS[status]}" in shown


def test_commands_use_statuses_by_name_and_all_of_them() -> None:
    used = set()
    for path in FILES:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Return) and isinstance(node.value, ast.Constant):
                number = type(node.value.value) is int
                assert not number or path.name in BEFORE_INSTALL, path
            if isinstance(node, ast.Attribute) and ast.unparse(node.value) == "Status":
                used.add(node.attr)
    assert used == {status.name for status in Status}


@pytest.mark.parametrize("target", targets.TARGETS.values(), ids=lambda t: t.name)
def test_variable_of_a_target_is_an_option_of_its_command(
    target: Target,
) -> None:
    assert set(target.takes) <= set(targets.VARIABLES)
    if not target.words:
        assert (
            not target.takes or target.name == "test"
        )  # which runs no command of ours
        return
    parser = argparse.ArgumentParser()
    adds_options(target.words[0])(parser)
    options = [word for a in parser._actions for word in a.option_strings or [a.dest]]
    known = {word.lstrip("-").replace("-", "_").upper() for word in options}
    assert set(target.takes) - set(target.passed_on) <= known


def store(reports: Path, name: str, age_s: int) -> Path:
    path = save_run(runs.quick(), reports / name)
    os.utime(path, (10**9 - age_s, 10**9 - age_s))
    return path.parent


def test_run_is_named_by_its_name_its_folder_or_latest(tmp_path: Path) -> None:
    folder = store(tmp_path, "one", 0)
    (tmp_path / "latest").symlink_to("one")
    for name in ("one", str(folder), f"{folder}/", f"{folder}/run.json", "latest", ""):
        assert run_folder(name, tmp_path).resolve() == folder, name


def test_run_that_is_not_there_is_answered_with_the_newest(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"^no run yet: make load makes one$"):
        run_folder("x", tmp_path)
    store(tmp_path, "example", 0)
    with pytest.raises(UserError, match=r"^no run yet: make load makes one$"):
        run_folder("latest", tmp_path)
    with pytest.raises(UserError, match=r"^no run 'x': the only run is example$"):
        run_folder("x", tmp_path)
    for number in range(9):
        store(tmp_path, f"run{number}", 100 - number)
    (tmp_path / "latest").symlink_to("gone")
    newest = "example, run8, run7, run6, run5, run4, run3, run2 and 2 older"
    with pytest.raises(UserError, match=f"^no run 'x': the runs are {newest}$"):
        run_folder("x", tmp_path)
    with pytest.raises(UserError, match=r"^no latest run: the runs are run8, "):
        run_folder("", tmp_path)


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["laod"], "no command 'laod': did you mean load?"),
        (["load", "--port", "1"], "unrecognized arguments: --port 1"),
        (["load", "--repeats"], "--repeats: expected one argument"),
        (["serve", "--stack=x", "--port=99999"], "--port 99999: a port is a number"),
        (["bench", "--rounds", "13"], "--rounds 13: a count of rounds is a number"),
        (["load", "--seed=-1"], "--seed -1: a seed is a number"),
        (["serve"], "say which: "),
        (["compare"], "say with what: make compare BASE=<run>; the "),
    ],
)
def test_error_of_the_command_line_is_one_line(
    words: list[str], says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(words) == Status.NOT_DONE
    error = capsys.readouterr().err
    assert error.startswith(f"error: {says}")
    assert error.count("\n") == 1


@pytest.mark.parametrize(
    ("path", "says"),
    [
        ("nope:app", "ModuleNotFoundError: No module named 'nope'"),
        ("asgi_app:nope", "AttributeError: module 'asgi_app' has no attribute 'nope'"),
        ("quits:app", "it ends Python when it is imported"),
    ],
)
@pytest.mark.parametrize("interface", ["wsgi", "asgi"])
def test_app_to_trace_that_is_not_there_is_one_line(
    interface: str,
    path: str,
    says: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """uvicorn would start its workers again and again."""
    (tmp_path / "quits.py").write_text("raise SystemExit")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setenv("TRACE_APP", path)
    assert main(["serve", f"--interface={interface}", "--trace"]) == Status.NOT_DONE
    assert capsys.readouterr().err == f"error: TRACE_APP={path}: {says}\n"


def test_threshold_and_counts_have_limits() -> None:
    for read, good, bad in (
        (options.port, "65535", "65536"),
        (options.count, "1", "0"),
        (options.percent, "1000", "1001"),
        (options.seed, "0", "٣"),
    ):
        assert read(good) == int(good)
        with pytest.raises(options.Wrong):
            read(bad)


@pytest.mark.parametrize("limit", ["1", "1024", "1048576"])
def test_limit_of_descriptors_may_be_as_large_as_systems_have_it(limit: str) -> None:
    assert options.descriptors(limit) == int(limit)


def test_limit_of_descriptors_is_a_number() -> None:
    for limit in ("0", "-1", "many", "100000000"):
        with pytest.raises(options.Wrong, match="a limit of descriptors is a number"):
            options.descriptors(limit)


def test_stacks_that_cannot_run_here_are_left_out_and_named(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PATH", "")
    some = ["asgi-uvicorn-nginx", "asgi-uvicorn"]
    assert options.runnable(some) == ["asgi-uvicorn"]
    said = "without asgi-uvicorn-nginx: there is no nginx on PATH: apt-get install"
    assert capsys.readouterr().out == f"{said} nginx\n"
