"""Reports of made-up runs: they say what is in the run, safely, and nothing else."""

from __future__ import annotations

import dataclasses
import io
import re
import shlex
import xml.etree.ElementTree as ElementTree
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from loadtests.analysis.outcomes import outcomes
from loadtests.analysis.predictions import (
    PARTLY,
    Prediction,
    predicted_out,
    predicted_to_degrade,
    verdict,
)
from loadtests.commands.main import main
from loadtests.records.facts import TIMES, fact
from loadtests.records.run import (
    Capacity,
    Cell,
    Fates,
    Run,
    ServerFigures,
    Step,
    save_run,
)
from loadtests.report import prose, reports, said
from loadtests.report.blocks import Source
from loadtests.report.charts import drawing
from loadtests.report.charts.panel import LABEL_GAP, Panel
from loadtests.report.charts.style import dodged, looks, place, predicted
from loadtests.report.formats import charts, html, markdown, syntax
from loadtests.report.sections import capacity, commands, costs, method, response_times
from loadtests.report.sections.finding import sentences
from loadtests.report.values import written
from loadtests.report.words import figure, listed, percent, plain
from tests import runs

EVIL = "<script>|`x`*\x1b[31m../\n#"
SVG = "{http://www.w3.org/2000/svg}"


def sync_out(repeat: int = 1, predicted: int = 2) -> Cell:
    return runs.cell(
        "wsgi-gunicorn-sync",
        repeat=repeat,
        answered={0: 150, 1: 150, 2: 0, 512: 0},
        predicted=predicted,
        recovery_s=0.01,
    )


def rendered(run: Run, width: int = 80) -> str:
    console = Console(width=width, no_color=True, record=True, file=io.StringIO())
    console.print(reports.table(run))
    return console.export_text()


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


def test_charts_have_marks_and_name_every_stack() -> None:
    run = runs.run(c for c in runs.quick().cells if c.scenario == "slow-body")
    stacks = {cell.stack for cell in run.cells}
    for file, text in charts.render(Source(run)).items():
        root = ElementTree.fromstring(text)
        words = " ".join(root.itertext())
        marks = [e for e in root.iter(f"{SVG}path") if e.get("d")]
        assert len(marks) > len(stacks), file
        assert all(stack in words for stack in stacks), file
        assert 'fill="#ffffff"' in text, "dark pages need a light ground"


@pytest.mark.parametrize(
    ("low", "high", "answered", "says"),
    [
        (2, None, {0: 150, 2: 0}, "confirmed"),
        (3, None, {0: 150, 2: 150, 4: 0}, "confirmed"),
        (2, None, {0: 150, 2: 150, 4: 0}, "refuted"),
        (4, None, {0: 150, 2: 0, 4: 0}, "refuted"),
        (16, 32, {0: 150, 16: 80, 32: 0}, "confirmed"),
        (16, 32, {0: 150, 16: 0, 32: 0}, "confirmed"),
        (16, 30, {0: 150, 16: 80, 32: 0}, "confirmed"),
        (16, 32, {0: 150, 15: 0, 32: 0}, "refuted"),
        (16, 32, {0: 150, 16: 80, 32: 80, 64: 0}, "refuted"),
        (2000, None, {0: 150, 512: 150}, "not tested"),
        (2000, None, {0: 150, 512: 0}, "refuted"),
        (None, None, {0: 150, 512: 150}, "confirmed"),
        (None, None, {0: 150, 512: 0}, "refuted"),
    ],
)
def test_verdict_compares_with_the_steps_there_were(
    low: int | None, high: int | None, answered: dict[int, int], says: str
) -> None:
    cell = runs.cell(answered=answered, predicted=low)
    capacity = dataclasses.replace(cell.capacity, predicted_out_by=high)
    assert verdict(dataclasses.replace(cell, capacity=capacity)) == says


