"""`make bench`: what is read of other tools' output, what follows, one short run.

No test here looks at how long anything took: that is what the bench is for.
"""

from __future__ import annotations

import io
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import psutil
import pytest
from rich.console import Console, RenderableType

from loadtests import ROOT
from loadtests.analysis.agreement import PROBE, Figure, Round, apart, rows, unconfirmed
from loadtests.commands import bench
from loadtests.commands.main import main
from loadtests.experiments.agreement import rounds, tools
from loadtests.experiments.agreement.tools import COUNTS, TOOLS, Task, ToolError
from loadtests.records.samples import Sample
from loadtests.report import agreement as table
from loadtests.servers.processes import wait_until

TASK = Task("http://127.0.0.1:8000/hello", 8, 1, 1)

# What hey 0.1.4 and wrk 4.1.0 wrote, of a server that answers and of one that does not.
HEY_HEAD = (
    "response-time,DNS+dialup,DNS,Request-write,Response-delay,Response-read,"
    "status-code,offset\n"
)
HEY = f"""{HEY_HEAD}\
0.0014,0.0005,0.0000,0.0001,0.0006,0.0002,200,0.0062
0.0009,0.0003,0.0000,0.0001,0.0005,0.0001,200,0.0109
0.0010,0.0002,0.0000,0.0001,0.0005,0.0001,200,0.0160
0.0009,0.0003,0.0000,0.0001,0.0004,0.0001,200,0.0211
0.0010,0.0003,0.0000,0.0001,0.0005,0.0001,200,0.0262
0.0010,0.0003,0.0000,0.0001,0.0005,0.0001,200,0.0314
0.0009,0.0002,0.0000,0.0001,0.0005,0.0001,200,0.0355
0.0008,0.0002,0.0000,0.0001,0.0004,0.0001,200,0.0405
"""
HEY_404 = f"""{HEY_HEAD}\
0.0015,0.0008,0.0000,0.0001,0.0004,0.0001,404,0.0056
0.0011,0.0006,0.0000,0.0001,0.0004,0.0001,404,0.0113
"""
WRK = """\
Running 1s test @ http://127.0.0.1:8123/hello
  1 threads and 1 connections
request 13078.331887 13078.332825 right
request 13078.456844 13078.458220 right
request 13078.581851 13078.584260 right
request 13078.706852 13078.707665 wrong
  Thread Stats   Avg      Stdev     Max   +/- Stdev
    Latency     1.17ms    1.29ms   4.00ms   87.50%
    Req/Sec     7.88      0.35     8.00     87.50%
  8 requests in 1.00s, 1.30KB read
Requests/sec:      7.99
Transfer/sec:      1.30KB
"""


def test_hey_is_read_request_by_request() -> None:
    found = TOOLS["hey"].read(HEY, TASK)
    assert found.made == len(found.times_ms) == 8
    assert found.times_ms == sorted(found.times_ms)
    # Three times 0.9 and three times 1.0 ms: each spread over its tenth.
    assert found.times_ms[1:4] == pytest.approx([0.9 - 0.1 / 3, 0.9, 0.9 + 0.1 / 3])
    assert found.times_ms[-1] == pytest.approx(1.4)
    assert found.rate_per_s == pytest.approx(7 / (0.0405 - 0.0062))


def test_hey_has_no_row_for_what_failed_and_its_404_is_not_right() -> None:
    refused = TOOLS["hey"].read(HEY_HEAD, TASK)
    assert (refused.made, refused.times_ms, refused.rate_per_s) == (8, [], 0.0)
    assert not TOOLS["hey"].read(HEY_404, TASK).times_ms


def test_wrk_is_read_among_its_own_words() -> None:
    found = TOOLS["wrk"].read(WRK, TASK)
    assert found.made == 4
    assert found.times_ms == pytest.approx([0.938, 1.376, 2.409], abs=0.0005)
    assert found.rate_per_s == pytest.approx(8, rel=0.01)


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        ("hey", "Summary:\n  Total: 1 secs\n", "hey did not write the CSV"),
        ("hey", f"{HEY_HEAD}0.0014,0.0005\n", "hey did not write the CSV"),
        ("wrk", "request nan\n", "wrk did not write"),
    ],
)
def test_tool_that_writes_something_else_is_an_error(
    name: str, text: str, says: str
) -> None:
    with pytest.raises(ToolError, match=says):
        TOOLS[name].read(text, TASK)


@pytest.mark.parametrize("name", TOOLS)
def test_tool_is_asked_for_a_rate_on_new_connections(name: str) -> None:
    argv = TOOLS[name].argv(TASK)
    assert argv[0] == name
    assert TASK.url in argv
    assert str(TASK.rate_per_s) in argv
    assert {"-disable-keepalive", "Connection: close"} & set(argv)
    assert argv[argv.index("-c") + 1] == "1"


