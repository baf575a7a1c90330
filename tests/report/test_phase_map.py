"""The table of the phase map, in the terminal and in docs/servers.md."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import pytest

from loadtests.catalog.stacks import HTTP1
from loadtests.records.folder import read_beside
from loadtests.records.json_file import ResultError
from loadtests.records.phase_map import load_phase_map, save_phase_map
from loadtests.report import phase_map as shown
from loadtests.report.blocks import Folded, Source, Text
from loadtests.report.formats import servers
from loadtests.report.prose import text
from loadtests.report.sections import waits
from loadtests.report.values import written
from tests import runs
from tests.phase_maps import phase_map

FOUND = phase_map(runs.ENVIRONMENT)


def cells(*, options: bool) -> list[list[str]]:
    found = shown.table(FOUND, options=options)
    return [[written(row[c.key]) for c in found.columns] for row in found.rows]


def test_table_says_when_it_ended_what_was_seen_and_what_was_not_predicted() -> None:
    assert cells(options=False) == [
        ["wsgi-gunicorn-sync", "30 s, 500", "≠ 4.0 s, reset", "–", "31 s"],
        ["wsgi-waitress", "over 90 s", "waits", "–", "–"],
    ]


def test_table_names_the_options() -> None:
    sync, waitress = cells(options=True)
    assert sync[1] == "30 s, 500 (--timeout 30)"
    assert waitress[1:3] == ["over 90 s (--channel-timeout 120)", "waits"]


def test_summary_counts_what_was_predicted() -> None:
    said = shown.summary(FOUND)
    assert said.startswith("3 of 4 as predicted, 1 not tested. Watched for 90 s on 29 ")
    right = dataclasses.replace(FOUND, ended=FOUND.ended[-1:])
    assert shown.summary(right).startswith("1 of 1 as predicted. Watched")


def test_page_of_the_servers_has_it_if_it_was_measured() -> None:
    assert "31 s (--timeout 30)" in servers.page(FOUND)
    assert shown.TITLE not in servers.page(None)
    assert servers.page(None).count("\n## ") == len(HTTP1)


def test_phase_map_is_stored_and_read(tmp_path: Path) -> None:
    path = save_phase_map(FOUND, tmp_path / "phases.json")
    assert load_phase_map(path) == FOUND
    path.write_text("{}")
    with pytest.raises(ResultError, match=r"phases\.json"):
        load_phase_map(path)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda d: d["ended"][0].update(after_s=-7.0), "ended[0].after_s: -7.0 is not"),
        (lambda d: d.update(watched_s=1e300), "watched_s: 1e+300 is not a figure"),
        (lambda d: d["ended"].append(d["ended"][1]), "ended[5]: there twice"),
    ],
)
def test_phase_map_that_nobody_measured_is_refused(
    tmp_path: Path, change: Any, says: str
) -> None:
    path = save_phase_map(FOUND, tmp_path / "phases.json")
    data = json.loads(path.read_text())
    change(data)
    path.write_text(json.dumps(data))
    with pytest.raises(ResultError) as refused:
        load_phase_map(path)
    assert str(refused.value).startswith(f"{path}: phase map.{says}")


def test_phase_that_this_version_does_not_know_is_passed_over() -> None:
    other = [dataclasses.replace(one, phase="nodding") for one in FOUND.ended]
    both = dataclasses.replace(FOUND, ended=[*FOUND.ended, *other])
    assert shown.table(both) == shown.table(FOUND)
    assert shown.summary(both) == shown.summary(FOUND)


def test_report_has_it_folded_if_it_is_beside_the_run() -> None:
    summary, folded = waits.blocks(Source(runs.quick(), runs.beside()))
    assert isinstance(folded, Folded)
    assert isinstance(summary, Text)
    assert "3 of 4 as predicted" in text(summary.said)
    assert waits.blocks(Source(runs.quick())) == []


def test_phase_map_is_read_from_the_folder_of_a_run(tmp_path: Path) -> None:
    save_phase_map(FOUND, tmp_path / "phases.json")
    assert read_beside(tmp_path).phases == FOUND
