"""Charts: what is drawn, where, and under which file name."""

from __future__ import annotations

import dataclasses
import io
import json
import runpy
import signal
import subprocess
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterable
from typing import Any

import pytest

from loadtests.records.cell import Cell, Fates
from loadtests.report import reports
from loadtests.report.blocks import Source
from loadtests.report.charts import axis, drawing, engine, style
from loadtests.report.charts.style import looks
from loadtests.report.formats import charts, html
from loadtests.report.picture import Picture
from tests import recorded, runs
from tests.report.shown import drawn

SVG = "{http://www.w3.org/2000/svg}"


def test_charts_have_marks_and_names_of_stacks() -> None:
    run = runs.run(c for c in runs.quick().cells if c.scenario == "slow-body")
    stacks = {cell.stack for cell in run.cells}
    for file, text in charts.render(Source(run)).items():
        root = ElementTree.fromstring(text)
        words = " ".join(root.itertext())
        marks = [e for e in root.iter(f"{SVG}path") if e.get("d")]
        assert len(marks) > len(stacks), file
        assert any(stack in words for stack in stacks), file
        assert 'fill="#ffffff"' in text, "dark pages need a light ground"


def test_stacks_beyond_the_palette_still_differ() -> None:
    names = [f"{kind}-{n}" for kind in ("wsgi", "asgi") for n in range(8)]
    seen = {(k.colour, k.shape) for k in looks([*names, "other"]).values()}
    assert len(seen) == 17


def test_axis_is_logarithmic_with_a_place_for_none() -> None:
    assert [axis.place(n) for n in (0, 1, 3, 7, 2047)] == [0, 1, 2, 3, 11]


@pytest.mark.parametrize(
    ("top", "width", "shown"),
    [
        (0, 560, [0]),
        (1, 560, [0, 1]),
        (2, 560, [0, 1, 2]),
        (128, 560, [0, 1, 2, 4, 8, 16, 32, 64, 128]),
        (130, 560, [0, 1, 2, 4, 8, 16, 32, 64, 130]),
        (2058, 228, [0, 1, 4, 16, 64, 256, 2058]),
    ],
)
def test_axis_has_as_many_numbers_as_do_not_touch_and_the_last(
    top: int, width: float, shown: list[int]
) -> None:
    assert axis.ticks(top, width, 13) == shown


def rows_by_label(cells: Iterable[Cell]) -> dict[str, dict[str, Any]]:
    """The rows of the main chart, by what is written beside them."""
    (shown, *_) = drawn(runs.run(cells))
    assert shown.file == "charts/capacity.svg"
    return {
        r["label"]: r for r in rows_of(drawing.specification(shown)) if "label" in r
    }


def held_by(stack: str, scenario: str, out_at: int, predicted: int) -> Cell:
    answered = {0: 150, out_at - 1: 150, out_at: 0}
    return runs.cell(stack, scenario, answered=answered, predicted=predicted)


def test_scenarios_of_one_mechanism_are_one_row() -> None:
    scenarios = ("slow-headers", "slow-body", "slow-read")
    cells = [
        held_by("wsgi-gunicorn-sync", scenario, out_at, 2)
        for scenario, out_at in zip(scenarios, (2, 2, 3), strict=True)
    ]
    rows = rows_by_label([*cells, held_by("wsgi-uvicorn", "idle", 16, 16)])
    assert set(rows) == {"wsgi-gunicorn-sync", "wsgi-uvicorn"}
    assert rows["wsgi-gunicorn-sync"]["where"] == "every scenario but idle ≠"


def test_row_shows_all_that_was_measured_and_what_was_predicted() -> None:
    cells = [
        held_by("wsgi-gunicorn-sync", s, n, 2)
        for s, n in (("idle", 2), ("slow-body", 3))
    ]
    row = rows_by_label(cells)["wsgi-gunicorn-sync"]
    assert (row["was_out_first"], row["was_out_last"]) == (axis.place(2), axis.place(3))
    assert row["out_low"] < axis.place(2) < row["out_high"]
    assert row["where"] == "every scenario ≠"


def test_stacks_that_cannot_be_told_apart_are_one_row() -> None:
    cells = [held_by(s, "loop-block", 2, 2) for s in ("asgi-uvicorn", "asgi-gunicorn")]
    rows = rows_by_label([*cells, held_by("asgi-uvicorn-h11", "loop-block", 3, 2)])
    assert set(rows) == {"asgi-gunicorn and 1 more", "asgi-uvicorn-h11"}


