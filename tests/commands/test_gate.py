"""`make gate` as continuous integration meets it: statuses, files, annotations."""

from __future__ import annotations

import dataclasses
import errno
import re
import shlex
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
from rich.console import Console

from loadtests import ROOT
from loadtests.commands.main import _parsed, main
from loadtests.commands.typed import as_words
from loadtests.records.run import save_run
from tests import runs
from tests.analysis.pairs import climb
from tests.analysis.test_rates import RATE, step

GTHREAD = "wsgi-gunicorn-gthread"


@pytest.fixture
def reports(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of reports with two runs: in one the stack holds 16, in the other 4."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("GITHUB_ACTIONS", raising=False)
    monkeypatch.delenv("GITHUB_STEP_SUMMARY", raising=False)
    monkeypatch.setenv("COLUMNS", "120")
    for name, out_at in (("new", 32), ("less", 8)):
        (tmp_path / name).mkdir()
        save_run(runs.run([climb(out_at)]), tmp_path / name)
    return tmp_path


@pytest.mark.parametrize(
    ("words", "status", "says"),
    [
        (("--fail-under=slow-body=16",), 0, "Every limit is met: 1 met."),
        (("--fail-under=slow-body=17",), 1, "A limit is missed: 1 missed."),
        ((f"--fail-under={GTHREAD}:slow-body=17",), 1, "held 16"),
        (("--fail-under=slow-body=17 slow-body=16",), 1, "1 met, 1 missed"),
        (("--p99-under=50ms",), 3, "A limit is not known to be met"),
        (("--against=less",), 0, "Every limit is met"),
        (("--run=less", "--against=new"), 1, "is not worse than before"),
    ],
)
def test_status_is_that_of_the_limits(
    reports: Path,
    capsys: pytest.CaptureFixture[str],
    words: tuple[str, ...],
    status: int,
    says: str,
) -> None:
    assert main(["gate", "--run=new", *words]) == status
    assert says in capsys.readouterr().out


def test_results_are_there_for_other_systems(
    reports: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(reports / "summary.md"))
    words = ("--fail-under=slow-body=17", "--fail-under=slow-body=16")
    assert main(["gate", "--run=new", *words, "--junit=out/junit.xml"]) == 1
    suite = ET.parse(reports / "out" / "junit.xml").getroot()
    assert (suite.get("tests"), suite.get("failures")) == ("2", "1")
    [failure] = suite.iter("failure")
    assert failure.get("message") == "held 16"
    assert (
        f"::error title=slowbench::{GTHREAD}, slow-body: holds 17 slow clients; held 16"
    ) in capsys.readouterr().out
    summary = (reports / "summary.md").read_text()
    assert summary == (reports / "new" / "gate.md").read_text()
    line = f"| ✗ | {GTHREAD} | slow-body | holds 17 slow clients | held 16 |"
    assert line in summary.splitlines()


@pytest.mark.parametrize(
    ("per_s", "status", "says"),
    [
        (144, 0, "sustains 144/s  sustained 144/s"),
        (176, 1, "sustains 176/s  sustained 144/s"),
        (160, 3, "not known"),
    ],
)
def test_rate_is_a_limit_too(
    reports: Path,
    capsys: pytest.CaptureFixture[str],
    per_s: int,
    status: int,
    says: str,
) -> None:
    rate = dataclasses.replace(RATE, steps=[step(144.0), step(176.0, 0)])
    save_run(dataclasses.replace(runs.run([]), rates=[rate]), reports / "new")
    words = ["gate", "--run=new", f"--fail-under=backend-wait={per_s}/s"]
    assert main(words) == status
    assert says in capsys.readouterr().out
    assert main([*words, "--p99-under=9ms"]) == 2
    assert "P99_UNDER= is beside slow clients" in capsys.readouterr().err


def test_rate_that_no_request_met_is_not_sustained(reports: Path) -> None:
    rate = dataclasses.replace(RATE, sustained_per_s=None, steps=[step(9.0, 0)])
    save_run(dataclasses.replace(runs.run([]), rates=[rate]), reports / "new")
    assert main(["gate", "--run=new", "--fail-under=backend-wait=9/s"]) == 1
    assert "not sustained" in (reports / "new" / "gate.md").read_text()


def test_limits_stand_in_the_project_file_too(
    reports: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    stored = '[tool.slowbench]\nfail-under = ["slow-body=17"]\n'
    (reports / "pyproject.toml").write_text(stored)
    assert main(["gate", "--run=new"]) == 1
    assert main(["gate", "--run=new", "--fail-under=slow-body=16"]) == 0
    capsys.readouterr()


@pytest.mark.parametrize(
    ("stored", "says"),
    [
        ('fail-undr = ["x"]', "no key of [tool.slowbench] 'fail-undr': did you mean"),
        ('fail-under = "slow-body=17"', "fail-under of [tool.slowbench] is a list of"),
        ("p99-under = 50", "p99-under of [tool.slowbench] is a text"),
        ("p99-under = ", "pyproject.toml: Invalid value"),
    ],
)
def test_wrong_project_file_is_one_line(
    reports: Path, capsys: pytest.CaptureFixture[str], stored: str, says: str
) -> None:
    (reports / "pyproject.toml").write_text(f"[tool.slowbench]\n{stored}\n")
    assert main(["gate", "--run=new"]) == 2
    [line] = capsys.readouterr().err.splitlines()
    assert says in line


@pytest.mark.parametrize(
    ("stored", "says"),
    [
        ("tool = 3", "pyproject.toml: tool is no table"),
        ("[tool]\nslowbench = 5", "pyproject.toml: slowbench is no table"),
        (f"x = {'[' * 20_000}", "pyproject.toml: "),
        (f"x = {'1' * 5_000}", "pyproject.toml: "),
    ],
    ids=["tool", "slowbench", "nested", "digits"],
)
def test_project_file_of_any_kind_is_one_line(
    reports: Path, capsys: pytest.CaptureFixture[str], stored: str, says: str
) -> None:
    (reports / "pyproject.toml").write_text(stored)
    assert main(["gate", "--run=new", "--fail-under=slow-body=1"]) == 2
    [line] = capsys.readouterr().err.splitlines()
    assert says in line


def test_results_are_kept_though_nobody_can_be_told(
    reports: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "no space left")

    monkeypatch.setattr(Console, "print", full)
    assert main(["gate", "--run=new", "--fail-under=slow-body=16"]) == 2
    assert "1 met" in (reports / "new/gate.md").read_text()
    assert (reports / "new/gate.xml").exists()


def test_results_do_not_replace_a_record(
    reports: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    junit = reports / "less/run.json"
    before = junit.read_bytes()
    words = ["gate", "--run=new", "--fail-under=slow-body=1", f"--junit={junit}"]
    assert main(words) == 2
    assert junit.read_bytes() == before
    assert "records are called .json, not pages" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ((), "no limit is set: FAIL_UNDER='slow-read=100'"),
        (("--fail-under=slow-body",), "FAIL_UNDER=slow-body: say it as slow-read=100"),
        (("--fail-under=slow-body=8/s",), "say it as slow-body=8"),
        (("--fail-under=backend-wait=8",), "say it as backend-wait=8/s"),
        (("--fail-under=backend-wait=9999/s",), "a rate is from 1/s to 1,000/s"),
        (("--fail-under=slow-bdy=9",), "did you mean slow-body?"),
        (("--fail-under=backend-wait=80/s",), "backend-wait is not in run"),
        (("--fail-under=idle=9",), "idle is not in run"),
        (("--p99-under=50",), "P99_UNDER=50: say it as 50ms"),
        (("--against=nothing",), "no run 'nothing'"),
    ],
)
def test_bad_input_is_one_line(
    reports: Path,
    capsys: pytest.CaptureFixture[str],
    words: tuple[str, ...],
    says: str,
) -> None:
    assert main(["gate", "--run=new", *words]) == 2
    [line] = capsys.readouterr().err.splitlines()
    assert says in line


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ("--scenarios=idle", "FAIL_UNDER= has slow-body, and SCENARIOS= has not"),
        ("--stacks=asgi-uvicorn", f"FAIL_UNDER= has {GTHREAD}, and STACKS= has not"),
    ],
)
def test_limit_of_what_is_not_measured_is_refused_before_it_is(
    reports: Path, capsys: pytest.CaptureFixture[str], words: str, says: str
) -> None:
    assert main(["gate", f"--fail-under={GTHREAD}:slow-body=9", words]) == 2
    assert says in capsys.readouterr().err


def test_job_in_the_documentation_is_understood() -> None:
    """As far as a job can be run here."""
    text = (ROOT / "docs" / "ci.md").read_text()
    [line] = re.findall(r"- run: slowbench (gate .*)", text)
    arguments = _parsed(as_words(shlex.split(line)))
    assert arguments.app == "shop:app"
    assert arguments.upload == "POST /items"
    assert arguments.fail_under == ["slow-body=100"]


@pytest.mark.long
def test_scenario_with_a_limit_is_measured_and_judged(
    reports: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("loadtests.commands.load.REPORTS", reports)
    words = ("--profile=smoke", "--stacks=wsgi-gunicorn-sync")
    status = main(["gate", *words, "--fail-under=slow-headers=2"])
    assert status in (1, 3)  # 3: a noisy machine
    said = capsys.readouterr().out
    assert "wsgi-gunicorn-sync" in said
    assert "slow-headers" in said
    if status == 1:
        assert "held 1" in said
