"""The phase map of real servers, for as long as their shortest timeouts take."""

from __future__ import annotations

from pathlib import Path

import pytest

from loadtests.catalog.phases import Phase
from loadtests.catalog.stacks import STACKS
from loadtests.commands import phases as command
from loadtests.commands.main import main
from loadtests.commands.statuses import Status
from loadtests.experiments import phases
from loadtests.records.phase_map import PHASE_MAP_FILE, load_phase_map
from loadtests.servers.processes import Guard

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
        assert gevent[phase].seen == "closed"
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
