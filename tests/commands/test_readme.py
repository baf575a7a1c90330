"""What the README shows is what there is."""

from __future__ import annotations

import dataclasses
import inspect
import re
from pathlib import Path

import pytest

import asgi_app.main
import wsgi_app.main
from loadtests import ROOT
from loadtests.commands.example import EXAMPLE, ExampleError
from loadtests.commands.readme import renew_behaviours, renew_faults
from loadtests.commands.targets import TARGETS
from loadtests.records.behaviours import BEHAVIOURS_FILE, save_behaviours
from loadtests.report.formats import readme
from tests import runs
from tests.behaviours import grid

README = (ROOT / "README.md").read_text()
MAKEFILE = (ROOT / "Makefile").read_text()


def test_readme_shows_both_hello_functions_as_they_are() -> None:
    assert inspect.getsource(wsgi_app.main.hello) in README
    assert inspect.getsource(asgi_app.main.hello) in README


def test_table_of_targets_has_every_target() -> None:
    listed = re.findall(r"^(?:COMMANDS|TARGETS) :=((?:.*\\\n)*.*)", MAKEFILE, re.M)
    words = " ".join(listed).replace("\\", " ").split()
    assert {*TARGETS, "$(COMMANDS)"} == set(words)


def test_only_a_run_of_the_earlier_method_says_so() -> None:
    run = runs.quick()
    now = dataclasses.replace(run.method, arrive_per_s=500.0)
    said = "An earlier method measured this run"
    assert said in readme.part(run, "reports/example")
    assert said not in readme.part(dataclasses.replace(run, method=now), "reports/x")


def test_page_of_the_behaviours_is_that_of_the_record(tmp_path: Path) -> None:
    (tmp_path / "docs").mkdir()
    page = tmp_path / "docs/behaviours.md"
    renew_behaviours(tmp_path, check=True)
    save_behaviours(grid(), tmp_path / EXAMPLE / BEHAVIOURS_FILE)
    with pytest.raises(ExampleError, match="not what `make readme` writes"):
        renew_behaviours(tmp_path, check=True)
    renew_behaviours(tmp_path, check=False)
    renew_behaviours(tmp_path, check=True)
    assert page.read_text().startswith("# Behaviours")


def test_page_of_the_faults_is_that_of_the_catalog(tmp_path: Path) -> None:
    (tmp_path / "docs").mkdir()
    with pytest.raises(ExampleError, match="not what `make readme` writes"):
        renew_faults(tmp_path, check=True)
    renew_faults(tmp_path, check=False)
    renew_faults(tmp_path, check=True)
