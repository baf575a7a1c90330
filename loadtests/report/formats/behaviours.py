"""docs/behaviours.md: what each server does with the same odd requests."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from loadtests.analysis.behaviours import breaks, by_row, columns
from loadtests.catalog.behaviours import ROWS, Group, Row, Then
from loadtests.catalog.stacks import HTTP1
from loadtests.records.behaviours import Behaviour, Behaviours
from loadtests.report import behaviours as said
from loadtests.report.formats.syntax import code, table, text
from loadtests.report.words import NOTHING, count

_LEAD = """\
# Behaviours

What each server does with the same odd request. Look here when two servers behave
differently. `make behaviours` measures this grid in a minute, and says what has changed
since the record in `reports/example/behaviours.json`. `make readme` writes this page
from the record.

Each server has its usual counts, which are two workers for most. Each try has a
connection of its own. An observation counts when two tries in a row agree. Only SIGTERM
is sent once. The app answers every path with what it saw, unless a row says otherwise.
Stacks share a column if they behave alike in the whole table. The sentences on an RFC
are ours, and each links to its clause."""
_MOST_BYTES = 400

Rows = Mapping[str, Mapping[str, Behaviour]]


def page(found: Behaviours) -> str:
    """The whole page, as Markdown."""
    rows = by_row(found)
    parts = [_LEAD, text(said.summary(found)), *_legend(), *_versions(found)]
    for group in Group:
        mine = {name: row for name, row in rows.items() if ROWS[name].group is group}
        if mine:
            parts += [f"## {group}", _table(mine)]
            parts += [part for name in mine for part in _row(ROWS[name], mine[name])]
    return "\n\n".join(parts) + "\n"


def _legend() -> Iterator[str]:
    rows = [[f"`{code(word)}`", text(meaning)] for word, meaning in said.LEGEND]
    yield table(["in a cell", "meaning"], rows)


def _versions(found: Behaviours) -> Iterator[str]:
    packages = found.environment.packages
    names = dict.fromkeys(name for one in HTTP1.values() for name in one.packages)
    listed = [f"{name} {packages[name]}" for name in names if name in packages]
    yield f"Versions: {text(', '.join(listed))}."


def _table(rows: Rows) -> str:
    """A row for each request, a column for each group of stacks that agree."""
    groups = columns([*rows.values()])
    headings = ["", *("<br>".join(names) for names in groups)]
    lines = [
        [
            f"[{text(ROWS[name].title)}](#{anchor(ROWS[name].title)})",
            *(_cell(row.get(names[0])) for names in groups),
        ]
        for name, row in rows.items()
    ]
    return table(headings, lines, names=len(headings))


def _cell(one: Behaviour | None) -> str:
    if one is None:
        return NOTHING
    shown = _shown(one)
    return f"**{said.BREAKS}** {shown}" if breaks(one) else shown


def _shown(one: Behaviour) -> str:
    words, saw = said.cell(one)
    marked = f"`{code(saw)}`".replace("|", r"\|") if saw else ""
    first = f"{text(words)} {marked}".strip()
    return ", ".join(filter(None, (first, said.after(one))))


def _row(row: Row, stacks: Mapping[str, Behaviour]) -> Iterator[str]:
    """What is sent, what the standard says, and who differs."""
    yield f"### {text(row.title)}"
    yield f"```text\n{_sent(row)}\n```"
    yield f"[{row.clause.name}]({row.clause.url}): {text(row.says)}"
    yield " ".join(_answers(stacks))


def _answers(stacks: Mapping[str, Behaviour]) -> Iterator[str]:
    for one, who, is_broken in said.answers(stacks):
        mark = f"**{said.BREAKS}** " if is_broken else ""
        yield f"{mark}{text(who)}: {_shown(one)}."


def _sent(row: Row) -> str:
    if row.growing:
        grows = row.growing
        unit = f"{escaped(grows.unit)} {count(grows.counts[0])} times and more"
        return f"{escaped(grows.before)}({unit}){escaped(grows.after)}"
    return "\n".join(_part(part) for part in row.sent)


def _part(part: bytes | Then) -> str:
    if isinstance(part, Then):
        return f"(the client {part})"
    if len(part) > _MOST_BYTES:
        return f"{escaped(part[:_MOST_BYTES])} ... ({count(len(part))} bytes)"
    return escaped(part)


def escaped(data: bytes) -> str:
    """Bytes in ASCII, with a line of the page for each line."""
    shown = data.decode("latin-1").replace("\\", r"\\")
    return "".join(map(_character, shown)).removesuffix("\n")


def _character(character: str) -> str:
    if character == "\n":
        return "\\n\n"
    if character.isascii() and character.isprintable():
        return character
    return repr(character.encode("latin-1"))[2:-1]


def anchor(title: str) -> str:
    """The anchor that a code host gives the heading of a row."""
    kept = "".join(c for c in title.lower() if c.isalnum() or c in " -_")
    return kept.replace(" ", "-")


def headings() -> Sequence[str]:
    """Of all rows; each leads to one place."""
    return [anchor(row.title) for row in ROWS.values()]