@pytest.mark.parametrize(
    ("low", "high", "answered", "says"),
    [
        (8, 15, {0: 150, 8: 150, 15: 80, 32: 0}, "confirmed"),
        (8, 15, {0: 150, 8: 80, 15: 80, 32: 0}, "confirmed"),
        (8, 15, {0: 150, 4: 80, 15: 80, 32: 0}, "refuted"),
        (8, 15, {0: 150, 8: 150, 15: 150, 16: 80, 32: 0}, "refuted"),
        (None, None, {0: 150, 32: 0}, "refuted"),
        (2000, 2000, {0: 150, 32: 0}, "refuted"),
    ],
)
def test_verdict_is_on_the_first_harm_too_where_that_was_predicted(
    low: int | None, high: int | None, answered: dict[int, int], says: str
) -> None:
    cell = runs.cell(answered=answered, predicted=16)
    predicted: dict[str, Any] = {
        "predicted_out_by": 32,
        "predicted_degrades_at": low,
        "predicted_degrades_by": high,
        "predicted_because": "it holds a thread",
    }
    capacity = dataclasses.replace(cell.capacity, **predicted)
    assert verdict(dataclasses.replace(cell, capacity=capacity)) == says
    assert predicted_to_degrade(capacity) == Prediction(low, high)
    assert predicted_to_degrade(cell.capacity) is None


def test_reasons_of_predictions_name_whom_they_are_given_for() -> None:
    def held(stack: str, scenario: str, because: str) -> Cell:
        cell = runs.cell(stack, scenario)
        said = dataclasses.replace(cell.capacity, predicted_because=because)
        return dataclasses.replace(cell, capacity=said)

    cells = [
        held("a", "idle", "a thread"),
        held("a", "slow-read", "a thread"),
        held("b", "idle", "a socket"),
        held("b", "slow-read", "a thread"),
        runs.cell("c", "idle"),
    ]
    assert capacity.reasons(runs.run(cells)) == {
        "a; b (slow-read)": "a thread",
        "b (idle)": "a socket",
    }
    assert "a; b (slow-read)" in html.render(Source(runs.run(cells)))[reports.PAGE]
    assert (
        "- b (idle): a socket." in markdown.render(Source(runs.run(cells)))["report.md"]
    )


@pytest.mark.parametrize(
    ("low", "high", "says"),
    [(None, None, "not reached"), (2, None, "2"), (2, 2, "2"), (16, 32, "16 to 32")],
)
def test_prediction_reads_as_it_was_made(
    low: int | None, high: int | None, says: str
) -> None:
    made = predicted_out(Capacity(low, None, None, None, high))
    assert said.prediction(made) == says
    assert said.prediction(None) == "–"


def degraded_against_all_predictions() -> Cell:
    cell = runs.cell(answered={0: 150, 4: 100})
    said = dataclasses.replace(cell.capacity, predicted_because="a socket")
    return dataclasses.replace(cell, capacity=said)


@pytest.mark.parametrize(
    ("cell", "says"),
    [
        (sync_out(), "out at 2 slow clients (predicted 2)"),
        (runs.cell(), "unharmed up to 512 (as predicted)"),
        (
            runs.cell(answered={0: 150, 4: 0}),
            "out at 4 slow clients (predicted: not reached)",
        ),
        (
            degraded_against_all_predictions(),
            "degraded at 4, not out at 4 slow clients (predicted: not reached)",
        ),
        (
            runs.cell(answered={0: 150, 4: 100}, predicted=4),
            "degraded at 4, not out at 4 slow clients (predicted 4)",
        ),
        (runs.cell(valid=False, faults=runs.facts("late\x1b[2J")), "void: late"),
    ],
)
def test_line_of_a_cell_says_what_was_found(cell: Cell, says: str) -> None:
    line = reports.cell_line(cell).plain
    assert line.startswith(f"{cell.stack}")
    assert line.endswith(f"slow-body     {says}")


def test_finding_tells_what_degraded_without_being_out() -> None:
    worse = runs.cell("b", answered={0: 150, 4: 90, 512: 80}, predicted=4)
    said = sentences(runs.run([worse]))
    assert said == [
        "No stack was out at any step, up to 512 slow clients.",
        "b degraded from 4 slow clients under slow-body, but was not out. b answered "
        "the smallest share of healthy requests: 53.3 % at 512 slow clients under "
        "slow-body.",
        "No stack kept 99 % of healthy requests answered up to its largest step.",
        "The measurement confirmed 0 of 1 prediction. It refuted 1. b under slow-body "
        "was predicted to be out at 4, but degraded at 4 and was not out.",
    ]


def test_finding_counts_what_it_does_not_name() -> None:
    wrong = [sync_out(predicted=1)]
    wrong += [runs.cell(f"b{n}", predicted=n) for n in (5, 6, 7)]
    some = [runs.cell("c", repeat=1), runs.cell("c", repeat=2, answered={0: 150, 4: 0})]
    beyond = runs.cell("d", predicted=2000)
    said = sentences(runs.run([*wrong, *some, beyond]))[2]
    assert "refuted 4. wsgi-gunicorn-sync under slow-body was predicted" in said
    assert (
        "b6 under slow-body was predicted to be out at 6, but was unharmed. Others "
        "missed too." in said
    )
    assert "confirmed 1 in some repeats only: c under slow-body." in said
    assert "did not test 1, above the last step" in said


