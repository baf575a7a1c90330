"""What stands beside a run, in its reports: the claims ledger, and the traced calls."""

from __future__ import annotations

import dataclasses
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import altair as alt
import pytest

from loadtests.records.claims import CLAIMS_FILE, ERROR, KINDS, save_claims
from loadtests.records.folder import ALONE, Beside, read_beside
from loadtests.records.run import ResultError, Run
from loadtests.records.traces import FAST, Trace, Traces, save_traces
from loadtests.report import reports
from loadtests.report.blocks import Source
from loadtests.report.charts import drawing, lanes
from loadtests.report.formats import html, markdown
from loadtests.report.sections import calls, claims
from tests import recorded, runs
from tests.report.page import Structure
from tests.report.shown import drawn

EVIL = "<script>|`x`*\x1b[31m../\n{{ 7 * 7 }}"
SHOWN = "<script>|`x`*../ {{ 7 * 7 }}"


def page(run: Run, beside: Beside) -> Structure:
    return Structure(html.render(Source(run, beside))["report.html"])


@pytest.fixture(scope="module")
def shown() -> Structure:
    return page(runs.quick(), runs.beside())


def test_run_alone_has_neither_section(tmp_path: Path) -> None:
    assert read_beside(tmp_path) == ALONE
    run = runs.run([runs.cell()])
    assert {"calls", "claims"}.isdisjoint(page(run, ALONE).values("id", "section"))
    text = markdown.render(Source(run))["report.md"]
    assert calls.TITLE not in text
    assert claims.TITLE not in text


def test_report_is_made_of_what_stands_in_the_folder(tmp_path: Path) -> None:
    save_claims(runs.five_claims(), tmp_path / CLAIMS_FILE)
    save_traces(Traces([runs.trace()]), tmp_path)
    reports.write(runs.run([runs.cell()]), tmp_path)
    text = (tmp_path / "report.md").read_text()
    assert "(charts/trace-slow-reader.svg)" in text
    assert (tmp_path / "charts" / "trace-slow-reader.svg").exists()
    assert "The claim b" in text
    assert 'id="claims"' in (tmp_path / reports.PAGE).read_text()


def test_report_is_not_begun_where_what_stands_beside_is_broken(tmp_path: Path) -> None:
    (tmp_path / CLAIMS_FILE).write_text("[]")
    with pytest.raises(ResultError, match=r"claims\.json: format: expected 2"):
        reports.write(runs.run([]), tmp_path)
    assert len(list(tmp_path.iterdir())) == 1


def test_summary_stays_short() -> None:
    assert "claim" not in reports.summary(runs.quick())


# Claims


def test_claims_are_grouped_by_verdict_and_none_is_lost() -> None:
    found = claims.groups(runs.five_claims())
    assert [(g.title, [s.claim[-1] for s in g.claims]) for g in found] == [
        ("Refuted", ["c"]),
        ("Holds only with a condition", ["b"]),
        ("Holds", ["a", "d"]),
        ("Undecided: the evidence did not appear", ["e"]),
    ]
    assert [said.condition for said in found[1].claims] == ["luck"]


def test_every_kind_of_verdict_has_its_heading() -> None:
    assert set(claims.HEADINGS) == {*KINDS, ERROR}


def test_page_shows_each_claim_with_its_evidence_and_command(shown: Structure) -> None:
    assert shown.values("class", "details").count("claim") == 5
    for words in (
        *("Refuted (1)", "The claim b only with luck", "nothing answered"),
        *("answered 3 of 3", "Source: the field.", "make claims ONLY=b"),
    ):
        assert words in shown.text


def test_markdown_shows_the_ledger_as_a_table() -> None:
    text = markdown.render(Source(runs.quick(), runs.beside()))["report.md"]
    assert (
        "| The claim b | the field | **holds only with luck** | answered 3 of 3 "
        "| `make claims ONLY=b` |" in text
    )


def test_ledger_says_when_it_was_made_and_on_what_else() -> None:
    run = runs.quick()
    assert claims.lead(runs.five_claims(), run) == (
        "5 claims, tried on 8 May 2026, 12:00 UTC, on the machine and with the "
        "versions of this run."
    )
    other = runs.ledger(
        runs.verdict("a"), cpus=64, packages={"gunicorn": "27.0.1", "uvicorn": "0.55"}
    )
    assert claims.lead(other, run) == (
        "1 claim, tried on 8 May 2026, 12:00 UTC, with another number of cores and "
        "another set of package versions than this run: 64 cores, uvicorn 0.55."
    )
    fewer = runs.ledger(packages={"gunicorn": "27.0.1"})
    assert claims.lead(fewer, run).endswith("package versions than this run.")


# Calls


