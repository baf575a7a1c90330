"""`make load CMD=...` and `URL=...` as their user types them."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from loadtests import UserError
from loadtests.commands import load
from loadtests.commands.main import _parsed, main
from loadtests.commands.ordered import Asked, asked, refuse_beside_resume
from loadtests.commands.resolving import Address, chosen
from loadtests.records.target import OtherTarget, OwnCommand, RunningServer
from loadtests.servers.programs import changes_what_is_served, free_port
from tests.surroundings import odd_environment

COMMAND = f"--cmd={sys.executable} -m gunicorn -b 127.0.0.1:$PORT shop:app"
URL = "--url=http://127.0.0.1:9000"


def order(folder: Path, *words: str) -> Asked:
    return asked(_parsed(["load", "--profile=smoke", *words]), folder)


def other(folder: Path, *words: str) -> OtherTarget:
    found = order(folder, *words).order.other
    assert found is not None
    return found


def command(folder: Path, *words: str) -> OwnCommand:
    found = other(folder, *words).command
    assert found is not None
    return found


def running(folder: Path, *words: str) -> RunningServer:
    found = other(folder, *words).running
    assert found is not None
    return found


def test_command_is_one_stack_under_the_scenarios_that_have_a_request(
    tmp_path: Path,
) -> None:
    found = order(tmp_path, COMMAND, "--upload=/items", f"--app-dir={tmp_path}")
    [stack] = found.order.stacks
    assert (stack.id, stack.unmodelled, stack.nofile) == ("command", "server", 128)
    assert stack.command(9000)[:3] == ["env", "PORT=9000", sys.executable]
    assert "127.0.0.1:9000" in stack.command(9000)
    scenarios = [scenario.id for scenario in found.order.scenarios]
    assert scenarios == ["slow-headers", "slow-body"]
    assert found.left_out[0].startswith("handler-wait is left out: name WAIT=/path")
    assert other(tmp_path, COMMAND, f"--app-dir={tmp_path}").folder == str(tmp_path)


def test_port_may_be_left_open_in_three_ways_and_other_braces_stay(
    tmp_path: Path,
) -> None:
    words = "python -m shop {port} $PORT ${PORT} {host} $PORTS"
    assert command(tmp_path, f"--cmd={sys.executable} {words}").words[1:] == [
        *("python", "-m", "shop", "{port}", "{port}", "{port}", "{host}", "$PORTS")
    ]
    [stack] = order(tmp_path, f"--cmd={sys.executable} {words}").order.stacks
    assert stack.command(8)[-5:] == ["8", "8", "8", "{host}", "$PORTS"]


def test_variables_that_change_servers_or_python_are_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in filter(changes_what_is_served, [*os.environ]):
        monkeypatch.delenv(name)
    odd = odd_environment(tmp_path / "packages", 9)
    others = dict.fromkeys(("PORT", "PYTHONDONTWRITEBYTECODE", "DATABASE_URL"), "3")
    for name, value in (odd | others).items():
        monkeypatch.setenv(name, value)
    found = command(tmp_path, COMMAND).variables
    assert found == {name: odd[name] for name in sorted(odd) if name != "PORT"}


@pytest.mark.parametrize("name", ["https_proxy", "ALL_PROXY", "Http_Proxy"])
def test_password_of_a_proxy_is_not_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv(name, "http://me:p@ss@proxy.example:3128/")
    assert command(tmp_path, COMMAND).variables[name] == "http://proxy.example:3128/"
    monkeypatch.setenv(name, "me:p@ss@proxy.example")
    assert command(tmp_path, COMMAND).variables[name] == "proxy.example"


def test_command_may_set_variables_of_its_own(tmp_path: Path) -> None:
    words = command(tmp_path, f"--cmd=WORKERS=2 {sys.executable} -m shop").words
    assert words[0] == "WORKERS=2"


def test_url_is_asked_below_its_path_and_by_its_name(tmp_path: Path) -> None:
    url = "--url=http://LOCALHOST:9000/shop/"
    found = other(tmp_path, url, "--healthy=/health", "--upload=PUT /items")
    assert (found.healthy, found.upload) == ("GET /shop/health", "PUT /shop/items")
    assert found.headers == ["Host: LOCALHOST:9000"]
    assert other(tmp_path, url).healthy == "GET /shop/"
    assert other(tmp_path, URL).healthy == "GET /"
    named = other(tmp_path, URL, "--headers=Host: shop.example")
    assert named.headers == ["Host: shop.example"]


def test_url_is_a_server_of_which_nothing_is_predicted(tmp_path: Path) -> None:
    found = order(tmp_path, URL, f"--pid={os.getpid()}").order
    [stack] = found.stacks
    assert (stack.id, stack.unmodelled) == ("url", "server")
    subject = found.cells()[0].holding.subject(1)
    assert (subject.argv, subject.workers, subject.nofile) == ([], 0, None)
    assert subject.capacity.unpredicted
    assert running(tmp_path, URL) == RunningServer("127.0.0.1", 9000)
    assert running(tmp_path, "--url=http://localhost").port == 80
    assert running(tmp_path, URL, f"--pid={os.getpid()}").pid == os.getpid()


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ((COMMAND, URL), "CMD= and URL=: name one of them"),
        ((URL, "--app=shop"), "APP= and URL=: name one of them"),
        ((COMMAND, "--stacks=asgi-uvicorn"), "leave STACKS= out"),
        ((COMMAND, "--workers=2"), "CMD= is measured as it is: leave WORKERS= out"),
        ((URL, "--nofile=99"), "URL= is measured as it is: leave NOFILE= out"),
        ((URL, "--app-dir=/"), "APP_DIR= is for APP= or CMD=: leave it out beside URL"),
        ((COMMAND, "--interface=wsgi"), "INTERFACE= is for APP=: leave it out"),
        (("--pid=1",), "PID= is about a server that runs: add URL="),
        (("--cmd='",), "CMD=': No closing quotation"),
        (("--cmd=A=1",), "CMD=A=1: there is no command in it"),
        (("--cmd=nosuch app",), "CMD=nosuch: no such program in "),
        (("--cmd=bin/nosuch app",), "CMD=bin/nosuch: no such program in "),
        (("--cmd=cd x && gunicorn",), "no shell reads its &&: write CMD="),
        ((COMMAND, "--app-dir=/nowhere"), "APP_DIR=/nowhere: no such folder"),
        (("--url=https://127.0.0.1",), "TLS is not measured: name the http://"),
        (("--url=127.0.0.1:9000",), "write it as http://127.0.0.1:9000"),
        (
            ("--url=http://127.0.0.1:0",),
            "URL=http://127.0.0.1:0: nothing can be reached",
        ),
        (("--url=http://a@127.0.0.1:9",), "URL= with a user: write HEADERS="),
        (("--url=http://127.0.0.1:x",), "URL=http://127.0.0.1:x: Port could not be"),
        (("--url=http://a:b@127.0.0.1",), "HEADERS='Authorization: ...'"),
        (("--url=http://127.0.0.1/?a=1",), "write what follows the path in HEALTHY="),
        (("--url=http://0.0.0.0:9000",), "0.0.0.0 is no address to connect to: name 1"),
        (("--url=http://192.0.2.1",), "192.0.2.1 is not loopback, and a load test may"),
        (("--url=http://no.invalid",), "URL=no.invalid: "),
        ((URL, "--allow-remote=127.0.0.1"), "leave ALLOW_REMOTE= out"),
        ((URL, f"--pid={2**22 - 1}"), f"PID={2**22 - 1}: no such process"),
        (
            ("--url=http://192.0.2.1", "--allow-remote=192.0.2.1", "--pid=1"),
            "PID= is of this machine, and URL= leads to another",
        ),
        ((URL, "--scenarios=loop-block"), "nothing to measure: loop-block is left out"),
        ((URL, "--upload=items"), "items: write a path, or a method and a path"),
    ],
)
def test_what_cannot_be_is_one_line(
    words: tuple[str, ...], says: str, tmp_path: Path
) -> None:
    with pytest.raises(UserError) as caught:
        order(tmp_path, *words)
    assert says in str(caught.value)
    assert "\n" not in str(caught.value)


def test_program_beside_the_app_is_a_hint(tmp_path: Path) -> None:
    beside = tmp_path / ".venv" / "bin"
    beside.mkdir(parents=True)
    (beside / "serve-the-shop").touch()
    with pytest.raises(UserError, match=r"there is \.venv/bin/serve-the-shop$"):
        order(tmp_path, "--cmd=serve-the-shop", f"--app-dir={tmp_path}")
    (beside / "serve-the-shop").chmod(0o755)
    words = (f"--app-dir={tmp_path}", "--cmd=.venv/bin/serve-the-shop")
    assert command(tmp_path, *words).words == [".venv/bin/serve-the-shop"]


@pytest.mark.parametrize("word", [COMMAND, URL])
def test_run_that_is_gone_on_with_is_what_was_ordered(word: str) -> None:
    with pytest.raises(UserError, match="RESUME= goes on with what was ordered"):
        refuse_beside_resume(_parsed(["load", "--resume=latest", word]))


@pytest.mark.parametrize(
    ("found", "allowed", "address"),
    [
        (["127.0.0.1"], "", Address("127.0.0.1", remote=False)),
        (["::1", "127.0.1.1"], "", Address("127.0.1.1", remote=False)),
        (["2001:db8::1", "192.0.2.1"], "Shop", Address("192.0.2.1", remote=True)),
    ],
)
def test_address_is_on_loopback_or_allowed_by_its_name(
    found: list[str], allowed: str, address: Address
) -> None:
    assert chosen("shop", found, allowed) == address


@pytest.mark.parametrize("allowed", ["", "shop"])
def test_name_that_leads_here_and_elsewhere_is_refused(allowed: str) -> None:
    with pytest.raises(UserError, match=r"here|elsewhere \(127.0.0.1, 192.0.2.1\)"):
        chosen("shop", ["127.0.0.1", "192.0.2.1"], allowed)


@pytest.mark.parametrize(
    ("found", "allowed", "says"),
    [
        (["192.0.2.1"], "shop.example", "shop is not loopback"),
        (["::1"], "", "shop has no IPv4 address"),
        (["fe80::1%lo"], "", "shop is not loopback"),
    ],
)
def test_other_addresses_are_refused(found: list[str], allowed: str, says: str) -> None:
    with pytest.raises(UserError, match=says):
        chosen("shop", found, allowed)


def test_url_where_nobody_listens_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(load, "REPORTS", tmp_path)
    assert main(["load", f"--url=http://127.0.0.1:{free_port()}/health"]) == 2
    [line] = capsys.readouterr().err.splitlines()
    assert line.startswith("error: nothing takes connections at 127.0.0.1:")
    assert line.endswith("start your server first")
    assert [path.name for path in tmp_path.iterdir()] == ["app"]
