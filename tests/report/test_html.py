"""The page: whole, safe, accessible, and in a real browser as it should look."""

from __future__ import annotations

import dataclasses
import itertools
import re
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator

import pytest

from loadtests.analysis.outcomes import outcomes
from loadtests.catalog import scenarios
from loadtests.records.run import Cell, Fates, Run, ServerFigures
from loadtests.report.blocks import Source, Stand
from loadtests.report.charts import inline, style
from loadtests.report.charts.multiples import _names
from loadtests.report.formats import html
from loadtests.report.sections import advice
from loadtests.report.sections.matrix import entry
from tests import runs
from tests.report.page import Browser, Structure, browser, installed, violations

EVIL = "<script>alert('x\")</script>&amp;\x1b[31m../\n{{ 7 * 7 }}"
SHOWN = "<script>alert('x\")</script>&amp;../ {{ 7 * 7 }}"
SECTIONS = [
    *("finding", "answered", "capacity", "deploy", "response-times", "costs", "fates"),
    *("recovery", "calls", "claims", "doubts", "method", "machine", "commands"),
]
BLOCKED = {0: 150, 1: 150, 2: 0, 512: 0}


def whole() -> Run:
    """As large as a full run: 8 stacks, 6 scenarios, 3 repeats, and two doubts."""
    return runs.run(itertools.chain(_most(), _rest()), profile="full")


def _most() -> Iterator[Cell]:
    for number, cell in enumerate(runs.full().cells):
        if number in (3, 4):
            busy = runs.facts(f"busy {number}")
            yield dataclasses.replace(cell, valid=number > 3, faults=busy)
        else:
            yield cell


def _rest() -> Iterator[Cell]:
    for cell in runs.full().cells:
        if cell.scenario == "idle":
            yield dataclasses.replace(cell, scenario="handler-wait")
            stack, repeat = cell.stack, cell.repeat
            yield runs.cell(
                stack, "loop-block", repeat=repeat, answered=BLOCKED, predicted=2
            )


def page(run: Run) -> str:
    return html.render(Source(run))["report.html"]


@pytest.fixture(scope="module")
def full_page() -> str:
    return html.render(Source(whole(), runs.beside()))["report.html"]


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
    assert [f"#{name}" for name in SECTIONS] == links[1 : len(SECTIONS) + 1]
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
    assert len(charts) == 6 + 6 + 2 + 2
    assert full.count("desc") == len(charts)
    assert full.count("caption") == full.count("table")
    assert all(a.get("scope") for tag, a in full.tags if tag == "th")
    scrolling = [a for _, a in full.tags if a.get("class") == "scroll"]
    assert all(a["tabindex"] == "0" and a["aria-label"] for a in scrolling)


def test_points_say_what_they_are(full: Structure) -> None:
    assert "wsgi-gunicorn-sync, 1 slow client: 100.0 % (99.1 to 100) answered" in (
        full.text
    )
    assert "asgi-uvicorn, 512 slow clients: p50 1.5 ms" in full.text


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
    server = ServerFigures(None, None, None, None, restarts=0)
    steps = [runs.step(0, p50_ms=None), runs.step(512, p50_ms=None)]
    bare = runs.cell("x", "y", server=server, fates=Fates(), steps=steps)
    shown = Structure(page(runs.run([bare])))
    absent = {"deploy", "costs", "fates", "recovery", "calls", "claims", "doubts"}
    assert shown.values("id", "section") == [n for n in SECTIONS if n not in absent]
    assert shown.count("figure") == 2, "answered, and capacity"


def test_run_without_a_cell_that_counts_says_so() -> None:
    void = runs.cell(valid=False, faults=runs.facts("lag p99 9 ms"))
    shown = Structure(page(runs.run([void], complete=False)))
    assert "so the run says nothing about any stack" in shown.text
    assert "This run is not complete" in shown.text
    assert "lag p99 9 ms" in shown.text
    assert {"answered", "response-times"}.isdisjoint(shown.values("id", "section"))
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
    assert "and 8 more, in the table" in shown.text
    assert "asgi-server-19" in shown.text


def test_advice_names_what_held_and_what_did_not() -> None:
    cells = [
        runs.cell("a", "slow-headers"),
        runs.cell("a", "slow-body", answered={0: 150, 4: 140, 512: 130}),
        runs.cell("b", "slow-headers"),
        runs.cell("b", "slow-body"),
        runs.cell("c", "slow-body", answered={0: 150, 4: 0}),
        runs.cell("d", "slow-body"),
    ]
    both, uploads = advice.advice(runs.run(cells))
    assert [*both.evidence] == ["slow-headers", "slow-body"]
    assert both.supported == [Stand("held 512", ["b"])], "d lacks slow-headers"
    assert both.against == [
        Stand("degrades at 4 under slow-body", ["a"]),
        Stand("out at 4 under slow-body", ["c"]),
    ]
    assert uploads.supported == [Stand("held 512", ["b", "d"])]


def test_advice_is_not_given_where_nothing_was_measured() -> None:
    assert advice.advice(runs.run([runs.cell("a", "of-another-project")])) == []


