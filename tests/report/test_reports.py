"""The files of a report: whole or not at all."""

from __future__ import annotations

import errno
from pathlib import Path

import pytest

from loadtests.commands.main import main
from loadtests.records.run import save_run
from loadtests.report import reports
from loadtests.report.blocks import Source
from loadtests.report.formats import charts, markdown
from loadtests.report.sections.finding import sentences
from tests import runs
from tests.report.shown import rendered, sync_out


def test_report_writes_its_files_whole(tmp_path: Path) -> None:
    run = runs.run([sync_out(), runs.cell()])
    written = reports.write(run, tmp_path)
    names = {str(path.relative_to(tmp_path)) for path in written}
    assert {"report.md", "charts/capacity.svg", "charts/fates.svg"} <= names
    assert not list(tmp_path.rglob(".*"))
    text = (tmp_path / "report.md").read_text()
    for path in written:
        if path.suffix == ".svg":
            assert f"({path.relative_to(tmp_path)})" in text


def test_run_without_a_cell_that_counts_says_so() -> None:
    void = runs.cell(valid=False, faults=runs.facts("lag p99 9 ms"))
    run = runs.run([void], complete=False)
    assert sentences(run) == [
        "No cell of this run counts, so the run says nothing about any stack."
    ]
    text = markdown.render(Source(run))["report.md"]
    assert "This run is not complete" in text
    assert "lag p99 9 ms" in text
    assert "## Response times of" not in text
    assert charts.render(Source(run)) == {}
    assert "Void" in rendered(run)


def test_write_that_fails_leaves_nothing_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "report.md").write_text("old")

    def full_disk(*_: object) -> None:
        raise OSError(errno.ENOSPC, "no space left")

    monkeypatch.setattr(Path, "replace", full_disk)
    with pytest.raises(OSError, match="no space left") as refused:
        reports.write(runs.run([]), tmp_path)
    assert refused.value.filename == str(tmp_path / "report.md")
    assert [path.name for path in tmp_path.iterdir()] == ["report.md"]
    assert (tmp_path / "report.md").read_text() == "old"


def test_report_follows_no_link_out_of_its_folder(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder, elsewhere = tmp_path / "run", tmp_path / "elsewhere"
    save_run(runs.run([sync_out(), runs.cell()]), folder)
    elsewhere.mkdir()
    (folder / "charts").symlink_to(elsewhere)
    assert main(["report", str(folder)]) == 2
    says = f"error: {folder / 'charts'}: a link, which may lead anywhere; remove it\n"
    assert capsys.readouterr().err == says
    assert not list(elsewhere.iterdir())


def test_report_command_prints_the_short_form_and_writes_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    save_run(runs.quick(), tmp_path)
    assert main(["report", str(tmp_path), "--markdown"]) == 0
    assert capsys.readouterr().out == reports.summary(runs.quick())
    assert [path.name for path in tmp_path.iterdir()] == ["run.json"]
