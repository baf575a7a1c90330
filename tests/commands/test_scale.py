"""`make scale`: from runs of one's own, and the page of those that are kept."""

from __future__ import annotations

import dataclasses
import errno
from pathlib import Path

import pytest

from loadtests import ROOT
from loadtests.commands import scale
from loadtests.commands.example import EXAMPLE
from loadtests.commands.main import main
from loadtests.records.run import load_run, save_run
from loadtests.report.formats import readme
from tests import runs, thousands

MARKED = "".join(
    f"{mark}\n{readme.END}\n\n" for mark in (scale.ANSWER, scale.SET, scale.CHECKED)
)
PAGE = f"# Scale\nbefore\n{MARKED}after\n"


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project with two runs and a page without figures."""
    monkeypatch.setattr(scale, "ROOT", tmp_path)
    (tmp_path / "docs").mkdir()
    (tmp_path / scale.PAGE).write_text(PAGE)
    for name, run in zip(("small", "large"), thousands.small_and_large(), strict=True):
        save_run(run, tmp_path / name)
    return tmp_path


def named(root: Path) -> str:
    return f"--runs={root / 'small'},{root / 'large'}"


def test_page_is_what_the_kept_runs_say() -> None:
    scale.renew(ROOT, check=True)


def test_answer_is_printed_for_as_many_as_are_asked_for(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["scale", named(root), "--clients=200000"]) == 0
    printed = capsys.readouterr().out
    assert "200,000 slow clients of asgi-uvicorn" in printed
    assert "Measured and simulated" in printed
    assert "\nLimitNOFILE=" in printed
    assert (root / scale.PAGE).read_text() == PAGE


def test_runs_are_kept_and_the_page_is_made_from_them(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (root / scale.KEPT / "3").mkdir(parents=True)
    save_run(runs.quick(), root / EXAMPLE)
    assert main(["scale", named(root), "--keep"]) == 0
    assert capsys.readouterr().out.splitlines()[-1] == "docs/scale.md"
    assert [path.name for path in sorted((root / scale.KEPT).iterdir())] == ["1", "2"]
    page = (root / scale.PAGE).read_text()
    assert page.startswith(f"# Scale\nbefore\n{scale.ANSWER}\n\nWhat ends a machine")
    assert f"{scale.SET}\n\n```sh\n# a machine of 32 GB with" in page
    assert "### 1,000,000 slow clients\n\n| slow clients |" in page
    assert page.endswith(f"{readme.END}\n\nafter\n")
    scale.renew(root, check=True)
    assert main(["scale"]) == 0
    (root / scale.PAGE).write_text(PAGE)
    with pytest.raises(scale.ScaleError, match="not what `make readme` writes"):
        scale.renew(root, check=True)
    scale.renew(root, check=False)
    assert (root / scale.PAGE).read_text() == page


def test_what_is_kept_of_a_run_is_small(root: Path) -> None:
    path = ROOT / "reports/example/run.json"
    whole = load_run(path)
    assert any(cell.history for cell in whole.cells)
    small = scale._small(whole)
    assert not any(cell.history for cell in small.cells)
    assert len(small.cells) == len(whole.cells)
    kept = save_run(small, root / "kept")
    assert kept.stat().st_size < 0.8 * path.stat().st_size


def test_project_without_kept_runs_has_no_page_to_renew(tmp_path: Path) -> None:
    scale.renew(tmp_path, check=True)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--keep"], "KEEP= keeps runs: name them with RUNS=<run>,<run>"),
        (["--keep", "--seed=0"], "KEEP= writes one page: leave STACK=, CLIENTS= and "),
        (
            ["--keep", "--clients=5"],
            "KEEP= writes one page: leave STACK=, CLIENTS= and",
        ),
        (["--keep", "--stack=asgi-uvicorn"], "KEEP= writes one page: leave STACK=, "),
        (["--stack=asgi-daphne"], "no run held 5,000 slow clients of asgi-daphne: "),
        (["--stack=asgi-uvicon"], "no stack 'asgi-uvicon': did you mean asgi-uvicorn?"),
        (
            ["--stack=asgi-granian"],
            "no run held 5,000 slow clients of asgi-granian: "
            "make load PROFILE=c10k STACKS=asgi-granian@backpressure=11900, then ",
        ),
        (
            ["--stack=wsgi-uvicorn"],
            "no run held 5,000 slow clients of wsgi-uvicorn: "
            "make load PROFILE=c10k STACKS=wsgi-uvicorn, then ",
        ),
        (
            ["--stack=wsgi-gunicorn-gthread"],
            "wsgi-gunicorn-gthread holds too few: each slow client takes a thread, and "
            "16 take it out; make scale needs 5,000",
        ),
        (["--stack=asgi-uvicorn-h2"], "asgi-uvicorn-h2 cannot be measured: "),
        ([], "no run held 5,000 slow clients of asgi-uvicorn: "),
        (["--clients=0"], "--clients 0: a count of slow clients is a number from 1"),
        (["--runs=nothing"], "no run 'nothing': "),
    ],
)
def test_what_says_nothing_of_scale_is_one_line(
    root: Path, words: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["scale", *words]) == 2
    error = capsys.readouterr().err
    assert error.startswith(f"error: {said}")
    assert error.count("\n") == 1


def test_id_with_options_names_the_stack_that_was_measured(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    named_id = "asgi-granian@backpressure=11900"
    save_run(thousands.run(thousands.cell(stack=named_id)), root / "granian")
    for stack in (named_id, "asgi-granian"):
        runs_of_it = f"--runs={root / 'granian'}"
        assert main(["scale", runs_of_it, f"--stack={stack}"]) == 0
        printed = capsys.readouterr().out
        assert "1,000,000 slow clients of asgi-granian have room" in printed
        assert "Nothing of this is checked" in printed


def test_server_that_fills_a_machine_without_clients_is_one_line(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    figures = dataclasses.replace(
        thousands.cell().server, rss_idle_mb=12_800.0, rss_peak_mb=12_900.0
    )
    save_run(thousands.run(thousands.cell(server=figures)), root / "huge")
    assert main(["scale", f"--runs={root / 'huge'}"]) == 2
    assert capsys.readouterr().err == (
        "error: 8 workers of asgi-uvicorn take 50 GB before any client: no machine of "
        "32 GB has room for one\n"
    )


def test_disk_that_is_full_keeps_what_was_kept(
    root: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["scale", named(root), "--keep"]) == 0
    page = (root / scale.PAGE).read_bytes()

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "no space left")

    monkeypatch.setattr(scale, "save_run", full)
    assert main(["scale", f"--runs={root / 'small'}", "--keep"]) == 2
    assert capsys.readouterr().err.startswith("error: no space left")
    assert len([*(root / scale.KEPT).iterdir()]) == 2
    assert (root / scale.PAGE).read_bytes() == page


def test_page_without_a_mark_is_an_error_and_keeps_what_was_kept(root: Path) -> None:
    assert main(["scale", named(root), "--keep"]) == 0
    (root / scale.PAGE).write_text("# Scale\n")
    assert main(["scale", f"--runs={root / 'small'}", "--keep"]) == 2
    assert len([*(root / scale.KEPT).iterdir()]) == 2
    with pytest.raises(scale.ScaleError, match="lacks"):
        scale.renew(root, check=True)
