"""The page: whole, safe, and readable without seeing it."""

from __future__ import annotations

import dataclasses
import re

import pytest

from loadtests.catalog import scenarios
from loadtests.records.cell import Fates, ServerFigures
from loadtests.records.run import Run
from loadtests.report.blocks import Source
from loadtests.report.formats import html
from tests import runs
from tests.report.page import Structure

EVIL = "<script>alert('x\")</script>&amp;\x1b[31m../\n{{ 7 * 7 }}"


SHOWN = "<script>alert('x\")</script>&amp;../ {{ 7 * 7 }}"


SECTIONS = [
    *("summary", "deploy", "capacity", "response-times", "costs", "fates"),
    *("recovery", "waits", "histories", "calls", "claims", "doubts", "method"),
    *("machine", "commands"),
]


def page(run: Run) -> str:
    return html.render(Source(run))["report.html"]


@pytest.fixture(scope="module")
def full(full_page: str) -> Structure:
    return Structure(full_page)


def test_page_is_one_document_with_one_heading(full_page: str, full: Structure) -> None:
    assert full_page.startswith("<!doctype html>\n")
    assert full.values("lang", "html") == ["en"]
    assert full.count("h1") == full.count("main") == full.count("nav") == 1
    assert full.values("id", "section") == SECTIONS
    assert full.count("script") == 0


def test_ids_are_unique_and_links_lead_somewhere(full: Structure) -> None:
    ids = full.values("id")
    assert len(ids) == len(set(ids))
    links = full.values("href", "a")
    assert {link.removeprefix("#") for link in links} <= set(ids)
    contents = [link for link in links[1:] if link.removeprefix("#") in SECTIONS]
    assert contents[: len(SECTIONS)] == [f"#{name}" for name in SECTIONS]
    named = " ".join(full.values("aria-labelledby")).split()
    assert set(named) <= set(ids)


def test_page_refers_to_no_network(full_page: str) -> None:
    without_names = full_page.replace('xmlns="http://www.w3.org/2000/svg"', "")
    assert "http:" not in without_names
    assert "https:" not in without_names
    assert not re.search(r"""(src|href|url\()=?["'(]?//""", without_names)
    assert "@import" not in full_page
    assert "default-src 'none'" in full_page


def test_page_of_a_full_run_is_small(full_page: str) -> None:
    assert len(full_page.encode()) < 1_500_000


def test_tables_and_charts_can_be_read_without_seeing(full: Structure) -> None:
    charts = [a for tag, a in full.tags if tag == "svg" and a.get("role") == "img"]
    assert len(charts) == 3 + 2 + 8, "capacities, times, fates; calls; histories"
    assert full.count("desc") == 5
    assert all(a.get("aria-label") or a.get("aria-labelledby") for a in charts)
    assert full.count("caption") == full.count("table")
    assert all(a.get("scope") for tag, a in full.tags if tag == "th")
    scrolling = [a for _, a in full.tags if a.get("class") == "scroll"]
    assert all(a["tabindex"] == "0" and a["aria-label"] for a in scrolling)


def test_names_and_messages_come_out_as_text() -> None:
    cells = [
        runs.cell(EVIL, EVIL, argv=[EVIL], answered={0: 150, 4: 0}, predicted=4),
        runs.cell("b", EVIL, valid=False, faults=runs.facts(EVIL)),
    ]
    run = runs.run(cells, id=EVIL, profile=EVIL, started_at=EVIL)
    on = dataclasses.replace(run.environment, cpu=EVIL, packages={EVIL: EVIL})
    text = page(dataclasses.replace(run, environment=on))
    structure = Structure(text)
    assert structure.count("script") == 0
    assert "<script" not in text
    assert "\x1b" not in text
    assert structure.text.count(SHOWN) > 10
    assert "49" not in structure.text


def test_sections_without_data_are_left_out() -> None:
    server = ServerFigures(None, None, None, restarts=0)
    steps = [runs.step(0, p50_ms=None), runs.step(512, p50_ms=None)]
    bare = runs.cell("x", "y", server=server, fates=Fates(), steps=steps)
    shown = Structure(page(runs.run([bare])))
    absent = {"deploy", "costs", "fates", "recovery", "histories"}
    absent |= {"calls", "claims", "doubts", "waits"}
    assert shown.values("id", "section") == [n for n in SECTIONS if n not in absent]
    assert shown.count("figure") == 1, "capacity"


def test_contents_come_after_what_decides() -> None:
    page_text = page(runs.quick())
    places = [page_text.index(f'<section id="{name}"') for name in SECTIONS[:3]]
    assert places[1] < page_text.index("<nav") < places[2]


def test_narrow_page_names_the_figures_of_a_stack_on_its_card(full: Structure) -> None:
    labels = full.values("data-label", "td")
    assert "slow clients: held" in labels
    assert "slow handlers: time.sleep" in labels


def test_run_without_a_cell_that_counts_says_so() -> None:
    void = runs.cell(valid=False, faults=runs.facts("lag p99 9 ms"))
    shown = Structure(page(runs.run([void], complete=False)))
    assert "so the run says nothing about any stack" in shown.text
    assert "This run is not complete" in shown.text
    assert "lag p99 9 ms" in shown.text
    assert {"summary", "response-times"}.isdisjoint(shown.values("id", "section"))
    assert Structure(page(runs.run([]))).count("h1") == 1


def test_three_hundred_cells_are_shown() -> None:
    cells = [
        runs.cell(f"asgi-server-{n}", scenario, repeat=repeat)
        for n in range(20)
        for scenario in runs.SCENARIOS
        for repeat in range(1, 6)
    ]
    shown = Structure(page(runs.run(cells)))
    assert "300 cells" in shown.text
    assert "asgi-server-19" in shown.text


def test_page_describes_scenarios_as_they_are(full: Structure) -> None:
    for name in scenarios.usual():
        assert f"{scenarios.scenario(name).what}." in full.text
