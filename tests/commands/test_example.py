"""The example: what is kept of a run, and what the README shows of it."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from loadtests.commands import example
from loadtests.commands import readme as readme_command
from loadtests.commands.main import main
from loadtests.records.cell import Capacity, Cell
from loadtests.records.rate import Overload
from loadtests.records.run import ResultError, Run, load_run, save_run
from loadtests.report import reports
from loadtests.report.blocks import Source
from loadtests.report.charts import drawing
from loadtests.report.formats import markdown, readme
from tests import runs
from tests.analysis.test_rates import RATE

PAGE = f"# Title\n\n{readme.BEGIN}\nold\n{readme.END}\n\nthe rest\n"


def kept(root: Path, run: Run) -> Path:
    """A project with that run as its example, as small as can be."""
    folder = root / example.EXAMPLE
    save_run(run, folder)
    for name, text in markdown.render(Source(run)).items():
        (folder / name).write_text(text)
    for picture in filter(None, [drawing.capacity(run)]):
        (folder / picture.file).parent.mkdir()
        (folder / picture.file).write_text("<svg/>")
    (root / "README.md").write_text(PAGE)
    return root / "README.md"


def test_readme_shows_what_the_example_found(tmp_path: Path) -> None:
    page = kept(tmp_path, runs.quick())
    readme_command.renew(tmp_path, check=False)
    text = page.read_text()
    assert text.startswith(
        f"# Title\n\n{readme.BEGIN}\n\nA quick run of 2026-05-09 confirmed 9 of 12 pr"
    )
    assert text.endswith(f"\n\n{readme.END}\n\nthe rest\n")
    assert (
        "\n- **Workers.** Where a client holds one of 2 workers, 2 slow clients "
        "stopped wsgi-gunicorn-sync.\n- **Threads.** "
    ) in text
    assert "](reports/example/charts/capacity.svg)" in text
    assert "| stack | slow-headers | slow-body | slow-read |\n| --- | ---: |" in text
    assert "| wsgi-gunicorn-sync | **out at 2** | **out at 2** | **out at 2** |" in text
    assert "| asgi-uvicorn | held 512 | held 512 | held 512 |" in text
    readme_command.renew(tmp_path, check=True)
    readme_command.renew(tmp_path, check=False)
    assert page.read_text() == text


def test_readme_counts_the_stacks_of_what_was_asked_at_a_rate(tmp_path: Path) -> None:
    fell = Overload(1.5, 216.0, 0.0, {"late": 648}, 12.0, None, 60.0)
    asked = [dataclasses.replace(RATE, stack=name, overloads=[fell]) for name in "abc"]
    page = kept(tmp_path, dataclasses.replace(runs.quick(), rates=asked))
    readme_command.renew(tmp_path, check=False)
    [line] = [x for x in page.read_text().splitlines() if "Requests that wait" in x]
    assert "3 of 3 predictions were confirmed" in line
    assert "Answers fall off a cliff: 3 stacks." in line


def test_readme_says_how_wide_the_predicted_ranges_are(tmp_path: Path) -> None:
    def ranged(stack: str, high: int) -> Cell:
        capacity = Capacity(
            predicted_out_at=100,
            predicted_out_by=high,
            predicted_because="clients fall unevenly",
            predicted_degrades_at=100,
            predicted_degrades_by=100,
            degrades_at=100,
            out_at=100,
            held=99,
        )
        return dataclasses.replace(runs.cell(stack), capacity=capacity)

    made = runs.run([ranged("a", 150), ranged("b", 190), ranged("c", 170)])
    page = kept(tmp_path, made)
    readme_command.renew(tmp_path, check=False)
    said = "3 predictions gave a range, because clients reach the workers unevenly. "
    assert f"{said}Half of these ranges span a factor of 1.7 or less." in (
        page.read_text()
    )


def test_run_of_rates_alone_is_the_example_of_rates() -> None:
    of_cells = dataclasses.replace(runs.quick(), rates=[RATE])
    of_rates = dataclasses.replace(of_cells, cells=[])
    assert example.place(of_cells) == example.EXAMPLE
    assert example.place(of_rates) == example.OF_RATES


def test_check_fails_where_the_readme_shows_something_else(tmp_path: Path) -> None:
    page = kept(tmp_path, runs.quick())
    with pytest.raises(example.ExampleError, match="not what `make readme` writes"):
        readme_command.renew(tmp_path, check=True)
    assert page.read_text() == PAGE


@pytest.mark.parametrize("text", [None, "of an earlier version"])
def test_check_fails_where_the_report_of_the_example_is_stale(
    tmp_path: Path, text: str | None
) -> None:
    kept(tmp_path, runs.quick())
    readme_command.renew(tmp_path, check=False)
    path = tmp_path / example.EXAMPLE / "report.md"
    if text is None:
        path.unlink()
    else:
        path.write_text(text)
    with pytest.raises(example.ExampleError, match=r"report\.md is stale: make report"):
        readme_command.renew(tmp_path, check=True)


def test_check_asks_for_an_example_where_the_readme_shows_one(tmp_path: Path) -> None:
    (tmp_path / "README.md").write_text(PAGE)
    for check in (True, False):
        with pytest.raises(example.ExampleError, match="make example RUN="):
            readme_command.renew(tmp_path, check=check)


def test_readme_without_a_place_is_left_alone(tmp_path: Path) -> None:
    page = kept(tmp_path, runs.quick())
    page.write_text(f"{readme.BEGIN} but no end")
    with pytest.raises(example.ExampleError, match=r"README\.md lacks"):
        readme_command.renew(tmp_path, check=False)
    assert page.read_text() == f"{readme.BEGIN} but no end"


def test_picture_that_is_not_kept_is_missed(tmp_path: Path) -> None:
    kept(tmp_path, runs.quick())
    (tmp_path / example.EXAMPLE / "charts/capacity.svg").unlink()
    with pytest.raises(example.ExampleError, match=r"capacity\.svg is not there"):
        readme_command.renew(tmp_path, check=False)


def test_part_tells_what_is_void_degraded_or_not_as_predicted() -> None:
    cells = [
        runs.cell("a", "idle", answered={0: 150, 4: 90}, predicted=8),
        runs.cell("a", "slow-read", valid=False, faults=runs.facts("busy")),
        runs.cell("b", "idle", answered={0: 150, 4: 0}),
    ]
    part = readme.part(runs.run(cells, complete=False), "here")
    assert "| a | degrades at 4 | void |" in part
    assert "| b | **out at 4** ≠ | – |" in part
    assert "\n\nThis run is not complete" in part
    assert "confirmed 0 of 2 predictions. It refuted 1 and did not test 1 (" in part
    both = "4 slow clients stopped b and 4 slow clients degraded a."
    assert f"\n- **Other stacks.** {both}" in part
    assert "](here/charts/capacity.svg)" in part


def test_part_of_an_empty_run_has_neither_picture_nor_table() -> None:
    part = readme.part(runs.run([]), "here")
    assert "No cell of this run counts" in part
    assert "|" not in part
    assert "![" not in part


@pytest.mark.parametrize(("size", "whole"), [(1000, True), (3_000_000, False)])
def test_example_is_what_a_reader_needs_of_a_run(
    tmp_path: Path, size: int, whole: bool
) -> None:
    run, kept = tmp_path / "run", tmp_path / "example"
    save_run(runs.quick(), run)
    for name in ("report.html", "charts/a.svg", "claims.json", "logs/a.log"):
        (run / name).parent.mkdir(exist_ok=True)
        (run / name).write_text(name)
    (run / "samples/a.1").mkdir(parents=True)
    (run / "samples/a.1/probe.csv").write_text("x" * size)
    save_run(runs.run([]), kept)
    for name in ("old", *example.STAYS):
        (kept / name).touch()
    names = {path.name for path in example.take(run, kept)}
    assert names == {path.name for path in kept.iterdir()}
    expected = {"run.json", "report.html", "charts", "claims.json", *example.STAYS}
    assert names == expected | ({"samples"} if whole else set())
    assert (kept / "charts/a.svg").read_text() == "charts/a.svg"


def test_example_is_not_lost_to_itself_or_to_what_is_no_run(tmp_path: Path) -> None:
    save_run(runs.quick(), tmp_path / "example")
    for itself in ("example", "example/run.json"):
        with pytest.raises(example.ExampleError, match="already"):
            example.take(tmp_path / itself, tmp_path / "example")
    with pytest.raises(ResultError):
        example.take(tmp_path / "nothing", tmp_path / "example")
    assert load_run(tmp_path / "example") == runs.quick()


def test_example_may_be_named_by_its_record(tmp_path: Path) -> None:
    record = save_run(runs.quick(), tmp_path / "run")
    assert example.take(record, tmp_path / "example")
    assert load_run(tmp_path / "example") == runs.quick()
    assert [*tmp_path.glob(".*")] == []


def test_command_that_fails_says_why_in_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(example, "ROOT", tmp_path)
    monkeypatch.setattr(readme_command, "ROOT", tmp_path)
    (tmp_path / "docs").mkdir()
    (tmp_path / "README.md").write_text(PAGE)
    assert main(["readme", "--check"]) == 2
    assert capsys.readouterr().err.startswith("error: reports/example/ is not there")
    save_run(runs.quick(), tmp_path / "run")
    assert main(["example", str(tmp_path / "run")]) == 0
    assert capsys.readouterr().out == "reports/example/run.json\n"
    reports.write(runs.quick(), tmp_path / example.EXAMPLE)
    assert main(["readme"]) == main(["readme", "--check"]) == 0
