"""Two calls side by side in the terminal: WSGI's left, ASGI's right, time downwards."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from itertools import zip_longest

from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from loadtests.analysis.spans import Watched, blocked, spans
from loadtests.analysis.timeline import (
    LEAST_GAP_MS,
    Entry,
    Moment,
    in_server_ms,
    moments,
)

AXIS = 10
LONG_MS = 50
WORTH_A_WORD = 0.05  # the share of a call's time from which the sums name it
WAIT_ROWS = 8  # all the waiting together, shared out by length
MARKS = {"call": "→ ", "ask": "← ", "back": "↳ ", "fault": "! ", "client": "~ "}
STYLES = {
    "call": "green",
    "ask": "cyan",
    "back": "",
    "fault": "bold red",
    "client": "magenta",
}
HOLDS_A_THREAD, HOLDS_NONE = "┃ ", "┊ "
LEGEND = (
    ("→", "the server calls the app"),
    ("←", "the app calls the server"),
    ("↳", "what was waited for is there"),
    ("~", "the client, as it saw itself"),
    ("┃", "waiting, and a thread is held (with gevent a greenlet); under ASGI the"),
    (" ", "event loop's, so that it serves nobody"),
    ("┊", "waiting, and no thread is held: the event loop serves others"),
)


def picture(left: Watched, right: Watched, width: int) -> RenderableType:
    """The two calls, `width` columns wide."""
    column = (width - AXIS) // 2
    grid = Table.grid()
    grid.add_column(width=column, no_wrap=True)
    grid.add_column(width=AXIS, no_wrap=True, justify="center")
    grid.add_column(no_wrap=True)
    grid.add_row(*_heading(left, right))
    found = moments(left, right)
    waiting_ms = sum(moment.wait_ms for moment in found)
    for moment in found:
        for row in _moment_rows(moment, column):
            grid.add_row(*row)
        for row in _wait_rows(moment, waiting_ms, column):
            grid.add_row(*row)
    return Group(Text(f"{left.client}\n"), grid, Text(), _sums(left, right), _legend())


def _heading(left: Watched, right: Watched) -> tuple[Text, Text, Text]:
    one, other = (
        Text(f"{side}  {watched.stack}\n", style="bold")
        for side, watched in (("WSGI", left), ("ASGI", right))
    )
    return one, Text("ms\n", style="dim"), other


def _moment_rows(moment: Moment, column: int) -> Iterator[tuple[Text, Text, Text]]:
    sides = [list(_lines(side, column)) for side in moment.sides]
    rows = list(zip_longest(*sides, fillvalue=Text())) or [(Text(), Text())]
    times = [f"{max(0, moment.at_ms):.0f}", *[""] * (len(rows) - 1)]
    if moment.last_ms - moment.at_ms >= LONG_MS:
        times[-1] = f"{moment.last_ms:.0f}"  # many calls, no wait between any two
    for (one, other), time in zip(rows, times, strict=True):
        yield one, Text(time or "│", style="bold" if time else "dim"), other


def _lines(entries: Sequence[Entry], column: int) -> Iterator[Text]:
    for entry in entries:
        mark = MARKS[entry.kind]
        lines = textwrap.wrap(
            entry.text, column - len(mark) - 1, break_on_hyphens=False
        )
        for line in lines:
            yield Text(mark + line, style=STYLES[entry.kind])
            mark = " " * len(mark)


def _wait_rows(
    moment: Moment, waiting_ms: float, column: int
) -> Iterator[tuple[Text, Text, Text]]:
    if not moment.wait_ms:
        return
    sides = (
        (HOLDS_A_THREAD, "yellow"),
        (HOLDS_A_THREAD, "bold red") if moment.is_blocked else (HOLDS_NONE, "yellow"),
    )
    bars = [
        list(_bar(words, mark, style, column))
        for words, (mark, style) in zip(moment.waits, sides, strict=True)
    ]
    rows = max(
        1, round(WAIT_ROWS * moment.wait_ms / waiting_ms), *(len(bar) for bar in bars)
    )
    for index in range(rows):
        one, other = (
            bar[index] if index < len(bar) else Text(mark * bool(bar), style=style)
            for bar, (mark, style) in zip(bars, sides, strict=True)
        )
        yield one, Text("│", style="dim"), other


def _bar(words: str, mark: str, style: str, column: int) -> Iterator[Text]:
    for line in textwrap.wrap(words, column - len(mark) - 1):
        yield Text(mark + line, style=style)


def _sums(left: Watched, right: Watched) -> Text:
    thread, task = left.records[0]["thread"], right.records[0]["task"]
    one = _longest(left, {"while the server sent": in_server_ms(spans(left))})
    blocked_ms = sum(end - start for start, end in blocked(right))
    other = _longest(right, {"with the event loop blocked": blocked_ms})
    return Text(
        f"WSGI held thread {thread} for {left.lasted_ms:.0f} ms{one}\n"
        f"ASGI had task {task} open for {right.lasted_ms:.0f} ms{other}"
    )


def _longest(watched: Watched, more: dict[str, float]) -> str:
    """Where the time went, as far as the interface can tell."""
    sums: dict[str, float] = {}
    app, *others = spans(watched)
    for span in others:
        # What another task waits for, like a client to leave, holds nothing up.
        if span.end_ms is not None and span.runner == app.runner:
            took_ms = span.end_ms - span.start_ms
            sums[f"in {span.name}"] = sums.get(f"in {span.name}", 0) + took_ms
    least_ms = max(LEAST_GAP_MS, WORTH_A_WORD * watched.lasted_ms)
    words = [f"{ms:.0f} {s}" for s, ms in {**sums, **more}.items() if ms >= least_ms]
    return f": {', '.join(words)}" if words else ""


def _legend() -> Text:
    text = Text(style="dim")
    for mark, meaning in LEGEND:
        text.append(f"\n{mark} {meaning}")
    return text


def show(left: Watched, right: Watched, console: Console) -> None:
    """Print the picture as wide as the console is, but no wider than one can follow."""
    console.print(picture(left, right, min(console.width, 140)), highlight=False)
