"""What the README shows is what there is."""

from __future__ import annotations

import dataclasses
import inspect
import re

import asgi_app.main
import wsgi_app.main
from loadtests import ROOT
from loadtests.commands.targets import TARGETS
from loadtests.report.formats import readme
from tests import runs

README = (ROOT / "README.md").read_text()
MAKEFILE = (ROOT / "Makefile").read_text()


def test_readme_shows_both_hello_functions_as_they_are() -> None:
    assert inspect.getsource(wsgi_app.main.hello) in README
    assert inspect.getsource(asgi_app.main.hello) in README


def test_table_of_targets_has_every_target() -> None:
    phony = re.search(r"\.PHONY:((?:.*\\\n)*.*)", MAKEFILE)
    assert phony
    assert {*TARGETS, "typed"} == set(phony.group(1).replace("\\", " ").split())


def test_only_a_run_of_the_earlier_method_says_so() -> None:
    run = runs.quick()
    now = dataclasses.replace(run.method, arrive_per_s=500.0)
    said = "An earlier method measured this run"
    assert said in readme.part(run, "reports/example")
    assert said not in readme.part(dataclasses.replace(run, method=now), "reports/x")
