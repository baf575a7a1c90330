"""report.md: text that stays text, and commands that can be copied."""

from __future__ import annotations

import dataclasses
import re
import shlex
import xml.etree.ElementTree as ElementTree

import pytest

from loadtests.records.cell import Fates, ServerFigures
from loadtests.records.run import Wheel
from loadtests.report import reports
from loadtests.report.blocks import Source
from loadtests.report.formats import charts, markdown, syntax
from loadtests.report.sections import machine
from tests import runs
from tests.report.shown import rendered

EVIL = "<script>|`x`*\x1b[31m../\n#"


def test_sections_without_data_are_left_out() -> None:
    server = ServerFigures(None, None, None, restarts=0)
    bare = runs.cell(server=server, fates=Fates())
    text = markdown.render(Source(runs.run([bare])))["report.md"]
    for absent in ("## What a", "What became", "Recovery", "Void", "fates.svg"):
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
    start, all_of_them = re.findall("\n````sh\n(.*?)\n````\n", text, re.DOTALL)
    assert shlex.split(start) == argv
    assert shlex.split(all_of_them.splitlines()[1]) == argv


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


def test_packages_have_the_tags_of_their_wheels() -> None:
    wheels = {
        "gunicorn": Wheel("27.0.1", "py3-none-any"),
        "h11": Wheel("0.16", "x-y-z"),
    }
    on = dataclasses.replace(runs.ENVIRONMENT, wheels=wheels)
    shown = machine.packages(dataclasses.replace(runs.quick(), environment=on))
    assert shown == {
        "gunicorn": "27.0.1 (py3-none-any)",
        "uvicorn": "0.54.0",
        "h11": "0.16 (x-y-z)",
    }
    assert machine.packages(runs.quick()) == runs.ENVIRONMENT.packages
    shown_on = dataclasses.replace(runs.quick(), environment=on)
    page = markdown.render(Source(shown_on))["report.md"]
    assert "27.0.1 (py3-none-any)" in page
