"""A server on another machine: only asked where its user repeats its name."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from loadtests import ROOT
from loadtests.clients import wire
from loadtests.commands import load, ordered
from loadtests.commands.main import main
from loadtests.records.run import load_run
from loadtests.servers.processes import Guard, started, wait_until
from tests.servers.elsewhere import connections_to, namespace, needs_namespaces

pytestmark = needs_namespaces
PORT = 8000


@pytest.fixture
def elsewhere(guard: Guard, tmp_path: Path) -> Iterator[tuple[str, str]]:
    """A gunicorn with one sync worker that is not on this machine: the namespace that
    it is in, and its address."""
    with namespace() as (name, address):
        argv = ["ip", "netns", "exec", name, sys.executable, "-m", "gunicorn"]
        argv += ["--bind", f"{address}:{PORT}", "--no-control-socket", "wsgi_app:app"]
        with started(guard, argv, tmp_path / "log", cwd=ROOT):

            def listens() -> bool:
                try:
                    wire.connect((address, PORT)).close()
                except wire.WireError:
                    return False
                return True

            assert wait_until(listens, 30)
            yield name, address


@pytest.mark.long
def test_server_elsewhere_is_measured_only_if_its_name_is_repeated(
    elsewhere: tuple[str, str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    for module in (load, ordered):
        monkeypatch.setattr(module, "REPORTS", tmp_path / "reports", raising=False)
    name, address = elsewhere
    words = ["load", f"--url=http://{address}:{PORT}", "--profile=smoke"]
    words += ["--healthy=/hello", "--scenarios=slow-headers"]

    before = connections_to(name)
    assert main(words) == 2
    assert f"ALLOW_REMOTE={address}" in capsys.readouterr().err
    assert main([*words, "--allow-remote=10.0.0.1"]) == 2
    assert not (tmp_path / "reports").exists()
    assert connections_to(name) == before

    assert main([*words, f"--allow-remote={address}"]) in (0, 3)
    run = load_run(tmp_path / "reports/latest")
    assert run.target is not None
    assert run.target.running is not None
    assert run.target.running.remote
    [cell] = run.cells
    if cell.valid:
        assert (cell.capacity.held, cell.capacity.out_at) == (0, 1)
        assert cell.server.rss_idle_mb is None
