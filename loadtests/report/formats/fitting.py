"""A table in a terminal of any width.

The one rule: no figure is ever cut. What is too wide for a terminal goes in this order:
columns that may be left out, words and then names onto several lines, and at last the
table: each row becomes a paragraph.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from rich.console import Console, ConsoleOptions, JustifyMethod, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from loadtests.report.blocks import Column

GAP = 2
# As narrow as a name or words may become: nobody recognises a stack in shorter lines.
FOLDED = 16
INDENT, BETWEEN = 2, "   "


@dataclass(frozen=True)
class Fitting:
    """Rows by the keys of the columns; a cell may have a second line."""

    title: str
    columns: Sequence[Column]
    rows: Sequence[Mapping[str, Text]]

    def __rich_console__(
        self, console: Console, options: ConsoleOptions
    ) -> Iterator[RenderableType]:
        width = options.max_width
        columns = list(self.columns)
        while self._width(columns) > width:
            last = max(columns, key=lambda column: column.rank)
            if not last.rank:
                break
            columns.remove(last)
        words = [column for column in columns if column.words]
        for folded in ([], words, [column for column in columns if column.folds]):
            if self._width(columns, folded) <= width:
                yield self._table(columns, folded)
                return
        yield from self._paragraphs(columns, width)

    def _width(self, columns: Sequence[Column], folded: Sequence[Column] = ()) -> int:
        widths = [self._widest(column, column in folded) for column in columns]
        return sum(widths) + GAP * (len(widths) - 1)

    def _widest(self, column: Column, folded: bool) -> int:
        lines = [Text(column.brief), *(row[column.key] for row in self.rows)]
        widest = max(line.cell_len for cell in lines for line in cell.split("\n"))
        return min(widest, FOLDED) if folded else widest

    def _table(self, columns: Sequence[Column], folded: Sequence[Column]) -> Table:
        shown = Table(
            box=None,
            pad_edge=False,
            title=self.title and Text(self.title, style="bold"),
            title_justify="left",
            show_header=any(column.brief for column in columns),
            header_style="dim",
            padding=(0, GAP, 0, 0),
        )
        for column in columns:
            justify: JustifyMethod = "left" if column.folds else "right"
            shown.add_column(
                column.brief,
                justify=justify,
                no_wrap=column not in folded,
                overflow="fold",
            )
        for row in self.rows:
            shown.add_row(*(row[column.key] for column in columns))
        return shown

    def _paragraphs(
        self, columns: Sequence[Column], width: int
    ) -> Iterator[RenderableType]:
        """The names of a row, and under them the rest of it."""
        if self.title:
            yield Text(self.title, style="bold")
        for row in self.rows:
            named = [row[c.key] for c in columns if c.name and row[c.key].plain]
            yield Text(", ").join(named)
            parts = [
                _part(column.brief, row[column.key])
                for column in columns
                if not column.name and row[column.key].plain
            ]
            yield Padding(_packed(parts, width - INDENT), (0, 0, 0, INDENT))


def _part(heading: str, cell: Text) -> Text:
    """`p50, ms: 1.2 (1.1-1.3)`; a second line of a cell is in brackets."""
    first, *others = cell.split("\n")
    under = [Text.assemble(" (", other, ")") for other in others]
    return Text.assemble(f"{heading}: " if heading else "", first, *under)


def _packed(parts: Sequence[Text], width: int) -> Text:
    """As many in a line as there is room for."""
    lines: list[Text] = []
    for part in parts:
        if lines and lines[-1].cell_len + len(BETWEEN) + part.cell_len <= width:
            lines[-1] = Text.assemble(lines[-1], BETWEEN, part)
        else:
            lines.append(part)
    return Text("\n").join(lines)
