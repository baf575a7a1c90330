"""Charts: what is drawn, where, and under which file name."""

from __future__ import annotations

import dataclasses
import xml.etree.ElementTree as ElementTree
from itertools import pairwise
from typing import Any

import pytest

from loadtests.analysis.outcomes import outcomes
from loadtests.analysis.predictions import (
    Prediction,
)
from loadtests.records.cell import Fates
from loadtests.report import reports
from loadtests.report.blocks import Source
from loadtests.report.charts import axis, drawing
from loadtests.report.charts.panel import LABEL_GAP, Panel
from loadtests.report.charts.style import dodged, looks
from loadtests.report.formats import charts, html
from tests import runs

SVG = "{http://www.w3.org/2000/svg}"


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


def test_stacks_beyond_the_palette_still_differ() -> None:
    names = [f"{kind}-{n}" for kind in ("wsgi", "asgi") for n in range(8)]
    seen = {(k.colour, *k.dash, k.shape) for k in looks([*names, "other"]).values()}
    assert len(seen) == 17


def test_file_names_of_charts_stay_in_their_folder() -> None:
    run = runs.run([runs.cell(scenario="../../etc"), runs.cell(scenario="etc")])
    files = [p.file for p in drawing.plan(run) if "answered" in p.file]
    assert files == ["charts/answered-etc.svg", "charts/answered-etc-2.svg"]


def test_labels_give_way_to_each_other() -> None:
    given = dodged([0, 0, 95], gap=10, bottom=100)
    assert given == [0, 10, 95]
    assert dodged([99, 100], gap=10, bottom=100) == [90, 100]


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


def test_numbers_below_an_axis_are_those_of_its_places() -> None:
    run = runs.run([runs.cell(answered={0: 150, 700: 150, 1405: 150, 2007: 0})])
    (shown,) = [p for p in drawing.plan(run) if "answered" in p.file]
    words = [
        t.text for t in ElementTree.fromstring(drawing.svg(shown)).iter(f"{SVG}text")
    ]
    last = words.index("2,007")
    assert words[last - 12 : last + 1] == [
        *("0", "1", "2", "4", "8", "16", "32", "64", "128", "256", "512"),
        *("1,024", "2,007"),
    ]


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
    at = axis.place(16), axis.place(32)
    assert marked == [*(("asgi-uvicorn", x) for x in at), ("b", axis.place(4))]
    (bar,) = [s for s in layers if s["encoding"].get("x2") == {"field": "until"}]
    assert [(r["x"], r["until"]) for r in bar["data"]["values"]] == [at]


def test_range_that_leaves_the_axis_is_marked_as_far_as_that_goes() -> None:
    assert axis.predicted(Prediction(15, 1000), 31) == {
        "x": 4,
        "until": 5,
        "within": False,
    }
    assert axis.predicted(Prediction(64, 128), 32) is None
    assert axis.predicted(Prediction(None, None), 32) is None


def test_predictions_stand_above_those_that_they_would_overlap() -> None:
    """Ranges that overlap, and one number apart from both."""
    cells = []
    for name, low, high in (("a", 16, 32), ("b", 20, 40), ("c", 300, 300)):
        cell = runs.cell(name, answered={0: 150, 512: 150}, predicted=low)
        ranged = dataclasses.replace(cell.capacity, predicted_out_by=high)
        cells.append(dataclasses.replace(cell, capacity=ranged))
    (shown,) = [p for p in drawing.plan(runs.run(cells)) if "answered" in p.file]
    layers = drawing.specification(shown)["layer"]
    (triangles,) = [s for s in layers if s["mark"].get("shape") == "triangle-down"]
    above = {r["stack"]: r["above"] for r in triangles["data"]["values"]}
    assert above["a"] == above["c"] < above["b"]


def test_chart_of_capacities_has_a_place_behind_the_last_number() -> None:
    out = runs.cell("a", answered={0: 150, 1000: 0}, predicted=7)
    spec = drawing.specification(drawing.plan(runs.run([out, runs.cell("b")]))[0])
    rows = {row["stack"]: row for row in rows_of(spec)}
    assert rows["a"]["predicted"] == 3
    assert rows["a"]["measured"] < rows["b"]["measured"] == rows["b"]["predicted"]


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