def known(slow_clients: int, p50_ms: float, low: float, high: float | None) -> Step:
    """A step whose p50 has an interval."""
    plain = runs.step(slow_clients, 149, p50_ms)
    return dataclasses.replace(plain, p50_low_ms=low, p50_high_ms=high)


def test_finding_gives_response_time_and_memory() -> None:
    slower = runs.cell(steps=[known(0, 1.5, 1.2, 1.7), known(512, 4.25, 3.5, None)])
    cheap = dataclasses.replace(slower.server, kb_per_slow_client=2.0)
    said = sentences(runs.run([slower, runs.cell("b", server=cheap)]))
    assert "The lowest share was 99.3 %." in said[1]
    assert (
        "of asgi-uvicorn under slow-body changed most: from 1.5 ms (1.2 to" in said[3]
    )
    assert "to 4.2 ms (3.5 or more) at 512 slow clients (95 %" in said[3]
    assert "between 2.0 kB (b under slow-body) and 12 kB (asgi-uvicorn" in said[4]


def test_finding_takes_no_noise_for_a_change() -> None:
    noise = runs.cell("a", steps=[known(0, 1.5, 1.2, 1.9), known(512, 2.0, 1.8, 2.4)])
    unknown = runs.cell("b", steps=[runs.step(0), runs.step(512, p50_ms=90.0)])
    said = sentences(runs.run([noise, unknown]))
    assert said[3] == (
        "Where nothing degraded, no p50 response time moved by 1 ms and beyond its "
        "95 % interval between the baseline and the largest step. The slowest p50 was "
        "2.0 ms (1.8 to 2.4), of a under slow-body."
    )


def test_finding_gives_no_memory_of_clients_that_were_not_accepted() -> None:
    nothing = dataclasses.replace(runs.cell().server, kb_per_slow_client=0.0)
    waiting = dataclasses.replace(sync_out(), server=nothing)
    dear = dataclasses.replace(nothing, kb_per_slow_client=20.0)
    held = [runs.cell("a"), runs.cell("b", server=dear)]
    said = sentences(runs.run([waiting, *held]))
    assert not any("sync" in sentence for sentence in said[3:])
    assert "between 12 kB (a under slow-body) and 20 kB (b under slow-body)" in said[-1]


def test_finding_names_the_scenario_that_is_missing() -> None:
    cells = [runs.cell("a", name) for name in ("x", "y", "z", "idle")]
    cells += [runs.cell("b", name) for name in ("x", "y", "z")]
    (said,) = [s for s in sentences(runs.run(cells)) if "at least 99 %" in s]
    assert "So did b under every scenario but idle." in said


def test_finding_counts_the_groups_that_it_does_not_name() -> None:
    cells = [runs.cell(f"s{n}", answered={0: 150, n: 0}) for n in range(1, 9)]
    said = sentences(runs.run(cells))[0]
    assert said.startswith("s1 was out at 1 slow client under slow-body. s2 was out")
    assert said.endswith("under slow-body. So were 2 more groups at higher numbers.")


def test_finding_leaves_out_what_was_not_measured() -> None:
    only = runs.cell(steps=[runs.step(8, p50_ms=None)])
    assert len(sentences(runs.run([only]))) == 3
    assert not any("response-time" in p.file for p in drawing.plan(runs.run([only])))


@pytest.mark.parametrize("width", [80, 120])
def test_table_fits_the_terminal(width: int) -> None:
    text = rendered(runs.quick(), width)
    assert max(map(len, text.splitlines())) <= width
    assert "…" not in text
    assert "wsgi-gunicorn-gthread" in text


def test_finding_follows_from_the_figures() -> None:
    said = " ".join(sentences(runs.run([sync_out(), runs.cell()])))
    assert "wsgi-gunicorn-sync was out at 2 slow clients" in said
    assert "asgi-uvicorn kept at least 99 %" in said
    assert "confirmed 2 of 2 predictions" in said
    other = " ".join(sentences(runs.run([sync_out(predicted=1)])))
    assert "refuted 1. wsgi-gunicorn-sync under slow-body was predicted to be" in other


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


