"""The application that was measured, where it is not ours: what it was asked."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from loadtests.catalog.phases import Phase
from loadtests.catalog.scenarios import SCENARIOS
from loadtests.records.run import Run
from loadtests.records.target import OtherTarget
from loadtests.report.blocks import Block, Column, Section, Source, Table, Text
from loadtests.report.prose import Prose, code, prose
from loadtests.report.sections import own_server
from loadtests.report.values import Name, Value
from loadtests.report.words import figure

TITLE = "The application"
COLUMNS = (
    Column("what", "who asks", name=True),
    Column("request", "request", name=True),
    Column("tried", "before the run, on an idle server", name=True),
)
SERVED = (
    "{} is {}. Its own Python {} served it, with the servers that are installed there."
)
RATE = (
    "{} healthy requests a second arrived, fewer than usual, because one takes {} ms."
)
MODELLED = "The predictions are those of {} {}. The app was served by version {}."
_USUAL_RATE = 300.0
# What the slow clients do with a request of an app that is not ours.
_DOES = {
    Phase.HEAD: "sends {}, a header line each second",
    Phase.BODY: "sends 8 bytes of the body of {} each second",
    Phase.RESPONSE: "reads 512 bytes a second of the answer to {}",
    Phase.HANDLER_WAITS: "asks for {}",
}


BY_LINK = "reads the answer to {} as fast as its slow link lets it"


def blocks(source: Source) -> Sequence[Block]:
    run, target = source.run, source.run.target
    if target is None:
        return []
    return [
        Text(_served(run, target)),
        Table(TITLE, COLUMNS, list(_rows(target))),
        *(Text(words, "note") for words in _notes(run, target)),
    ]


def _served(run: Run, target: OtherTarget) -> Prose:
    """By whom it was served, and with which predictions."""
    if target.command:
        return own_server.command(target.app, target.command)
    if target.running:
        return own_server.running(target.app, target.running)
    interface = target.interface.upper()
    return prose(SERVED, code(target.app), interface, run.environment.python)


def _rows(target: OtherTarget) -> Iterator[dict[str, Value]]:
    body = "the body" if target.sha256 else "the status"
    healthy = f"{target.status} in {figure(target.healthy_ms)} ms; {body} is checked"
    found = (
        ("healthy requests", target.healthy, healthy),
        ("slow uploads", target.upload, "read to its end"),
        ("slow downloads", target.download, f"{target.download_bytes or 0:,} bytes"),
        ("slow handlers", target.wait, f"{target.wait_s or 0:g} s"),
    )
    for name, request, tried in found:
        if request:
            yield {"what": Name(name), "request": Name(request), "tried": Name(tried)}


def _notes(run: Run, target: OtherTarget) -> Iterator[Prose]:
    rate = run.method.rate_per_s
    if rate < _USUAL_RATE:
        yield prose(RATE, figure(rate), figure(target.healthy_ms))
    for name, known in target.modelled.items():
        its = run.environment.packages.get(name, "")
        yield prose(MODELLED, name, known, its)


def does(run: Run, scenario: str) -> str:
    """What a slow client does, as a sentence without its subject."""
    known, target = SCENARIOS[scenario], run.target
    phase = known.phase
    if target is None or phase not in _DOES:
        return known.what
    if known.by_link:
        return BY_LINK.format(target.download)
    asked = {
        Phase.HEAD: target.healthy,
        Phase.BODY: target.upload,
        Phase.RESPONSE: target.download,
        Phase.HANDLER_WAITS: target.wait,
    }
    return _DOES[phase].format(asked[phase])


SECTION = Section("application", TITLE, blocks)
