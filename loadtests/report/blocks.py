"""What a section of a report is made of, before it takes on a format.

A section is a title and blocks. A format knows how to render each kind of block; it
knows no section. Names and messages in blocks are as the record has them: each format
cleans (`words.visible`) and escapes whatever it writes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from loadtests.records.folder import ALONE, Beside
from loadtests.records.run import Run
from loadtests.report.picture import Picture
from loadtests.report.prose import Prose
from loadtests.report.special_blocks import (
    Advice,
    Claims,
    Histories,
    Matrix,
)
from loadtests.report.values import Value


@dataclass(frozen=True)
class Text:
    """A paragraph; `look` is `note` for one that explains what stands above it."""

    said: Prose
    look: str = ""


@dataclass(frozen=True)
class Points:
    """A list of sentences."""

    items: Sequence[Prose]
    look: str = ""


@dataclass(frozen=True)
class Heading:
    """Begins a part of a section; `number`: how many there are of what follows."""

    title: str
    number: int | None = None


@dataclass(frozen=True)
class Column:
    """A column of a table; a name says what a row is about, and `words` may be many.

    Columns of one `group` stand side by side under its name; a `short` heading says
    the same alone, in few letters. What is too narrow for a
    table leaves out the columns of the highest `rank` first.
    """

    key: str
    heading: str
    name: bool = False
    group: str = ""
    short: str = ""
    rank: int = 0
    words: bool = False

    @property
    def folds(self) -> bool:
        """Whether what stands in it may take several lines, as no figure may."""
        return self.name or self.words

    @property
    def brief(self) -> str:
        return self.short or self.heading

    @property
    def said(self) -> str:
        """Its heading where the group stands nowhere else."""
        return f"{self.group}: {self.heading}" if self.group else self.heading


@dataclass(frozen=True)
class Table:
    """Rows by the keys of the columns. The first of several names groups the rows.

    `look` is `board` for one whose rows a narrow page shows as cards.
    """

    title: str
    columns: Sequence[Column]
    rows: Sequence[Mapping[str, Value]]
    look: str = ""

    @property
    def names(self) -> list[Column]:
        return [column for column in self.columns if column.name]


@dataclass(frozen=True)
class Glance:
    """Single columns of a table at a glance: stacks by scenarios.

    `shown` has the titles of the columns. A format without room shows the whole table.
    With a `summary` the table can be unfolded.
    """

    table: Table
    shown: Mapping[str, str]
    summary: str = ""
    note: Prose = ()


@dataclass(frozen=True)
class Chart:
    """A picture; `label` names it for those who do not see it."""

    picture: Picture
    label: str
    look: str = ""


@dataclass(frozen=True)
class Reasons:
    """Who, and why; a format may fold them away behind the title."""

    title: str
    items: Mapping[str, str]


@dataclass(frozen=True)
class Facts:
    """Names and what they are."""

    items: Mapping[str, str]


@dataclass(frozen=True)
class Commands:
    """Command lines by what they start."""

    items: Mapping[str, str]
    again: str


@dataclass(frozen=True)
class Folded:
    """Blocks that not every reader needs."""

    summary: str
    blocks: Sequence[Block]
    open: bool = False


Block = (
    Text
    | Points
    | Heading
    | Table
    | Glance
    | Chart
    | Matrix
    | Histories
    | Advice
    | Claims
    | Reasons
    | Facts
    | Commands
    | Folded
)


@dataclass(frozen=True)
class Source:
    """What a report is made of: a run, and what stands beside it in its folder."""

    run: Run
    beside: Beside = ALONE


@dataclass(frozen=True)
class Section:
    """A part of a report; without blocks it is left out, also from the contents."""

    id: str
    title: str
    blocks: Callable[[Source], Sequence[Block]] = field(compare=False)
    short: str = ""

    @property
    def link(self) -> str:
        return self.short or self.title
