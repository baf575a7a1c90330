"""What is read of hey's and wrk's output, and of the probe's samples."""

from __future__ import annotations

from pathlib import Path

import pytest

from loadtests.analysis.agreement import Round
from loadtests.experiments.agreement import rounds, tools
from loadtests.experiments.agreement.tools import TOOLS, Task, ToolError
from loadtests.records.samples import Sample

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


def test_round_without_a_right_answer_is_an_error() -> None:
    with pytest.raises(ToolError, match="hey had no right answer to any of 8 requests"):
        rounds._answered("hey", TOOLS["hey"].read(HEY_404, TASK))
