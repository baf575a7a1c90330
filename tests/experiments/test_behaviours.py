"""The behaviour grid through real servers: a row of each kind, as the record has it."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from pathlib import Path

import pytest
from rich.console import Console

from loadtests.catalog.behaviours import ROWS
from loadtests.catalog.stacks import HTTP1
from loadtests.commands import behaviours as command
from loadtests.commands.main import main
from loadtests.commands.statuses import Status
from loadtests.experiments.behaviours import grid
from loadtests.experiments.behaviours.frames import close_code
from loadtests.records.behaviours import (
    BEHAVIOURS_FILE,
    VARIES,
    Behaviour,
    load_behaviours,
    save_behaviours,
)

STACKS = ("wsgi-gunicorn-gthread", "asgi-uvicorn")
# One of each kind; the growing one makes the most of a second.
SOME = (
    *("length-and-chunked", "half-closed", "pipelined", "unread-small", "head-body"),
    *("expect-read", "leaves-in-body", "leaves-stream", "stop-idle", "stop-in-flight"),
    *("websocket-short-key", "websocket-unmasked", "field-many"),
)


@pytest.fixture
def few_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(grid, "ROWS", {name: ROWS[name] for name in SOME})


@pytest.mark.usefixtures("few_rows")
def test_servers_behave_as_the_record_has_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    words = ["behaviours", f"--stacks={','.join(STACKS)}", f"--out={tmp_path}"]
    assert main(words) == Status.DONE
    shown = capsys.readouterr().out
    assert "13 rows, 2 stacks." in shown
    assert "Everything is as in the record." in shown
    found = load_behaviours(tmp_path / BEHAVIOURS_FILE)
    rows = [one.row for one in found.behaviours if one.stack == STACKS[1]]
    assert sorted(rows) == sorted(SOME)
    assert "wsproto" in found.environment.packages
    # What a server does now against a record in which it did otherwise.
    other = dataclasses.replace(found.behaviours[0], kind="cut")
    record = dataclasses.replace(found, behaviours=[other, *found.behaviours[1:]])
    monkeypatch.setattr(command, "RECORD", save_behaviours(record, tmp_path / "record"))
    status = command.compared(load_behaviours(command.RECORD), found, Console())
    assert status == Status.FAILED
    assert "(the same versions)" in capsys.readouterr().out


def test_without_a_record_there_is_nothing_to_compare(
    capsys: pytest.CaptureFixture[str],
) -> None:
    found = load_behaviours(command.RECORD)
    assert command.compared(None, found, Console()) == Status.DONE
    assert "no record" in capsys.readouterr().out


def test_many_changes_are_counted(capsys: pytest.CaptureFixture[str]) -> None:
    found = load_behaviours(command.RECORD)
    none = dataclasses.replace(found, behaviours=[])
    assert command.compared(none, found, Console()) == Status.DONE
    steady = [one for one in found.behaviours if one.kind != VARIES]
    assert f"and {len(steady) - 40} more" in capsys.readouterr().out


def test_record_has_every_row_of_every_stack() -> None:
    recorded = {
        (one.stack, one.row) for one in load_behaviours(command.RECORD).behaviours
    }
    assert recorded == {
        (stack.id, row.id) for stack in HTTP1.values() for row in grid.rows_of(stack)
    }


def tries(*kinds: str) -> Iterator[Behaviour]:
    return (Behaviour("a-stack", "half-closed", kind) for kind in kinds)


@pytest.mark.parametrize(
    ("kinds", "kind"),
    [
        (("closed", "closed"), "closed"),
        (("waits", "closed", "closed"), "closed"),
        (("waits", "closed", "waits", "closed", "closed"), "closed"),
        (("waits", "closed", "waits", "closed", "waits"), "varies"),
    ],
)
def test_two_tries_in_a_row_must_agree(kinds: tuple[str, ...], kind: str) -> None:
    made = tries(*kinds)
    assert grid.settled(lambda: next(made)).kind == kind
    assert not list(made)


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"\x88\x02\x03\xea", "1002"),
        (b"\x88\x00", ""),
        (b"\x88\x02\x03", None),
        (b"\x81\x02hi", None),
        (b"\x88", None),
    ],
)
def test_code_of_a_close_frame_is_read(data: bytes, code: str | None) -> None:
    assert close_code(data) == code
