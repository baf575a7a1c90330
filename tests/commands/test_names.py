"""Names in a stored run that lead elsewhere: nothing outside of its folder changes."""

from __future__ import annotations

import dataclasses
import json
import socket
import sys
from pathlib import Path
from typing import Any

import pytest

from loadtests import ROOT
from loadtests.catalog.profiles import PROFILES
from loadtests.catalog.scenarios import SCENARIOS
from loadtests.commands import load, options, report
from loadtests.commands.main import main
from loadtests.commands.statuses import Status
from loadtests.experiments.order import Order, counted
from loadtests.experiments.run import begin_run
from loadtests.experiments.your_app import nothing_seen
from loadtests.records.run import RUN_FILE, save_run
from loadtests.records.target import OtherTarget, RunningServer
from tests import runs
from tests.analysis.test_rates import RATE

ODD = ("../../x", "{outside}/x", "a\0b", "a\nb\x1b[2J", "x" * 5000, "\ud800")
ID, PROFILE, STACK, SCENARIO = (
    ("run", "id"),
    ("run", "profile"),
    ("cells", 0, "stack"),
    ("cells", 0, "scenario"),
)
OF_RATE = (("rates", 0, "stack"), ("rates", 0, "scenario"))
BESIDE = ("rates", 0, "conditions", "scenario")
ORDERED = (
    PROFILE,
    ("ordered", "stacks", 0),
    ("ordered", "scenarios", 0),
    ("ordered", "conditions", "scenario"),
    ("target", "app"),
)
NAMES = (ID, PROFILE, STACK, SCENARIO, *OF_RATE, BESIDE, ("target", "app"))
AN_APP = OtherTarget("shop:app", "wsgi", False, sys.executable, str(ROOT), "GET /")

Place = tuple[str | int, ...]


@pytest.fixture
def reports(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "outside/reports"
    folder.mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "outside")
    for module in (load, options, report):
        monkeypatch.setattr(module, "REPORTS", folder)
    return folder


def renamed(folder: Path, place: Place, odd: str) -> None:
    """Give the run in the folder another name at that place."""
    path = folder / RUN_FILE
    data = json.loads(path.read_text("utf-8"))
    *way, last = place
    inner = data
    for part in way:
        inner = inner[part]
    inner[last] = odd.format(outside=folder.parents[1])
    path.write_text(json.dumps(data))


def outside_of(folder: Path) -> dict[str, Any]:
    """What there is beside the run's folder, with what is in it."""
    return {
        str(path): path.read_bytes() if path.is_file() else path.is_symlink()
        for path in folder.parents[2].rglob("*")
        if not path.is_relative_to(folder)
    }


@pytest.mark.parametrize("odd", ODD, ids=lambda odd: repr(odd)[:12])
@pytest.mark.parametrize("place", NAMES, ids=lambda place: str(place[-1]))
def test_name_in_a_run_leads_nowhere(
    reports: Path, capsys: pytest.CaptureFixture[str], place: Place, odd: str
) -> None:
    folder, base = reports / "one", reports / "base"
    whole = dataclasses.replace(runs.run([runs.cell()]), rates=[RATE], target=AN_APP)
    for each in (folder, base):
        save_run(whole, each)
    renamed(folder, place, odd)
    before = outside_of(folder)
    for words in (
        ("report", "one"),
        ("compare", "base", "one"),
        ("gate", "--run=one", "--fail-under=slow-body=1"),
        ("load", "--resume=one"),
    ):
        status = main(words)
        out, error = capsys.readouterr()
        assert "\x1b" not in out + error
        assert error.count("\n") == (status == Status.NOT_DONE), error
        assert "Traceback" not in error
        assert outside_of(folder) == before, words


@pytest.mark.parametrize("odd", ODD, ids=lambda odd: repr(odd)[:12])
@pytest.mark.parametrize("place", ORDERED, ids=str)
def test_name_in_an_order_is_refused_before_anything_starts(
    reports: Path, capsys: pytest.CaptureFixture[str], place: Place, odd: str
) -> None:
    stacks = counted(["wsgi-gunicorn-gthread"], None, None)
    other = AN_APP if place[0] == "target" else None
    scenarios = [SCENARIOS["slow-body"]]
    order = Order(PROFILES["smoke"], stacks, scenarios, 1, seed=1, other=other)
    _, folder = begin_run(order, ["load"], reports)
    renamed(folder, place, odd)
    before = outside_of(folder)
    assert main(["load", f"--resume={folder.name}"]) == Status.NOT_DONE
    out, error = capsys.readouterr()
    assert (out, error.count("\n")) == ("", 1)
    assert error.startswith("error: ")
    assert "another" not in error, "it was the machine that was refused"
    assert outside_of(folder) == before
    assert not {path.name for path in folder.iterdir()} & {"samples", "logs"}


@pytest.mark.parametrize(
    ("address", "allowed", "says"),
    [
        ("192.0.2.1", "", "add ALLOW_REMOTE=192.0.2.1"),
        ("192.0.2.1", "shop", "add ALLOW_REMOTE=192.0.2.1"),
        ("0.0.0.0", "0.0.0.0", "name 127.0.0.1"),
        ("shop", "shop", "no IPv4 address: 'shop'"),
        ("127.0.0.1", "127.0.0.1", "leave ALLOW_REMOTE= out"),
    ],
)
def test_address_in_a_run_is_allowed_again_before_anything_is_sent_there(
    reports: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    address: str,
    allowed: str,
    says: str,
) -> None:
    """`remote` of the record is somebody's word too."""
    running = RunningServer(address, 80, remote=False)
    named = ("http://shop", "", False, "", "", "GET /")
    other = OtherTarget(*named, running=running)
    stacks, scenarios = counted(["asgi-uvicorn"], None, None), [SCENARIOS["slow-body"]]
    order = Order(PROFILES["smoke"], stacks, scenarios, 1, seed=1, other=other)
    _, folder = begin_run(order, ["load"], reports, nothing_seen(other))
    monkeypatch.setattr(socket.socket, "connect", pytest.fail)
    words = ["load", f"--resume={folder.name}", f"--allow-remote={allowed}"]
    assert main(words) == Status.NOT_DONE
    [line] = capsys.readouterr().err.splitlines()
    assert line.endswith(says)
