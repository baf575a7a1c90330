"""An app that does not answer while it is tried out, or does not even import."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from loadtests import UserError
from loadtests.clients.wire import WireError
from loadtests.experiments import trying_out, your_app
from loadtests.experiments.trying_out import tried_out
from loadtests.servers.processes import Guard
from tests.experiments.test_your_app import HERE, ODD, WAITRESS


def test_host_that_is_refused_is_a_hint(guard: Guard, tmp_path: Path) -> None:
    other = dataclasses.replace(ODD, healthy="GET /wrong-host")
    with pytest.raises(UserError, match=r"HEADERS=.Host: example\.org"):
        tried_out(other, WAITRESS, 1.0, tmp_path, guard)


def test_request_that_is_not_answered_in_time_is_told(
    guard: Guard, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trying_out, "WAITS_AT_MOST_S", 0.1)
    other = dataclasses.replace(ODD, wait="GET /slow")
    with pytest.raises(UserError, match="WAIT=GET /slow is not answered in time"):
        tried_out(other, WAITRESS, 60.0, tmp_path, guard)


def test_connection_that_breaks_is_told_with_the_reason() -> None:
    with (
        pytest.raises(UserError, match="UPLOAD=POST / is not answered: reset: gone"),
        trying_out._explained("UPLOAD=POST /"),
    ):
        raise WireError("reset", "gone")


def test_module_that_takes_too_long_to_import_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "sleepy.py").write_text("import time\ntime.sleep(60)\n")
    monkeypatch.setattr(your_app, "IMPORTS_WITHIN_S", 0.5)
    home = dataclasses.replace(HERE, folder=str(tmp_path))
    with pytest.raises(UserError, match=r"APP=sleepy does not import within 0.5 s"):
        your_app.look("sleepy", home, tmp_path / "log")
