"""The calculator: its arithmetic, and the same in the page, in a real browser."""

from __future__ import annotations

import dataclasses
import json
import math
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from loadtests import ROOT
from loadtests.analysis.sizing import CPU, POOL, Demand, size, supplies
from loadtests.catalog import stacks
from loadtests.catalog.stacks import HTTP1
from loadtests.commands.example import EXAMPLE
from loadtests.records.run import load_run
from loadtests.report.formats import sizing
from tests.report.page import Browser, Structure, browser, installed, violations

USUAL = Demand(
    rate_per_s=100,
    wait_ms=100,
    cpu_us=0,
    slow_percent=0,
    slow_s=10,
    workers=2,
    threads=8,
    pool=0,
    nofile=1024,
    cores=2,
)
SIZED = [stack.id for stack in HTTP1.values() if stack.front is None]


@pytest.mark.parametrize(
    ("stack", "given", "per_s", "first"),
    [
        ("wsgi-gunicorn-sync", {}, 20, "workers"),
        ("wsgi-gunicorn-gthread", {}, 160, "threads"),
        ("wsgi-gunicorn-gthread", {"threads": 4, "workers": 3}, 120, "threads"),
        ("wsgi-waitress", {}, 160, "threads"),
        ("asgi-uvicorn", {}, 20080, "descriptors"),
        ("asgi-uvicorn", {"cpu_us": 1000}, 2000, CPU),
        ("asgi-uvicorn", {"pool": 10}, 200, POOL),
        ("asgi-daphne", {"cpu_us": 1000}, 1000, CPU),
        ("wsgi-gunicorn-gthread", {"slow_percent": 10}, 16 / 1.1, "threads"),
        ("wsgi-waitress", {"slow_percent": 10}, 98 / 1.1, "worker_connections"),
    ],
)
def test_size_is_places_divided_by_time(
    stack: str, given: dict[str, Any], per_s: float, first: str
) -> None:
    found = size(stacks.find(stack), dataclasses.replace(USUAL, **given))
    assert found.per_s == pytest.approx(per_s)
    assert found.first == first
    assert found.use == pytest.approx(100 / per_s)


def test_request_that_takes_no_time_has_no_limit() -> None:
    nothing = dataclasses.replace(USUAL, wait_ms=0)
    assert size(stacks.find("asgi-uvicorn"), nothing).per_s == math.inf


@pytest.mark.parametrize("stack_id", SIZED)
def test_every_stack_says_what_a_request_takes_a_place_of(stack_id: str) -> None:
    found = supplies(stacks.find(stack_id))
    assert any(supply.handler for supply in found)
    assert any(supply.body for supply in found)


@pytest.fixture(scope="module")
def page() -> str:
    return sizing.page(load_run(ROOT / EXAMPLE))


@pytest.fixture(scope="module")
def tab(tmp_path_factory: pytest.TempPathFactory, page: str) -> Iterator[Browser]:
    executable = installed()
    if executable is None:
        pytest.skip("no browser here: install chromium to see the page as it looks")
    folder: Path = tmp_path_factory.mktemp("sizing")
    path = folder / "sizing.html"
    path.write_text(page, encoding="utf-8")
    with browser(executable, folder / "profile") as tab:
        tab.open(path)
        yield tab


def test_page_is_one_file_that_asks_for_nothing_else(page: str) -> None:
    structure = Structure(page)
    assert not structure.values("src")
    assert not structure.values("href")
    assert structure.count("input") == len(dataclasses.fields(Demand))
    names = [field.name for field in dataclasses.fields(Demand)]
    assert sorted(structure.values("name", of="input")) == sorted(names)


def test_page_and_python_agree_on_random_demands(tab: Browser) -> None:
    chance = random.Random(14)
    for _ in range(200):
        demand = Demand(
            rate_per_s=chance.choice([0.5, 10, 333.3, 20_000]),
            wait_ms=chance.choice([0, 1.5, 20, 500, 3000]),
            cpu_us=chance.choice([0, 30, 1234.5, 40_000]),
            slow_percent=chance.choice([0, 0.5, 7, 100]),
            slow_s=chance.choice([0, 0.3, 10, 600]),
            workers=chance.randint(1, 16),
            threads=chance.randint(1, 64),
            pool=chance.choice([0, 5, 20]),
            nofile=chance.choice([64, 256, 1024, 65536]),
            cores=chance.randint(1, 32),
        )
        given = json.dumps(dataclasses.asdict(demand))
        shown = tab.evaluate(
            f"STACKS.map(s => size(s, {given})).map(s => [String(s.perS), s.first])"
        )
        for stack_id, (per_s, first) in zip(SIZED, shown, strict=True):
            found = size(stacks.find(stack_id), demand)
            assert float(per_s.replace("Infinity", "inf")) == pytest.approx(found.per_s)
            assert first == found.first, (stack_id, demand)


@pytest.mark.parametrize("width", [380, 1280])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_page_fits_and_anyone_can_use_it(tab: Browser, width: int, scheme: str) -> None:
    tab.show(width, scheme)
    assert tab.evaluate("document.documentElement.scrollWidth") <= width
    assert not violations(tab)
    rows = tab.evaluate("document.querySelectorAll('#sizes tbody tr').length")
    assert rows == len(SIZED)


def test_number_out_of_range_is_marked_and_said(tab: Browser) -> None:
    field = "document.querySelector('input[name=workers]')"
    typed = (
        f"{field}.value='0';{field}.dispatchEvent(new Event('input',{{bubbles:true}}))"
    )
    tab.evaluate(typed)
    assert tab.evaluate(f"{field}.getAttribute('aria-invalid')") == "true"
    assert "out of its range" in tab.evaluate("said.textContent")
    tab.evaluate(typed.replace("'0'", "'2'"))
    assert tab.evaluate(f"{field}.getAttribute('aria-invalid')") == "false"
    assert not tab.of("Runtime.exceptionThrown")
