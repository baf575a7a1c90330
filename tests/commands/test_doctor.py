"""`make doctor`: what it is asked, and what it refuses before anything starts."""

from __future__ import annotations

import argparse
import shlex
import sys
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from loadtests import UserError
from loadtests.catalog import stacks
from loadtests.catalog.remedies import Remedy
from loadtests.catalog.stacks import Option
from loadtests.commands import doctor, load, prescribed
from loadtests.commands.main import main
from loadtests.commands.ordered import Asked
from loadtests.experiments.cell import MOST_SLOW_CLIENTS, search_of
from loadtests.records.target import OtherTarget

GUNICORN = f"{shlex.quote(sys.executable)} -m gunicorn"
SHOPS = Path(__file__).parents[1] / "experiments" / "shops"
ODD = ("--app=odd", f"--app-dir={SHOPS}", f"--app-python={sys.executable}")
COMMAND = f"--cmd={GUNICORN} shop:app"


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ((), "name APP=, CMD= or URL=, or one of this project with STACKS=<id>"),
        (("--stacks=asgi-uvicorn,wsgi-waitress",), "looks at one server"),
        (("--stacks=asgi-uvicron",), "did you mean asgi-uvicorn?"),
        (("--stacks=asgi-uvicorn", "--need=0"), "a number of slow clients is a number"),
        (("--stacks=asgi-uvicorn", "--scenarios=backend-wait"), "leave rates out"),
        ((*ODD, "--scenarios=backend-wait", "--wait-path=/slow"), "leave rates out"),
        (("--cmd=x", "--url=http://127.0.0.1"), "CMD= and URL=: name one of them"),
        (("--app=x", "--stacks=asgi-uvicorn,wsgi-waitress"), "looks at one server"),
        (("--resume=latest",), "unrecognized arguments: --resume=latest"),
    ],
)
def test_what_cannot_be_examined_is_one_line(
    capsys: pytest.CaptureFixture[str], words: tuple[str, ...], says: str
) -> None:
    assert main(["doctor", *words]) == 2
    [line] = capsys.readouterr().err.splitlines()
    assert says in line


def asked(*words: str) -> Asked:
    parser = argparse.ArgumentParser()
    doctor.add(parser)
    return doctor.of_one_server(parser.parse_args(words))


def other(one: Asked) -> OtherTarget:
    assert one.order.other is not None
    return one.order.other


def test_all_but_a_blocked_loop_is_looked_at_and_so_many_are_needed() -> None:
    order = asked("--stacks=asgi-uvicorn", "--need=40").order
    assert [one.id for one in order.scenarios] == [
        *("idle", "slow-headers", "slow-body", "slow-read", "handler-wait"),
    ]
    assert order.profile.need == 40
    assert order.profile.sees_threads
    tops = {task.key.what: task.lasts_s for task in order.cells()}
    assert max(tops.values()) < 30


def test_no_more_are_tried_than_one_generator_holds() -> None:
    words = ("--stacks=asgi-uvicorn", "--scenarios=idle", "--nofile=9000")
    [cell] = asked(*words, "--need=5000").order.cells()
    assert search_of(cell.holding).top == MOST_SLOW_CLIENTS


def test_changed_command_is_measured_as_the_other_was(tmp_path: Path) -> None:
    before = asked(COMMAND, f"--app-dir={tmp_path}", "--healthy=/health")
    stack = stacks.find("wsgi-gunicorn-gthread")
    options = (Option("threads", "64"),)
    after = prescribed.changed(before, Remedy(stack, options), ["idle"])
    assert other(after).app == f"{GUNICORN} --threads=64 shop:app"
    assert other(after).healthy == other(before).healthy
    assert [one.id for one in after.order.scenarios] == ["idle"]
    assert prescribed.command(after, Remedy(stack, options)) == other(after).app
    bound = asked(
        f"--cmd={GUNICORN} -b 127.0.0.1:$PORT 'a b:c'", f"--app-dir={tmp_path}"
    )
    said = other(prescribed.changed(bound, Remedy(stack, options), ["idle"])).app
    assert said == f"{GUNICORN} --threads=64 -b 127.0.0.1:{{port}} 'a b:c'"
    raised = prescribed.changed(before, Remedy(stack, nofile=4096), ["idle"])
    assert raised.order.nofile == raised.order.stacks[0].nofile == 4096
    said = prescribed.command(raised, Remedy(stack, nofile=4096))
    assert said == f"ulimit -n 4096; {GUNICORN} shop:app"


def test_changed_stack_takes_the_place_of_the_other() -> None:
    before = asked("--stacks=wsgi-gunicorn-sync")
    stack = stacks.find("wsgi-gunicorn-gthread")
    after = prescribed.changed(before, Remedy(stack), ["slow-body"])
    assert after.order.stacks == [stack]
    assert "gthread" in prescribed.command(after, Remedy(stack))


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ((COMMAND,), ""),
        (("--cmd=sh -c 'exec gunicorn shop:app'",), prescribed.SCRIPT),
        (("--url=http://127.0.0.1:1",), prescribed.RUNNING),
    ],
)
def test_why_no_change_is_tried(words: Any, says: str) -> None:
    assert prescribed.untried(asked(*words)) == says


def test_doctor_that_was_stopped_begins_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """To resume its run would measure on, and make no page of the doctor's."""

    def stopped(*_: object) -> None:
        raise UserError("no room")

    monkeypatch.setattr(load, "REPORTS", tmp_path)
    monkeypatch.setattr(load, "_measure_all", stopped)
    one = asked("--stacks=asgi-uvicorn")
    with pytest.raises(UserError) as raised:
        load.measured_whole(Console(), one, ["doctor"], prescribed.ANEW)
    assert str(raised.value).startswith("no room; to go on: run the same command again")
