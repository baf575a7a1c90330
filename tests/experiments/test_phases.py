"""The phase map of real servers, for as long as their shortest timeouts take."""

from __future__ import annotations

import socket
import struct
from pathlib import Path

import pytest

from loadtests.catalog.phases import Phase
from loadtests.catalog.stacks import HOST, STACKS
from loadtests.commands import phases as command
from loadtests.commands.main import main
from loadtests.commands.statuses import Status
from loadtests.experiments import phases
from loadtests.records.phase_map import PHASE_MAP_FILE, load_phase_map
from loadtests.servers.processes import Guard, wait_until

WATCHED_S = 6.0


def test_connections_end_as_each_server_has_it(guard: Guard, tmp_path: Path) -> None:
    stacks = [STACKS[name] for name in ("wsgi-gunicorn-gevent", "wsgi-uwsgi")]
    told: list[float] = []
    found = phases.watch(stacks, WATCHED_S, guard, tmp_path, told.append)
    ended = {(one.stack, one.phase): one for one in found}
    assert len(ended) == 8
    gevent = {phase: ended["wsgi-gunicorn-gevent", phase] for phase in phases.PHASES}
    for phase in (Phase.SILENT, Phase.HEAD):
        after_s = gevent[phase].after_s
        assert after_s is not None
        assert 1.5 < after_s < WATCHED_S
    assert gevent[Phase.SILENT].seen == "closed"
    # A line may be on its way when the server closes: that is answered by a reset.
    assert gevent[Phase.HEAD].seen in ("closed", "reset")
    for phase in (Phase.BODY, Phase.RESPONSE):
        assert gevent[phase].after_s is None
        assert gevent[phase].seen == ""
    paused = ended["wsgi-uwsgi", Phase.BODY]
    assert paused.after_s is not None
    assert paused.seen == "400"
    assert ended["wsgi-uwsgi", Phase.SILENT].after_s is None, "the kernel has it still"
    assert told == sorted(told)


def test_command_shows_and_keeps_what_it_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(command, "WATCHED_S", 0.5)
    out = tmp_path / "kept"
    status = main(["phases", "--stacks=asgi-uvicorn", f"--out={out}"])
    assert status == Status.DONE
    shown = capsys.readouterr().out
    assert "asgi-uvicorn   waits      waits          waits        waits" in shown
    assert "4 of 4 as predicted. Watched for 0.5 s" in shown
    kept = load_phase_map(out / PHASE_MAP_FILE)
    assert {one.stack for one in kept.ended} == {"asgi-uvicorn"}


def test_stack_that_a_client_holds_whole_has_a_worker_for_each() -> None:
    assert phases._with_room(STACKS["wsgi-gunicorn-sync"]).workers == 5
    assert phases._with_room(STACKS["asgi-uvicorn"]).workers == 2


@pytest.mark.parametrize("phase", phases.PHASES)
def test_client_that_is_reset_has_seen_that(phase: Phase) -> None:
    with socket.create_server((HOST, 0)) as listener:
        address = (HOST, listener.getsockname()[1])
        visit = phases._Visit("a-stack", phase, address)
        with visit.sock:
            server_side, _ = listener.accept()
            visit.go_on(visit.began_s)
            assert visit.ports in phases._established()
            assert not visit.reset
            linger = struct.pack("ii", 1, 0)
            server_side.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            server_side.close()
            assert wait_until(lambda: visit.ports not in phases._established(), 10)
            visit.after_s = 1.0
            visit.go_on(visit.began_s)
    assert visit.reset == (phase is not Phase.RESPONSE)
    assert visit.seen == ("reset" if visit.reset else "")


def test_head_is_sent_a_line_a_second() -> None:
    with socket.create_server((HOST, 0)) as listener:
        visit = phases._Visit("a-stack", Phase.HEAD, (HOST, listener.getsockname()[1]))
        with visit.sock:
            server_side, _ = listener.accept()
            for after_s in (0.5, 1.0, 1.5, 2.0):
                visit.go_on(visit.began_s + after_s)
        with server_side, server_side.makefile("rb") as received:
            lines = received.read().splitlines()
    assert lines[0] == b"GET /hello HTTP/1.1"
    assert lines[-2:] == [b"X-Slow-0: 1", b"X-Slow-1: 1"]
