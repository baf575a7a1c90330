"""The record of two traced requests: kept as seen, and checked before it is drawn."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from loadtests.experiments.task import Context, State
from loadtests.experiments.trace.recorder import TracesTask
from loadtests.records.run import ResultError
from loadtests.records.traces import (
    FAST,
    SLOW,
    TRACES_FILE,
    Traces,
    load_traces,
    save_traces,
)
from loadtests.servers.processes import Guard
from tests import runs


def test_traces_come_back_as_they_were_saved(tmp_path: Path) -> None:
    given = Traces([runs.trace(FAST), runs.trace(SLOW)])
    assert save_traces(given, tmp_path) == tmp_path / TRACES_FILE
    assert load_traces(tmp_path) == given


def test_side_lasts_until_its_last_call() -> None:
    wsgi, asgi = runs.trace().sides
    assert (wsgi.lasted_ms, asgi.lasted_ms) == (200.0, 210.0)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda d: d.update(format=0), "format: expected 1, found 0"),
        (lambda d: d[0].pop("asgi"), "record.traces[0].asgi: missing"),
        (
            lambda d: d[0].update(id="../x"),
            "record.traces: expected fast-client and slow-reader, each once, found",
        ),
        (lambda d: d.append(d[0]), "record.traces: expected fast-client and"),
        (
            lambda d: d[0]["wsgi"]["crossings"].clear(),
            "record.traces[0].wsgi.crossings: expected a call, found none",
        ),
        (
            lambda d: d[0]["asgi"]["crossings"][2].update(end_ms=1.0),
            "record.traces[0].asgi.crossings[2]: expected times in order, found 2.0",
        ),
        (
            lambda d: d[0]["asgi"]["crossings"][1].update(start_ms=float("nan")),
            "record.traces[0].asgi.crossings[1].start_ms: expected float, found 'nan'",
        ),
        (
            lambda d: d[0]["wsgi"]["crossings"][0].update(by="nobody"),
            "record.traces[0].wsgi.crossings[0].by: expected server or app, found",
        ),
        (
            lambda d: d[0]["wsgi"]["client"][0].update(at_ms=float("inf")),
            "record.traces[0].wsgi.client[0].at_ms: expected float, found 'inf'",
        ),
        (
            lambda d: d[0]["wsgi"]["crossings"][0].update(end_ms=1e300),
            "record.traces[0].wsgi.crossings[0].end_ms: 1e+300 is not a figure of",
        ),
        (
            lambda d: d[0]["asgi"]["client"][0].update(at_ms=-1e300),
            "record.traces[0].asgi.client[0].at_ms: -1e+300 is not a figure of",
        ),
    ],
)
def test_traces_that_cannot_be_drawn_are_refused_in_a_line(
    tmp_path: Path, change: Any, says: str
) -> None:
    path = save_traces(Traces([runs.trace()]), tmp_path)
    data = json.loads(path.read_text())
    try:
        change(data["traces"])
    except AttributeError:  # a change of the file itself
        change(data)
    path.write_text(json.dumps(data))
    with pytest.raises(ResultError) as refused:
        load_traces(tmp_path)
    assert str(refused.value).startswith(f"{path}: {says}")
    assert "\n" not in str(refused.value)


def test_recorder_traces_a_slow_reader_on_both_sides(
    tmp_path: Path, guard: Guard
) -> None:
    """For real: WSGI's thread is in the server's hands, ASGI's app parked in send."""
    context = Context(tmp_path, guard, runs.METHOD, lambda *_: None)
    task, run = TracesTask(), runs.quick()
    assert task.state(run, tmp_path) is State.MISSING
    assert task.measured(run, context) == run
    assert task.state(run, tmp_path) is State.DONE
    assert (tmp_path / TRACES_FILE).stat().st_size < 50_000
    fast, slow = load_traces(tmp_path).traces
    assert (fast.id, slow.id) == (FAST, SLOW)
    pulled = [c for c in fast.wsgi.crossings if c.name == "next(body)"]
    assert [c.text.partition(": ")[2] for c in pulled] == [
        *["1024 bytes"] * 3,
        "no more pieces",
    ]
    assert [action.what for action in slow.asgi.client][:2] == ["rests", "reads on"]
    sends = [c for c in slow.asgi.crossings if c.name == "send"]
    assert max((c.end_ms or 0) - c.start_ms for c in sends) > 100
    assert all(side.lasted_ms > 400 for side in slow.sides)