def test_entry_tells_what_repeats_found() -> None:
    out, worse, fine = {0: 150, 4: 0}, {0: 150, 4: 150, 8: 0}, {0: 150, 4: 150}
    some = [
        runs.cell(repeat=n, answered=a, predicted=4)
        for n, a in enumerate((out, out, worse), 1)
    ]
    (outcome,) = outcomes(runs.run(some))
    found = entry(outcome)
    assert (found.said, found.spread) == ("out at 4", "(4 to 8)")
    assert found.predicted == "predicted 4, right in 2 of 3"
    once = [runs.cell(repeat=n, answered=a) for n, a in enumerate((fine, fine, out), 1)]
    (outcome,) = outcomes(runs.run(once))
    assert entry(outcome).said == "degrades at 4 in 1 of 3 repeats"


def test_axis_names_the_last_step_and_what_fits_before_it() -> None:
    assert _names([0, 4, 512]) == ["0", "4", "512"]
    crowded = _names([0, 1, 2, 4, 8, 15, 16, 19, 20, 32, 40, 128, 512, 100_000])
    assert crowded[0] == "0"
    assert crowded[-3:] == ["", "", "100,000"]


def test_page_describes_scenarios_as_they_are(full: Structure) -> None:
    for scenario in scenarios.SCENARIOS.values():
        assert f"a slow client {scenario.what}" in full.text


def test_every_colour_has_a_counterpart_in_the_dark() -> None:
    colours = {colour for family in style.COLOURS.values() for colour in family}
    colours |= {style.INK, style.FAINT, style.GRID, style.BACKGROUND}
    assert colours <= set(inline.DARK)
    dark = [_contrast(inline.DARK[c], inline.DARK_PAPER) for c in style.COLOURS["asgi"]]
    assert min(dark) > 4.5


def _contrast(one: str, other: str) -> float:
    """After WCAG 2."""
    low, high = sorted((_luminance(one), _luminance(other)))
    return (high + 0.05) / (low + 0.05)


def _luminance(colour: str) -> float:
    parts = [int(colour[n : n + 2], 16) / 255 for n in (1, 3, 5)]
    red, green, blue = (
        p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.fixture(scope="module")
def tab(tmp_path_factory: pytest.TempPathFactory, full_page: str) -> Iterator[Browser]:
    executable = installed()
    if executable is None:
        pytest.skip("no browser here: install chromium to see the page as it looks")
    folder = tmp_path_factory.mktemp("browser")
    path = folder / "report.html"
    path.write_text(full_page, encoding="utf-8")
    with browser(executable, folder / "profile") as tab:
        tab.open(path)
        yield tab


def test_browser_finds_nothing_wrong_and_asks_for_nothing_else(tab: Browser) -> None:
    asked = [e["request"]["url"] for e in tab.of("Network.requestWillBeSent")]
    assert [url.partition(":")[0] for url in asked if url[:5] != "data:"] == ["file"]
    assert not tab.of("Log.entryAdded", "Runtime.consoleAPICalled")
    assert not tab.of("Runtime.exceptionThrown")
    assert tab.evaluate("document.compatMode") == "CSS1Compat"


def test_browser_draws_marks_in_every_chart(tab: Browser) -> None:
    drawn = tab.evaluate(
        "[...document.querySelectorAll('svg[role=img]')].map(chart => ["
        "...chart.querySelectorAll('.role-mark path, .role-mark line')"
        "].filter(mark => mark.getAttribute('d') !== '').length)"
    )
    assert len(drawn) == 16
    assert min(drawn) > 8, drawn


@pytest.mark.parametrize("width", [380, 1280])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_browser_needs_no_scrolling_sideways(
    tab: Browser, width: int, scheme: str
) -> None:
    tab.show(width, scheme)
    tab.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
    assert tab.evaluate("document.documentElement.scrollWidth") <= width
    ink, paper = tab.evaluate(
        "[getComputedStyle(document.body).color, "
        "getComputedStyle(document.body).backgroundColor]"
    )
    assert _contrast(_hex(ink), _hex(paper)) > 12
    label = "document.querySelector('svg[role=img] .role-axis-label text')"
    drawn = tab.evaluate(f"getComputedStyle({label}).fill")
    assert _contrast(_hex(drawn), _hex(paper)) > 12


# Each width and each scheme once: axe takes seconds.
@pytest.mark.parametrize(("width", "scheme"), [(380, "dark"), (1280, "light")])
def test_browser_shows_a_page_that_anyone_can_use(
    tab: Browser, width: int, scheme: str
) -> None:
    tab.show(width, scheme)
    tab.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
    assert violations(tab) == []


def _hex(rgb: str) -> str:
    return "#" + "".join(f"{int(n):02x}" for n in re.findall(r"\d+", rgb)[:3])


def test_names_within_a_chart_are_made_its_own() -> None:
    """Several charts in one page may each have a clip path called `a`."""
    element = ElementTree.fromstring('<g id="a" clip-path="url(#a)" opacity="1"/>')
    inline._cleaned(element, "chart", tips=False)
    assert element.attrib == {"id": "chart-a", "clip-path": "url(#chart-a)"}
