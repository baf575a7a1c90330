"""The main chart: how many slow clients each stack takes, predicted and measured."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from loadtests.analysis.outcomes import Outcome
from loadtests.analysis.predictions import Prediction
from loadtests.report.charts import axis, style
from loadtests.report.charts.capacity_rows import Group, groups
from loadtests.report.charts.style import Spec, by_stack, marks
from loadtests.report.said import NEVER, scenarios

ROW_HEIGHT = 26
WIDTH = 440
FONT_SIZE = 13
NEVER_AFTER = 2.8  # how far behind the last number "not reached" stands
SUBTITLE = (
    "grey: predicted to degrade (pale) and to be out (dark); mark: degraded (hollow), "
    "out (filled), a line over repeats and scenarios"
)
PALE, DARK = "#d9d9d9", "#8a8a8a"
TEXT: Spec = {"align": "left", "fontSize": 12, "color": style.INK}
HELD = "a slow client holds {}"
Row = Spec


def draw(title: str, found: Sequence[Outcome], looks: dict[str, style.Look]) -> Spec:
    rows, along = groups(found), _along(found)
    every = {outcome.scenario for outcome in found}
    by_held: dict[str, list[Group]] = {}
    for group in rows:
        by_held.setdefault(group.held, []).append(group)
    return {
        "title": {"text": title, "subtitle": SUBTITLE},
        "vconcat": [
            _panel(held, some, along, looks, every) for held, some in by_held.items()
        ],
        "spacing": 14,
        "resolve": {"scale": {"y": "independent", "color": "independent"}},
    }


@dataclass(frozen=True)
class Along:
    """The axis of slow clients, up to `top`; "not reached" has a place behind that."""

    top: int
    never: bool

    def place(self, number: int | None) -> float:
        return (
            axis.place(self.top) + NEVER_AFTER if number is None else axis.place(number)
        )

    def x(self, name: str) -> Spec:
        last = self.place(None if self.never else self.top)
        unit = WIDTH / (last + 2 * axis.BESIDE)
        numbers = axis.ticks(self.top, unit * axis.place(self.top), FONT_SIZE)
        names = f"datum.value > {axis.place(self.top) + 0.1} ? '{NEVER}' : {axis.BACK}"
        form = {
            "title": None,
            "values": [*map(self.place, numbers), *[last] * self.never],
            "labelExpr": names,
            "labelOverlap": False,
            "grid": True,
        }
        domain = [-axis.BESIDE, last + axis.BESIDE]
        scale = {"domain": domain, "nice": False, "zero": False}
        return style.number(name, scale=scale, axis=form)


def _along(found: Sequence[Outcome]) -> Along:
    ends = [
        at
        for o in found
        for at in (
            *(*o.out_at.repeats, *o.degrades_at.repeats),
            *(end for made in (o.predicted, o.predicted_first) for end in _ends(made)),
        )
    ]
    return Along(max((n for n in ends if n is not None), default=1), None in ends)


def _ends(made: Prediction | None) -> tuple[int | None, ...]:
    """Both ends; nothing where nothing was predicted."""
    return (made.low, made.high) if made else ()


def _panel(
    held: str,
    some: Sequence[Group],
    along: Along,
    looks: dict[str, style.Look],
    every: set[str],
) -> Spec:
    rows = _named_apart([_row(group, along, every) for group in some])
    y = _y([row["label"] for row in rows])
    layers = [*_predictions(rows, along, y), *_measurements(rows, along, y, looks)]
    beside = {"value": WIDTH + 12}
    layers.append(marks(rows, "text", TEXT, x=beside, y=y, text=style.text("where")))
    title = HELD.format(held) if held else "other stacks"
    return {
        "title": {"text": title, "fontSize": 14, "frame": "bounds", "offset": 6},
        **style.layered(layers, WIDTH, ROW_HEIGHT * len(rows)),
    }


def _named_apart(rows: list[Row]) -> list[Row]:
    """With a label of its own for each, or two would be drawn as one."""
    number = Counter(row["label"] for row in rows)
    return [
        row | {"label": f"{row['label']}: {row['where']}"}
        if number[row["label"]] > 1
        else row
        for row in rows
    ]


def _predictions(rows: list[Row], along: Along, y: Spec) -> Iterator[Spec]:
    wide = {"strokeWidth": 11, "strokeCap": "butt"}
    for part, colour in (("degrades", PALE), ("out", DARK)):
        known = [row for row in rows if row[f"{part}_low"] is not None]
        x, x2 = along.x(f"{part}_low"), {"field": f"{part}_high"}
        yield marks(known, "rule", {**wide, "color": colour}, x=x, x2=x2, y=y)


def _measurements(
    rows: list[Row], along: Along, y: Spec, looks: dict[str, style.Look]
) -> Iterator[Spec]:
    look = {"y": y, "color": by_stack(looks, "colour")}
    shape = by_stack(looks, "shape")
    line = {"strokeWidth": 3, "opacity": 0.55}
    mark = {"size": 95, "opacity": 1, "strokeWidth": 2}
    for part, filled in (("degraded", False), ("was_out", True)):
        x, x2 = along.x(f"{part}_first"), {"field": f"{part}_last"}
        yield marks(rows, "rule", line, x=x, x2=x2, **look)
        form = {**mark, "filled": filled}
        yield marks(rows, "point", form, x=along.x(part), shape=shape, **look)


def _row(group: Group, along: Along, every: set[str]) -> Row:
    row: Row = {
        "stack": group.stacks[0],
        "label": group.label,
        "where": scenarios(group.scenarios, every) + (" ≠" if group.missed else ""),
        **_bar("degrades", along, group.degrades),
        **_bar("out", along, group.out),
    }
    for name, part in (("degraded", "degrades_at"), ("was_out", "out_at")):
        places = sorted(along.place(at) for at in group.measured(part))
        row |= {
            name: places[(len(places) - 1) // 2],
            f"{name}_first": places[0],
            f"{name}_last": places[-1],
        }
    return row


_HALF = 0.09  # of a number's own bar, so that it can be seen


def _bar(name: str, along: Along, made: Prediction | None) -> Row:
    if made is None:
        return {f"{name}_low": None, f"{name}_high": None}
    return {
        f"{name}_low": along.place(made.low) - _HALF,
        f"{name}_high": along.place(made.high) + _HALF,
    }


def _y(labels: list[str]) -> Spec:
    form = {
        "title": None,
        "ticks": False,
        "domain": False,
        "minExtent": 232,
        "labelPadding": 8,
    }
    return {
        **style.text("label"),
        "sort": None,
        "scale": {"domain": labels},
        "axis": form,
    }