def test_probe_is_read_from_when_a_request_was_due() -> None:
    samples = [Sample(1.0, 1.1, 1.2, ""), Sample(2.0, 2.1, 2.1, "")]
    samples.append(Sample(3.0, 3.1, 3.9, "wrong"))
    found = tools.of_probe(samples)
    assert found.times_ms == pytest.approx([100, 200])
    assert found.made == 3
    assert found.rate_per_s == pytest.approx(1.0)
    assert tools.of_probe([]) == Round([], 0, 0.0)


def test_only_what_is_installed_is_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert tools.installed() == []
    (tmp_path / "wrk").touch(mode=0o755)
    assert tools.installed() == [TOOLS["wrk"]]


def of(*medians_ms: float, count: int = 200) -> list[Round]:
    """Rounds in which every request took the same time."""
    return [Round([median] * count, count, 200.0) for median in medians_ms]


def test_ratio_is_the_middle_one_of_the_rounds() -> None:
    [probe, hey] = rows({PROBE: of(1.0, 9.0, 1.2), "hey": of(1.0, 3.0, 1.0)})
    assert probe.ratio is None
    assert hey.ratio == Figure(1.2, 1.0, 3.0)
    assert (hey.made, hey.right, hey.rate_per_s) == (600, 600, 200.0)


def test_percentile_needs_ten_requests_beyond_it() -> None:
    [row] = rows({PROBE: of(*[1.0] * 6)})
    assert row.percentiles_ms == [Figure(1.0, 1.0, 1.0)] * 3
    [row] = rows({PROBE: of(1.0, 1.0)})
    assert row.percentiles_ms[2] is None


@pytest.mark.parametrize(
    ("median_ms", "agrees"), [(1.2, True), (1.3, False), (0.85, True), (0.7, False)]
)
def test_verdict_is_against_either_side_being_off(
    median_ms: float, agrees: bool
) -> None:
    found = rows({PROBE: of(median_ms), "hey": of(1.0)})
    assert [row.instrument for row in apart(found)] == [] if agrees else ["hey"]
    said = shown(table.verdict({"asgi-uvicorn": found}))
    if agrees:
        assert said == "Within 1.25x: the probe's median agrees with hey.\n"
    else:
        where = f"{median_ms:.2f}x that of hey on asgi-uvicorn"
        assert said == f"NOT within 1.25x: the probe's median is {where}.\n"


@pytest.mark.parametrize(
    ("probe_ms", "hey_ms", "wrk_ms", "against", "odd"),
    [
        pytest.param(3.0, 3.0, 3.2, [], [], id="all agree"),
        pytest.param(4.2, 3.0, 3.2, ["hey", "wrk"], [], id="two against the probe"),
        pytest.param(2.0, 3.0, 3.2, ["hey", "wrk"], [], id="it may be faster too"),
        pytest.param(3.9, 3.0, 3.2, [], ["hey"], id="within 1.25x of one of them"),
        pytest.param(3.0, 4.2, 3.2, [], ["hey"], id="hey alone disagrees"),
        pytest.param(3.0, 3.2, 2.0, [], ["wrk"], id="wrk alone disagrees"),
        pytest.param(3.0, 4.2, 5.0, [], ["hey", "wrk"], id="nobody agrees"),
        pytest.param(3.0, 4.2, 4.6, ["hey", "wrk"], [], id="alike by 10 %"),
        pytest.param(3.0, 4.2, 4.7, [], ["hey", "wrk"], id="not alike by 10 %"),
        pytest.param(0.32, 0.42, 0.32, [], ["hey"], id="a fast server"),
        pytest.param(0.60, 0.30, 0.39, ["hey", "wrk"], [], id="alike by 0.1 ms"),
        pytest.param(0.60, 0.30, 0.41, [], ["hey", "wrk"], id="not alike by 0.1 ms"),
    ],
)
def test_probe_fails_only_by_two_tools_that_agree_with_each_other(
    probe_ms: float, hey_ms: float, wrk_ms: float, against: list[str], odd: list[str]
) -> None:
    found = rows({PROBE: of(probe_ms), "hey": of(hey_ms), "wrk": of(wrk_ms)})
    assert [row.instrument for row in apart(found)] == against
    assert [row.instrument for row in unconfirmed(found)] == odd
    said = shown(table.verdict({"asgi-uvicorn": found}), width=400)
    assert said.startswith("NOT within 1.25x") == bool(against)
    assert said.startswith("Undecided") == (len(odd) == 2)
    for tool in odd:
        assert f"On asgi-uvicorn, {tool} disagrees but is not confirmed: " in said


def test_tool_that_disagrees_alone_is_named_with_its_stack() -> None:
    agree = rows({PROBE: of(3.0), "hey": of(3.0), "wrk": of(3.0)})
    slow = rows({PROBE: of(3.0), "hey": of(4.0), "wrk": of(3.0)})
    said = shown(table.verdict({"a": agree, "b": slow}), width=400)
    assert said == (
        "Within 1.25x: the probe's median agrees with wrk. On b, hey disagrees but is "
        "not confirmed: the probe's median is 0.75x that of hey.\n"
    )


