"""The JSON Schema of a run, and what it accepts."""

from __future__ import annotations

import dataclasses
import json
import runpy
import warnings
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from loadtests.records.run import load_run
from loadtests.records.schema import schema
from tests import runs

ROOT = Path(__file__).parents[2]
KEPT = ROOT / "docs" / "run.schema.json"


def as_json(run: Any) -> Any:
    return json.loads(json.dumps(dataclasses.asdict(run)))


def test_schema_that_is_kept_is_that_of_the_records() -> None:
    how = "python -m loadtests.records.schema > docs/run.schema.json"
    assert json.loads(KEPT.read_text()) == schema(), how


def test_schema_is_printed_to_be_kept(capsys: pytest.CaptureFixture[str]) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # it is imported already
        runpy.run_module("loadtests.records.schema", run_name="__main__")
    assert json.loads(capsys.readouterr().out) == schema()


def test_schema_is_one() -> None:
    jsonschema.Draft202012Validator.check_schema(schema())


@pytest.mark.parametrize("run", [runs.quick(), runs.full(), runs.run([])])
def test_schema_accepts_runs(run: Any) -> None:
    jsonschema.validate(as_json(run), schema())


def test_schema_accepts_the_example() -> None:
    jsonschema.validate(as_json(load_run(ROOT / "reports/example")), schema())


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("format",), 1),
        (("run", "complete"), "yes"),
        (("cells", 0, "capacity", "out_at"), 1.5),
        (("cells", 0, "steps", 0, "attempted"), None),
    ],
)
def test_schema_refuses_what_is_no_run(path: tuple[Any, ...], value: Any) -> None:
    data = as_json(runs.quick())
    part = data
    for key in path[:-1]:
        part = part[key]
    part[path[-1]] = value
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(data, schema())
