"""The records of a trace, the same file on both sides: what is shown, and how."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from types import ModuleType
from typing import Any

import pytest

import asgi_app.records
import wsgi_app.records

BOTH = pytest.mark.parametrize(
    "records", [wsgi_app.records, asgi_app.records], ids=["wsgi", "asgi"]
)


class Thing:
    """Something that no record can hold."""


@BOTH
@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (None, None),
        (3, 3),
        ("x" * 300, "x" * 200 + "..."),
        (b"abc", {"length": 3, "begins": "b'abc'"}),
        ([b"abc"], [{"length": 3, "begins": "b'abc'"}]),
        ({"name": b"abc", "other": (1, 2)}, {"name": "b'abc'", "other": [1, 2]}),
        (ValueError("no", 3), "<ValueError('no', 3)>"),
        (len, "<builtin_function_or_method>"),
        (Thing, "<Thing>"),
        (Thing(), "<Thing>"),
    ],
)
def test_value_is_shown_without_being_run(
    records: ModuleType, value: Any, shown: Any
) -> None:
    assert records.show(value) == shown


@BOTH
@pytest.mark.parametrize(
    ("shown", "written"),
    [
        ({"length": 3, "begins": "b'abc'"}, "<3 bytes b'abc'>"),
        ({"length": 99, "begins": "b'abc'"}, "<99 bytes b'abc'...>"),
        ({"type": "x"}, "{'type': 'x'}"),
        ([1, "<Thing>"], "[1, <Thing>]"),
        ("text", "'text'"),
    ],
)
def test_what_was_shown_is_written_as_in_python(
    records: ModuleType, shown: Any, written: str
) -> None:
    assert records.quote(shown) == written


def record(step: str, **fields: Any) -> dict[str, Any]:
    return {"interface": "wsgi", "name": "close", "step": step, **fields}


@BOTH
@pytest.mark.parametrize(
    ("given", "words", "colour"),
    [
        (record("called", given=[1]), "close(1)", "CYAN"),
        (record("returned", took_ms=0.5), "close returned after 0.5 ms", "CYAN"),
        (record("returned", got=3, took_ms=50.0), "close returned 3", "YELLOW"),
        (
            record("raised", got="<StopIteration()>", took_ms=0.1),
            "close raised <StopIteration()> (no more pieces)",
            "CYAN",
        ),
        (
            record("raised", got="<ValueError()>", took_ms=0.1),
            "close raised <ValueError()>",
            "RED",
        ),
        (
            record("blocked", took_ms=300.12),
            "the event loop was blocked for 300.1 ms",
            "RED",
        ),
    ],
)
def test_record_reads_as_a_line(
    records: ModuleType, given: dict[str, Any], words: str, colour: str
) -> None:
    assert records.words(given).startswith(words)
    assert records.colour_of(given, by_server=False) == getattr(records, colour)


# Two processes, as two workers of a server: forked, with one pipe for their stdout.
WORKERS = """
import os, sys
from importlib import import_module
tell_live = import_module(sys.argv[1]).tell_live
worker = 0 if os.fork() else 1
for number in range(300):
    tell_live({"worker": worker, "number": number, "long": "x" * 20_000})
if not worker:
    os.wait()
"""


@BOTH
def test_long_lines_of_two_processes_stay_whole_on_a_pipe(records: ModuleType) -> None:
    command = [sys.executable, "-c", WORKERS, records.__name__]
    done = subprocess.run(command, stdout=subprocess.PIPE, check=True, timeout=60)
    found = [json.loads(line) for line in done.stdout.splitlines()]
    told = {(record["worker"], record["number"]) for record in found}
    assert len(found) == len(told) == 600


@BOTH
def test_record_is_told_where_there_are_no_locks(
    records: ModuleType,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    def lockf(descriptor: int, how: int) -> None:
        raise OSError

    monkeypatch.setattr(records.fcntl, "lockf", lockf)
    records.tell_live({"told": True})
    assert json.loads(capfd.readouterr().out) == {"told": True}


@BOTH
def test_line_that_is_taken_in_parts_is_written_to_its_end(
    records: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    written: list[bytes] = []

    def write(_: int, data: bytes) -> int:
        written.append(data[:5])
        return len(written[-1])

    monkeypatch.setattr(os, "write", write)
    records.tell_live({"told": "to its end"})
    assert json.loads(b"".join(written)) == {"told": "to its end"}