def test_main_chart_tells_in_words_what_it_shows() -> None:
    cells = [held_by("wsgi-gunicorn-sync", "idle", 2, 2), runs.cell("other", "idle")]
    (shown, *_) = drawn(runs.run(cells))
    assert shown.alternative.endswith(
        "wsgi-gunicorn-sync under idle, where a slow client holds a worker: degraded "
        "at 2, out at 2, predicted 2. other under idle: degraded at no step, out at no "
        "step, predicted not reached."
    )


def test_what_was_not_reached_stands_behind_the_last_number() -> None:
    rows = rows_by_label([held_by("a", "x", 1000, 7), runs.cell("b", "x")])
    assert rows["a"]["was_out"] == axis.place(1000)
    assert rows["b"]["was_out"] > axis.place(1000)


def test_distributions_have_a_panel_for_each_stack_with_both() -> None:
    cells = [recorded.timed("asgi-uvicorn", 1.0, 3.0), runs.cell("asgi-gunicorn")]
    shown = drawing.distributions(runs.run(cells))
    assert shown
    assert shown.alternative.endswith(
        "asgi-uvicorn: p99 1.0 ms alone, 3.0 ms beside 400 slow clients under "
        "slow-body."
    )
    (panel,) = drawing.specification(shown)["concat"]
    assert panel["title"]["subtitle"] == "beside 400 slow clients, slow-body"
    alone, beside = panel["layer"]
    assert len(alone["data"]["values"]) == len(beside["data"]["values"]) == 23


def test_distribution_that_one_step_lacks_is_not_drawn() -> None:
    cell = recorded.timed("asgi-uvicorn", 1.0, 3.0)
    lacking = dataclasses.replace(cell.steps[0], quantiles_ms=[])
    cell = dataclasses.replace(cell, steps=[lacking, *cell.steps[1:]])
    assert drawing.distributions(runs.run([cell])) is None


def test_run_without_distributions_has_no_chart_of_them() -> None:
    assert drawing.distributions(runs.quick()) is None


def test_stack_is_drawn_the_same_in_every_run() -> None:
    alone = drawing.run_looks(runs.run([runs.cell("asgi-uvicorn")]))
    beside = drawing.run_looks(runs.quick())
    assert alone["asgi-uvicorn"] == beside["asgi-uvicorn"]


def test_chart_of_fates_leaves_out_where_all_were_held() -> None:
    held = runs.cell("a", fates=Fates(held=512))
    closed = runs.cell("b", fates=Fates(held=2, closed=3))
    files = [picture.file for picture in drawn(runs.run([held]))]
    assert "charts/fates.svg" not in files
    assert (
        "held every slow client until it left"
        in html.render(Source(runs.run([held])))[reports.PAGE]
    )
    shown = drawn(runs.run([held, closed]))[-1]
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


def test_an_engine_started_ahead_makes_the_same_charts_and_is_gone_after() -> None:
    pictures = [drawing.capacity(runs.full()), drawing.distributions(runs.full())]
    shown = [picture for picture in pictures if picture]
    with drawing.started_ahead():
        (ahead,) = drawing._AHEAD
        made = drawing.svgs(shown)
        assert ahead._process.returncode == 0
    assert made == [drawing.svg(picture) for picture in shown]


def test_an_engine_that_nobody_asked_is_ended() -> None:
    with drawing.started_ahead():
        (ahead,) = drawing._AHEAD
    assert ahead._process.returncode == -signal.SIGKILL
    assert drawing._AHEAD == []


def test_an_engine_that_fails_says_so() -> None:
    with drawing.started_ahead(), pytest.raises(subprocess.CalledProcessError):
        drawing._AHEAD[0].svgs(["no specification"])


def test_the_engine_answers_a_chart_a_line() -> None:
    charts = [json.dumps(drawing.specification(s)) for s in [some_chart()] * 2]
    answers = io.StringIO()
    engine.answer(io.StringIO("\n".join(charts)), answers, style.VEGA_LITE)
    made = [json.loads(line) for line in answers.getvalue().splitlines()]
    assert made == [drawing.svg(some_chart())] * 2


def test_engine_as_a_program_answers_its_standard_input(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    chart = json.dumps(drawing.specification(some_chart()))
    monkeypatch.setattr("sys.argv", ["engine", style.VEGA_LITE])
    monkeypatch.setattr("sys.stdin", io.StringIO(chart))
    runpy.run_path(engine.__file__, run_name="__main__")
    assert json.loads(capsys.readouterr().out) == drawing.svg(some_chart())


def some_chart() -> Picture:
    shown = drawing.capacity(runs.full())
    assert shown is not None
    return shown