def shown(what: RenderableType, width: int = 120) -> str:
    console = Console(file=io.StringIO(), width=width)
    console.print(what)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


@pytest.mark.parametrize("width", [80, 120])
def test_table_is_whole_at_the_usual_widths(width: int) -> None:
    found = rows(
        {PROBE: of(*[11.0] * 6), "hey": of(*[10.0] * 6), "wrk": of(*[9.0] * 6)}
    )
    text = shown(table.table("wsgi-gunicorn-gthread", found, 200), width)
    assert "…" not in text
    assert max(len(line.rstrip()) for line in text.splitlines()) <= width
    [row] = [line for line in text.splitlines() if line.startswith("hey")]
    assert row.split() == "hey 200 of 200 1200 of 1200 10.0 10.0 10.0 1.10".split()


def test_table_says_so_where_there_are_too_few_requests() -> None:
    [line] = [
        line
        for line in shown(table.table("x", rows({PROBE: of(1.0)}), 200)).splitlines()
        if line.startswith(PROBE)
    ]
    assert line.split()[-1] == "-"


def test_notes_say_what_each_instrument_counts() -> None:
    text = shown(table.notes(COUNTS))
    assert all(f"\n{name} " in text for name in (PROBE, *TOOLS))


def test_without_tools_the_probe_is_shown_alone_and_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("PATH", "")
    out = io.StringIO()
    console = Console(file=out, width=80)
    assert bench.run(["asgi-uvicorn"], 1, console) == 0
    lines = out.getvalue().splitlines()
    assert lines[-1] == table.MISSING
    assert "apt-get install hey" in lines[-1]
    assert any(re.match(rf"{PROBE} +[0-9]+ of 200 ", line) for line in lines)


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("--stacks", "nginx"), "no stack 'nginx': make stacks lists them"),
        (("--stacks", "asgi-uvicorn-h2"), "cannot be measured: it is for HTTP/2"),
        (("--rounds", "0"), "--rounds 0: a count of rounds is a number from 1 to 12"),
    ],
)
def test_bad_input_gets_one_line_and_a_status(
    capsys: pytest.CaptureFixture[str], words: Sequence[str], says: str
) -> None:
    assert main(["bench", *words]) == 2
    assert says in capsys.readouterr().err.splitlines()[-1]


@pytest.mark.skipif(not tools.installed(), reason="neither hey nor wrk is installed")
def test_short_run_prints_a_row_for_each_instrument() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "loadtests", "bench", "--rounds", "1"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        env={**os.environ, "COLUMNS": "80"},
    )
    lines = done.stdout.splitlines()
    assert done.returncode in (0, 1), done.stderr
    for name in bench.STACKS:
        assert name in map(str.strip, lines)
    for name in (PROBE, *(tool.name for tool in tools.installed())):
        found = [line for line in lines if re.match(rf"{name} +\d+ of \d+ ", line)]
        assert len(found) == len(bench.STACKS), name
    passed = ("Within 1.25x", "Undecided")
    verdict = ("NOT within 1.25x",) if done.returncode else passed
    assert any(line.startswith(verdict) for line in lines)


def test_tool_that_fails_is_an_error_with_its_last_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Here: a wrk that is not wrk."""
    broken = tmp_path / "bin" / "wrk"
    broken.parent.mkdir()
    broken.write_text("#!/bin/sh\necho no such option; exit 3\n")
    broken.chmod(0o755)
    shell = Path(shutil.which("sh") or "/bin/sh").parent
    monkeypatch.setenv("PATH", f"{broken.parent}:{shell}")
    monkeypatch.setattr(bench, "installed", lambda: [TOOLS["wrk"]])
    with pytest.raises(ToolError, match=r"wrk failed; .* ends: no such option"):
        bench.run(["asgi-uvicorn"], 1, Console(file=io.StringIO()))


def test_round_without_a_right_answer_is_an_error() -> None:
    with pytest.raises(ToolError, match="hey had no right answer to any of 8 requests"):
        rounds._answered("hey", TOOLS["hey"].read(HEY_404, TASK))


@pytest.mark.parametrize("processes", [1, 8])  # the guard; all probes and the server
def test_ctrl_c_leaves_no_process(processes: int) -> None:
    def children() -> list[psutil.Process]:
        return psutil.Process(process.pid).children(recursive=True)

    with subprocess.Popen(
        [sys.executable, "-m", "loadtests", "bench", "--stacks", "asgi-uvicorn"],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert wait_until(lambda: len(children()) >= processes, 30)
        family = children()
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
    assert process.returncode in (128 + signal.SIGINT, -signal.SIGINT), out + err
    assert "Traceback" not in out + err
    assert not psutil.wait_procs(family, timeout=10)[1]