def test_void_cells_stay_out_of_the_figures() -> None:
    void = dataclasses.replace(sync_out(2), valid=False, faults=runs.facts("busy"))
    (outcome,) = outcomes(runs.run([runs.cell("wsgi-gunicorn-sync"), void]))
    assert outcome.unharmed


def test_repeats_are_pooled_and_their_spread_is_told() -> None:
    later = runs.cell(
        "wsgi-gunicorn-sync",
        repeat=3,
        answered={0: 150, 1: 150, 2: 150, 512: 0},
        predicted=2,
    )
    run = runs.run([sync_out(1), sync_out(2), later])
    (outcome,) = outcomes(run)
    assert said.reached(outcome.out_at) == "2 (2 to 512 over 3 repeats)"
    assert outcome.verdict == PARTLY
    assert said.verdict(outcome) == "confirmed in 2 of 3 repeats"
    assert outcome.steps[0].attempted == 450


def test_repeats_that_differ_say_which_reached_a_step() -> None:
    out = {0: 150, 4: 0}
    some = [runs.cell(repeat=n, answered=out) for n in (1, 2)]
    (outcome,) = outcomes(runs.run([*some, runs.cell(repeat=3)]))
    assert said.reached(outcome.out_at) == "4 in 2 of 3 repeats"
    assert outcome.recovery_s is None
    assert "not within 3 s" in markdown.render(Source(runs.run(some)))["report.md"]


def test_sections_without_data_are_left_out() -> None:
    server = ServerFigures(None, None, None, None, restarts=0)
    bare = runs.cell(server=server, fates=Fates())
    text = markdown.render(Source(runs.run([bare])))["report.md"]
    for absent in ("cost", "What became", "Recovery", "Void", "Warnings", "fates.svg"):
        assert absent not in text
    doubtful = runs.cell(doubts=runs.facts("a | b"), repeat=2)
    text = markdown.render(Source(runs.run([bare, doubtful])))["report.md"]
    assert (
        "### Counted, with a warning\n\n- asgi-uvicorn, slow-body, repeat 2: a \\| b\n"
        in text
    )
    assert "2 repeats: " in text


def test_commands_are_exact() -> None:
    argv = ["python", "-c", "print('```')", "a b"]
    text = markdown.render(Source(runs.run([runs.cell(argv=argv)])))["report.md"]
    (block,) = re.findall("\n````sh\n(.*?)\n````\n", text, re.DOTALL)
    command = block.splitlines()[1]
    assert shlex.split(command) == argv


