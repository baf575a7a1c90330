"""`make load NETWORK=`: a rate, what it goes with, and errors before a start."""

from __future__ import annotations

import dataclasses
import io
import json
from collections.abc import Sequence
from pathlib import Path

import pytest
from rich.console import Console

from loadtests import UserError
from loadtests.commands import networks
from loadtests.commands.main import _parsed, main
from loadtests.commands.ordered import asked, refuse_beside_resume
from loadtests.commands.statuses import Status
from loadtests.experiments.lock import the_machine
from loadtests.experiments.order import Order, order_of
from loadtests.experiments.run import begin_run
from loadtests.records.run import RUN_FILE, Fleet, load_run
from loadtests.records.target import OtherTarget, RunningServer
from loadtests.servers import slow_link
from tests.servers.elsewhere import needs_namespaces

LOAD = ("load", "--profile=smoke", "--stacks=asgi-uvicorn")
SLOW_LINK = "--scenarios=slow-link"
MBIT = ("--network=1mbit",)
A_RATE = "a rate for all slow clients is 50kbit to 4mbit"


def ordered(*words: str) -> Order:
    return asked(_parsed([*LOAD, *words]), Path()).order


@pytest.mark.parametrize(
    ("text", "kbit", "arrive_per_s"),
    [
        *(("50kbit", 50, 22), ("100kbit", 100, 44)),
        *(("1mbit", 1000, 446), ("4mbit", 4000, 500)),
    ],
)
def test_rate_is_of_all_slow_clients_and_bounds_how_fast_they_come(
    text: str, kbit: int, arrive_per_s: float
) -> None:
    order = ordered(f"--network={text}", "--scenarios=slow-link,slow-read")
    assert order.network_kbit == kbit
    assert order.profile.arrive_per_s == arrive_per_s
    assert [cell.holding.network_kbit for cell in order.cells()] == [kbit, 0]


def test_link_of_a_stored_run_is_gone_on_with(tmp_path: Path) -> None:
    order = ordered("--network=200kbit", SLOW_LINK)
    _, folder = begin_run(order, ["load"], tmp_path)
    found = order_of(load_run(folder))
    assert [*found.tasks()] == [*order.tasks()]
    assert found.network_kbit == 200
    with pytest.raises(UserError, match="leave NETWORK= out"):
        refuse_beside_resume(_parsed(["load", "--resume=x", "--network=200kbit"]))


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--network=abc"], f"--network abc: {A_RATE}"),
        (["--network=100"], A_RATE),
        (["--network=49kbit"], A_RATE),
        (["--network=5mbit"], A_RATE),
        (["--network="], A_RATE),
        ([SLOW_LINK], "slow-link needs a link that is slow: make load NETWORK=100kbit"),
        ([SLOW_LINK, *MBIT, "--fleet=1", "--bind=127.0.0.1"], "leave one of both out"),
        ([SLOW_LINK, *MBIT, "--profile=c50k"], "more slow clients than one process"),
        (["--network=1mbit"], "is for the link of slow-link: SCENARIOS=slow-link"),
        (["--scenarios=backend-wait", "--beside=slow-link=8"], "take slow-read"),
    ],
)
def test_link_that_cannot_be_is_one_line(
    words: Sequence[str], says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*LOAD, *words]) == Status.NOT_DONE
    error = capsys.readouterr().err
    assert says in error
    assert error.count("\n") == 1


def test_link_leads_to_servers_on_loopback_alone() -> None:
    order = ordered(*MBIT, SLOW_LINK)
    for address, fits in (("127.0.0.1", True), ("192.0.2.1", False)):
        running = RunningServer(address, 80)
        place = (f"http://{address}", "", False, "", "", "GET /")
        other = OtherTarget(*place, running=running)
        behind = dataclasses.replace(order, other=other)
        if fits:
            networks.see_that_it_fits(behind)
            continue
        with pytest.raises(UserError, match=r"on 127.0.0.1, not on 192.0.2.1$"):
            networks.see_that_it_fits(behind)


def test_clients_elsewhere_may_have_a_slow_link_of_their_own() -> None:
    order = ordered(*MBIT, SLOW_LINK)
    elsewhere = Fleet(1, "192.0.2.1")
    order = dataclasses.replace(order, network_kbit=0, fleet=elsewhere)
    networks.see_that_it_fits(order)


def told(kbit: int) -> str:
    out = io.StringIO()
    networks.tell(Console(file=out, width=200), kbit)
    return out.getvalue()


def test_link_is_told_before_the_run() -> None:
    assert told(0) == ""
    assert told(1500).startswith(
        "Under slow-link, all slow clients share a link of 1,500 "
    )


@pytest.mark.parametrize(
    ("program", "says"),
    [
        ("", "error: NETWORK= needs ip and tc: apt-get install iproute2\n"),
        ("touch called", "error: NETWORK= makes network namespaces: be root to start"),
        ("echo no >&2; exit 1", "as root may on Linux, and this failed: ip netns l"),
        ("exit 3", "ip netns list: status 3\n"),
    ],
)
def test_machine_that_cannot_make_a_link_is_one_line(
    program: str,
    says: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    for name in ("ip", "tc") if program else ():
        (tmp_path / name).write_text(f"#!/bin/sh\n{program}\n")
        (tmp_path / name).chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(networks, "_RIGHTS", 1 << 63 if "called" in program else 0)
    assert main([*LOAD, SLOW_LINK, "--network=100kbit"]) == Status.NOT_DONE
    error = capsys.readouterr().err
    assert says in error
    assert error.count("\n") == 1


@needs_namespaces
def test_no_link_is_made_beside_another_measurement(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("ip", "tc"):
        (tmp_path / name).write_text(f"#!/bin/sh\n: > {tmp_path}/called\nexit 1\n")
        (tmp_path / name).chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    with the_machine("make bench"):
        assert main([*LOAD, SLOW_LINK, *MBIT]) == Status.NOT_DONE
    assert "another measurement runs here: make bench" in capsys.readouterr().err
    assert not (tmp_path / "called").exists()
    assert main([*LOAD, SLOW_LINK, *MBIT]) == Status.NOT_DONE
    assert (tmp_path / "called").exists()


@needs_namespaces
def test_link_over_which_nobody_can_connect_is_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    networks.see_that_it_leads(1000)
    monkeypatch.setattr(networks, "_CONNECTS_S", 0.5)
    monkeypatch.setattr(slow_link, "_set", lambda *_: None)  # what is for 127/8 is lost
    assert main([*LOAD, SLOW_LINK, *MBIT]) == Status.NOT_DONE
    error = capsys.readouterr().err
    assert error.startswith("error: NETWORK= made a link over which nobody can connect")
    assert error.count("\n") == 1


def test_run_of_an_earlier_version_had_no_slow_link(tmp_path: Path) -> None:
    _, folder = begin_run(ordered(*MBIT, SLOW_LINK), ["load"], tmp_path)
    path = folder / RUN_FILE
    data = json.loads(path.read_text())
    assert data["ordered"].pop("network_kbit") == 1000
    path.write_text(json.dumps(data))
    found = load_run(folder).ordered
    assert found is not None
    assert found.network_kbit == 0