def test_sentences_sum_up_the_trace() -> None:
    wsgi, asgi = calls.sentences(runs.trace())
    assert wsgi == (
        "WSGI, wsgi-gunicorn-gthread: the thread is held for 200 ms. The server "
        "iterates over the body: 1 call of next(body) takes 5.0 ms in all. Between the "
        "calls the server sends, for 193 ms."
    )
    assert asgi == (
        "ASGI, asgi-uvicorn: the app is open for 210 ms, of which 205 ms in await send "
        "(1 call). The app waited there 1 time, and meanwhile the event loop served "
        "others."
    )


def test_lanes_hold_every_call_and_the_rests() -> None:
    trace = runs.trace()
    assert [(lane.name, lane.said) for lane in lanes.wsgi(trace.wsgi)] == [
        ("the thread", "200 ms"),
        ("app()", "1 call, 1.0 ms"),
        ("start_response()", "1 call, 0.1 ms"),
        ("next(body)", "1 call, 5.0 ms"),
        ("body.close()", "1 call, 1.0 ms"),
        ("server sends", "2 times, 193 ms"),
        ("client rests", "1 rest, 100 ms"),
    ]
    asgi = {lane.name: lane for lane in lanes.asgi(trace.asgi)}
    assert asgi["receive()"].stretches == [(1.0, 210.0)], "it never came back"
    assert [lane.name for lane in lanes.asgi(runs.trace(FAST).asgi)] == [*asgi][:-1]


def test_lane_of_the_server_is_left_out_where_it_has_no_time() -> None:
    side = dataclasses.replace(
        runs.trace().wsgi, crossings=runs.trace().wsgi.crossings[:2]
    )
    assert "server sends" not in {lane.name for lane in lanes.wsgi(side)}


def test_pictures_can_be_read_without_seeing(shown: Structure) -> None:
    for name in ("trace-fast-client", "trace-slow-reader"):
        assert f"{name}-title {name}-desc" in shown.values("aria-labelledby", "svg")
    ids = shown.values("id")
    assert len(ids) == len(set(ids))
    assert "of which 205 ms in await send" in shown.text
    labels = shown.values("aria-label", "div")
    assert "A slow reader, chart" in labels


def test_picture_as_a_file_draws_every_lane() -> None:
    drawn = drawing.svg(calls.picture(runs.trace()))
    words = " ".join(ElementTree.fromstring(drawn).itertext())
    for name in ("the thread", "next(body)", "server sends", "send()", "client rests"):
        assert name in words
    assert 'fill="#ffffff"' in drawn, "dark pages need a light ground"


# Whatever stands in a file


def evil() -> Beside:
    wicked = runs.verdict(EVIL, "refuted", condition=EVIL, claim=EVIL, source=EVIL)
    wicked = dataclasses.replace(wicked, evidence=EVIL)
    made = dataclasses.replace(
        runs.ledger(wicked, cpu=EVIL, packages={EVIL: EVIL}), made_at=EVIL
    )
    return Beside(made, [_wicked(runs.trace())])


def _wicked(trace: Trace) -> Trace:
    calls = [dataclasses.replace(c, name=EVIL) for c in trace.wsgi.crossings]
    side = dataclasses.replace(trace.wsgi, stack=EVIL, crossings=calls)
    return dataclasses.replace(trace, visit=EVIL, wsgi=side)


def test_text_of_a_file_comes_out_as_text() -> None:
    run = runs.run([runs.cell()])
    text = html.render(Source(run, evil()))["report.html"]
    structure = Structure(text)
    assert structure.count("script") == 0
    assert "<script" not in text
    assert "\x1b" not in text
    assert "49" not in structure.text
    assert structure.text.count(SHOWN) > 8
    text = markdown.render(Source(run, evil()))["report.md"]
    before_commands = text.partition("## Commands")[0]
    assert "\x1b" not in text
    assert "\\<script\\>\\|\\`x\\`\\*../" in before_commands
    [row] = [x for x in before_commands.splitlines() if "ONLY=" in x]
    assert row.replace("\\|", "").count("|") == 6, "a table of five columns"
    drawn = drawing.svg(calls.picture(evil().traces[0]))
    assert "<script>" not in drawn
    ElementTree.fromstring(drawn)


def test_sentence_of_a_fast_client_claims_no_wait() -> None:
    given = runs.trace()
    quick = [
        dataclasses.replace(c, end_ms=c.start_ms + 0.2) for c in given.asgi.crossings
    ]
    fast = dataclasses.replace(
        given, asgi=dataclasses.replace(given.asgi, crossings=quick)
    )
    assert calls.sentences(fast)[1].endswith("No send had to wait for the client.")


def test_every_kind_of_chart_keeps_to_the_schema_of_vega_lite() -> None:
    gthread = runs.cell("wsgi-gunicorn-gthread", predicted=16)
    run = runs.run([recorded.timed("asgi-uvicorn", 1.0, 3.0), gthread])
    pictures = [*drawn(run), calls.picture(runs.trace())]
    assert len(pictures) == 4
    for picture in pictures:
        alt.Chart.from_dict(drawing.specification(picture))  # or SchemaValidationError