def test_write_that_fails_leaves_nothing_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "report.md").write_text("old")

    def full_disk(*_: object) -> None:
        raise OSError("no space left")

    monkeypatch.setattr(Path, "replace", full_disk)
    with pytest.raises(OSError, match="no space left"):
        reports.write(runs.run([]), tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["report.md"]
    assert (tmp_path / "report.md").read_text() == "old"


def test_stacks_beyond_the_palette_still_differ() -> None:
    names = [f"{kind}-{n}" for kind in ("wsgi", "asgi") for n in range(8)]
    seen = {(k.colour, *k.dash, k.shape) for k in looks([*names, "other"]).values()}
    assert len(seen) == 17


def test_names_and_messages_come_out_as_text() -> None:
    cells = [
        runs.cell(EVIL, EVIL),
        runs.cell("b", EVIL, valid=False, faults=runs.facts(EVIL)),
    ]
    run = runs.run(cells, id=EVIL)
    text = markdown.render(Source(run))["report.md"] + reports.summary(run)
    assert "\x1b" not in text
    assert "\\<script\\>\\|\\`x\\`\\*../ \\#" in text
    assert "<script>" not in text.split("```")[0]
    for svg in charts.render(Source(run)).values():
        assert "<script>" not in svg
        ElementTree.fromstring(svg)
    assert "\x1b" not in rendered(run)


@pytest.mark.parametrize(
    ("given", "written"),
    [
        ("by @ada and (@bob-2)", "by @<!-- -->ada and (@<!-- -->bob-2)"),
        (
            "fixes #12, x/y#3, GH-4, !5",
            r"fixes \#<!-- -->12, x/y\#<!-- -->3, GH-<!-- -->4, !<!-- -->5",
        ),
        ("ada@example.org, # 1, a @ b, wow!", r"ada@example.org, \# 1, a @ b, wow!"),
    ],
)
def test_markdown_calls_no_one_and_refers_to_no_issue(given: str, written: str) -> None:
    assert syntax.text(given) == written
    assert written in reports.summary(runs.run([runs.cell()], profile=given))


def test_file_names_of_charts_stay_in_their_folder() -> None:
    run = runs.run([runs.cell(scenario="../../etc"), runs.cell(scenario="etc")])
    files = [p.file for p in drawing.plan(run) if "answered" in p.file]
    assert files == ["charts/answered-etc.svg", "charts/answered-etc-2.svg"]


@pytest.mark.parametrize(
    ("part", "whole", "says"),
    [(0, 0, "–"), (0, 9, "0.0 %"), (1, 2000, "< 0.1 %"), (1999, 2000, "99.9 %")],
)
def test_percent_is_rounded_down(part: int, whole: int, says: str) -> None:
    assert percent(part, whole) == says


def test_figures_and_lists_read_well() -> None:
    assert [figure(v, "ms") for v in (None, 1.26, 12.6, 1234.5)] == [
        *("–", "1.3 ms", "13 ms"),
        "1,234 ms",
    ]
    assert listed([]) == ""
    assert listed(["a", "b", "c"]) == "a, b and c"
    assert listed(["a", "b", "c"], 2) == "a, b and 1 more"
    assert plain("a\ud800\x07b\x1b]0;t\x07\tc") == "a��b c"


def test_labels_give_way_to_each_other() -> None:
    given = dodged([0, 0, 95], gap=10, bottom=100)
    assert given == [0, 10, 95]
    assert dodged([99, 100], gap=10, bottom=100) == [90, 100]
    assert [place(n, [0, 2, 4]) for n in (0, 1, 4, 9)] == [0, 0.5, 2, 3]


def test_names_of_lines_that_end_early_do_not_overlap() -> None:
    ends = [runs.step(8), runs.step(16, p50_ms=None)]
    low = [runs.cell(name, steps=ends) for name in ("a", "b", "c")]
    high = runs.cell("d", steps=[runs.step(8, p50_ms=900.0)])
    panel = Panel(
        outcomes(runs.run([*low, high])),
        looks("abcd"),
        lambda step: step.p50_ms,
        bottom=1,
        top=1000,
        height=210,
        log=True,
    )
    labels = sorted(panel.pixel(row["label_y"]) for row in panel.early_ends())
    assert all(b - a >= LABEL_GAP - 0.01 for a, b in pairwise(labels))
    assert panel.ends() == []


def test_charts_mark_both_ends_of_a_predicted_range() -> None:
    cell = runs.cell(answered={0: 150, 4: 150, 16: 80, 32: 0}, predicted=16)
    ranged = dataclasses.replace(cell.capacity, predicted_out_by=32)
    one = runs.cell("b", answered={0: 150, 4: 0, 32: 0}, predicted=4)
    run = runs.run([dataclasses.replace(cell, capacity=ranged), one])
    (shown,) = [p for p in drawing.plan(run) if "answered" in p.file]
    assert "not out" not in shown.alternative
    assert "out at 32, predicted 16 to 32." in shown.alternative
    layers = drawing.specification(shown)["layer"]
    (triangles,) = [s for s in layers if s["mark"].get("shape") == "triangle-down"]
    marked = sorted((r["stack"], r["x"]) for r in triangles["data"]["values"])
    assert marked == [("asgi-uvicorn", 2), ("asgi-uvicorn", 3), ("b", 1)]
    (bar,) = [s for s in layers if s["encoding"].get("x2") == {"field": "until"}]
    assert [(r["x"], r["until"]) for r in bar["data"]["values"]] == [(2, 3)]


def test_range_that_leaves_the_staircase_is_marked_as_far_as_that_goes() -> None:
    assert predicted(Prediction(16, 1000), [0, 16, 32]) == {
        "x": 1,
        "until": 2,
        "within": False,
    }
    assert predicted(Prediction(64, 128), [0, 16, 32]) is None
    assert predicted(Prediction(None, None), [0, 16, 32]) is None


def test_method_says_in_which_order_the_cells_were_measured() -> None:
    def said(run: Run) -> str:
        return prose.text(prose.joined(method.lines(run)))

    assert "measured in the order of the tables." in said(runs.quick())
    assert "measured in shuffled order, seed 7." in said(runs.full(repeats=2))
    assert "the server has core 1" in said(
        dataclasses.replace(
            runs.quick(),
            method=dataclasses.replace(
                runs.METHOD, cores="the server has core 1, the load generator core 0"
            ),
        )
    )


@pytest.mark.parametrize(
    ("argv", "says"),
    [
        (["load", "--stacks", "a"], "python -m loadtests load --stacks a --seed 7"),
        (["load", "--seed", "3"], "python -m loadtests load --seed 3"),
        (["load", "--seed=3"], "python -m loadtests load --seed=3"),
        (["load", "--resume", "x"], "make load PROFILE=quick"),
        (["load", "--resume=x"], "make load PROFILE=quick"),
        ([], "make load PROFILE=quick"),
    ],
)
def test_command_to_repeat_measures_the_same(argv: list[str], says: str) -> None:
    assert commands.again(runs.run([], argv=argv)) == says


def test_times_that_are_doubtful_are_marked_and_left_out_of_the_finding() -> None:
    steps = [known(0, 1.5, 1.2, 1.7), known(512, 4.25, 3.5, None)]
    sure = runs.run([runs.cell(steps=steps)])
    doubt = fact(TIMES, stolen_percent=9, lag_p99_ms=6)
    unsure = runs.run([runs.cell(steps=steps, doubts=[doubt])])
    assert any("p50 response time" in sentence for sentence in sentences(sure))
    assert not any("p50 response time" in sentence for sentence in sentences(unsure))
    rows = response_times.table(unsure).rows
    assert {written(row["stack"])[-2:] for row in rows} == {" ?"}


def test_memory_of_a_slow_client_is_not_told_where_the_stack_was_out() -> None:
    for cell, told in ((runs.cell(), "12"), (sync_out(), "–")):
        (row,) = costs.table(runs.run([cell])).rows
        assert written(row["slow_client"]) == told


def test_reasons_are_left_out_where_no_cell_has_one() -> None:
    assert capacity.reasons(runs.quick()) == {}


def test_finding_sums_up_a_stack_over_scenarios_and_repeats() -> None:
    def out(stack: str, scenario: str, at: int, repeat: int = 1) -> Cell:
        answered = {0: 150, 15: 150, at: 0, 512: 0}
        return runs.cell(stack, scenario, repeat=repeat, answered=answered)

    cells = [out("a", "idle", 16), out("a", "slow-read", 32), out("b", "idle", 32)]
    cells += [out("b", "slow-read", 16), out("b", "slow-read", 32, repeat=2)]
    assert sentences(runs.run(cells))[0] == (
        "a and b were out at 16 to 32 slow clients under every scenario."
    )


def test_report_command_prints_the_short_form_and_writes_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    save_run(runs.quick(), tmp_path)
    assert main(["report", str(tmp_path), "--markdown"]) == 0
    assert capsys.readouterr().out == reports.summary(runs.quick())
    assert [path.name for path in tmp_path.iterdir()] == ["run.json"]


def test_chart_of_fates_leaves_out_where_all_were_held() -> None:
    held = runs.cell("a", fates=Fates(held=512))
    closed = runs.cell("b", fates=Fates(held=2, closed=3))
    files = [picture.file for picture in drawing.plan(runs.run([held]))]
    assert "charts/fates.svg" not in files
    assert (
        "held every slow client until it left"
        in html.render(Source(runs.run([held])))[reports.PAGE]
    )
    shown = drawing.plan(runs.run([held, closed]))[-1]
    assert shown.file == "charts/fates.svg"
    stacks = {row["stack"] for row in rows_of(drawing.specification(shown))}
    assert stacks == {"b"}


def rows_of(spec: Any) -> list[dict[str, Any]]:
    """Whatever rows there are in a chart."""
    if isinstance(spec, list):
        return [row for part in spec for row in rows_of(part)]
    if not isinstance(spec, dict):
        return []
    own = spec.get("data", {}).get("values", [])
    rest = [row for key, part in spec.items() if key != "data" for row in rows_of(part)]
    return [*own, *rest]


@pytest.mark.parametrize(
    ("low", "high", "says"),
    [
        (None, None, "predicted to be unharmed, but degraded at 4 and was out at 8"),
        (8, 15, "predicted to degrade at 8 to 15 and be out at 16, but degraded at 4"),
    ],
)
def test_finding_tells_a_missed_prediction_of_the_first_harm(
    low: int | None, high: int | None, says: str
) -> None:
    cell = runs.cell(answered={0: 150, 4: 90, 8: 0}, predicted=low and 16)
    capacity = dataclasses.replace(
        cell.capacity,
        predicted_degrades_at=low,
        predicted_degrades_by=high,
        predicted_because="it holds a thread",
    )
    said = sentences(runs.run([dataclasses.replace(cell, capacity=capacity)]))
    assert any(says in sentence for sentence in said)
