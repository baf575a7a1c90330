"""The page in a real browser: as it should look, and usable by anyone."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from tests.report.page import Browser, browser, installed, violations
from tests.report.whole import contrast


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
        "[...document.querySelectorAll('.wide svg[role=img]')].map(chart => ["
        "...chart.querySelectorAll('.role-mark path, .role-mark line')"
        "].filter(mark => mark.getAttribute('d') !== '').length)"
    )
    assert len(drawn) == 5
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
    assert contrast(_hex(ink), _hex(paper)) > 12
    label = "document.querySelector('svg[role=img] .role-axis-label text')"
    drawn = tab.evaluate(f"getComputedStyle({label}).fill")
    assert contrast(_hex(drawn), _hex(paper)) > 12


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
