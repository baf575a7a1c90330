"""Charts: what is drawn, where, and under which file name."""

from __future__ import annotations

import dataclasses
import xml.etree.ElementTree as ElementTree
from itertools import pairwise
from typing import Any

from loadtests.analysis.outcomes import outcomes
from loadtests.analysis.predictions import (
    Prediction,
)
from loadtests.records.cell import Fates
from loadtests.report import reports
from loadtests.report.blocks import Source
from loadtests.report.charts import drawing
from loadtests.report.charts.panel import LABEL_GAP, Panel
from loadtests.report.charts.style import dodged, looks, place, predicted
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
