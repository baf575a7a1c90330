"""The main chart: how many slow clients each stack takes, predicted and measured.

The one rule: a row is a mechanism, not a scenario. Scenarios in which a slow client of
a stack holds the same are one row, with all that was measured under them. Stacks of
which nothing can be told apart are one row too, which says how many they are.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from loadtests.analysis.outcomes import Outcome
from loadtests.analysis.predictions import CONFIRMED, Prediction
from loadtests.catalog.scenarios import in_order
from loadtests.catalog.stacks import what_is_held
from loadtests.report.charts import axis, style
from loadtests.report.charts.style import Spec, by_stack, marks
from loadtests.report.said import NEVER, span
from loadtests.report.words import listed

ROW_HEIGHT = 26
WIDTH = 440
FONT_SIZE = 13
NEVER_AFTER = 1.8  # how far behind the last number "not reached" stands
SUBTITLE = (
    "grey: predicted to degrade (pale) and to be out (dark); mark: degraded (hollow), "
    "out (filled), a line over repeats and scenarios"
)
PALE, DARK = "#d9d9d9", "#8a8a8a"
TEXT: Spec = {"align": "left", "fontSize": 12, "color": style.INK}
HELD = "a slow client holds {}"
Row = Spec


@dataclass(frozen=True)
class Group:
    """A row: stacks that hold the same under the same scenarios, with one result."""

    stacks: tuple[str, ...]
    scenarios: tuple[str, ...]
    held: str
    outcomes: tuple[Outcome, ...]

    @property
    def label(self) -> str:
        first, *others = self.stacks
        return f"{first} and {len(others)} more" if others else first

    @property
    def degrades(self) -> Prediction | None:
        return self.outcomes[0].predicted_first

    @property
    def out(self) -> Prediction:
        return self.outcomes[0].predicted

    def measured(self, part: str) -> list[int | None]:
        """Of every repeat under every scenario; None: never at any step."""
        return [at for o in self.outcomes for at in getattr(o, part).repeats]

    @property
    def missed(self) -> bool:
        return any(outcome.verdict != CONFIRMED for outcome in self.outcomes)


def groups(found: Sequence[Outcome]) -> list[Group]:
    """The rows, by what is held, in the order in which that first appears."""
    by_row: dict[tuple[str, str], list[Outcome]] = {}
    for outcome in found:
        held = what_is_held(outcome.stack, outcome.scenario)
        by_row.setdefault((outcome.stack, held), []).append(outcome)
    alike: dict[object, list[tuple[str, list[Outcome]]]] = {}
    for (stack, held), some in by_row.items():
        scenarios = tuple(in_order(o.scenario for o in some))
        key = (held, scenarios, *(_result(outcome) for outcome in some))
        alike.setdefault(key, []).append((stack, some))
    made = [
        Group(
            tuple(stack for stack, _ in same),
            tuple(in_order(o.scenario for o in same[0][1])),
            what_is_held(same[0][0], same[0][1][0].scenario),
            tuple(o for _, some in same for o in some),
        )
        for same in alike.values()
    ]
    titles = list(dict.fromkeys(group.held for group in made))
    return sorted(made, key=lambda group: titles.index(group.held))


def _result(outcome: Outcome) -> object:
    """All that a row shows of it."""
    return (
        outcome.predicted,
        outcome.predicted_first,
        set(outcome.degrades_at.repeats) == set(outcome.out_at.repeats),
        tuple(sorted(set(outcome.degrades_at.steps))),
        tuple(sorted(set(outcome.out_at.steps))),
        outcome.verdict,
    )


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


def said(found: Sequence[Outcome]) -> str:
    """The rows in words."""
    every = {outcome.scenario for outcome in found}
    return " ".join(_said(group, every) for group in groups(found))


def _said(group: Group, every: set[str]) -> str:
    degraded, out = (_measured(group, part) for part in ("degrades_at", "out_at"))
    held = f", where a slow client holds {group.held}" if group.held else ""
    return (
        f"{listed(group.stacks)} under {_where(group, every)}{held}: degraded at "
        f"{degraded}, out at {out}, predicted {_predicted(group.out)}."
    )


def _measured(group: Group, part: str) -> str:
    known = sorted(at for at in group.measured(part) if at is not None)
    if not known:
        return "no step"
    some = "" if len(known) == len(group.measured(part)) else " or no step"
    return f"{span(known[0], known[-1])}{some}"


def _predicted(made: Prediction) -> str:
    if made.low is None or made.high is None:
        return NEVER
    return span(made.low, made.high)


def _where(group: Group, every: set[str]) -> str:
    rest = every - set(group.scenarios)
    if not rest:
        return "every scenario"
    if len(rest) == 1 and len(every) > 3:
        return f"every scenario but {rest.pop()}"
    return listed(group.scenarios)


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
        for at in (*o.out_at.repeats, *o.degrades_at.repeats, *_ends(o.predicted))
    ]
    return Along(max((n for n in ends if n is not None), default=1), None in ends)


def _ends(made: Prediction | None) -> tuple[int | None, int | None]:
    return (made.low, made.high) if made else (None, None)


def _panel(
    held: str,
    some: Sequence[Group],
    along: Along,
    looks: dict[str, style.Look],
    every: set[str],
) -> Spec:
    rows = [_row(group, along, every) for group in some]
    y = _y([row["label"] for row in rows])
    look = {"y": y, "color": by_stack(looks, "colour")}
    shape = by_stack(looks, "shape")
    wide = {"strokeWidth": 11, "strokeCap": "butt"}
    mark = {"size": 95, "opacity": 1, "strokeWidth": 2}
    line = {"strokeWidth": 3, "opacity": 0.55}
    layers = []
    for part, colour in (("degrades", PALE), ("out", DARK)):
        known = [row for row in rows if row[f"{part}_low"] is not None]
        x, x2 = along.x(f"{part}_low"), {"field": f"{part}_high"}
        layers.append(marks(known, "rule", {**wide, "color": colour}, x=x, x2=x2, y=y))
    for part, filled in (("degraded", False), ("was_out", True)):
        x, x2 = along.x(f"{part}_first"), {"field": f"{part}_last"}
        layers.append(marks(rows, "rule", line, x=x, x2=x2, **look))
        form = {**mark, "filled": filled}
        layers.append(marks(rows, "point", form, x=along.x(part), shape=shape, **look))
    beside = {"value": WIDTH + 12}
    layers.append(marks(rows, "text", TEXT, x=beside, y=y, text=style.text("where")))
    title = HELD.format(held) if held else "other stacks"
    return {
        "title": {"text": title, "fontSize": 14, "frame": "bounds", "offset": 6},
        **style.layered(layers, WIDTH, ROW_HEIGHT * len(rows)),
    }


def _row(group: Group, along: Along, every: set[str]) -> Row:
    low, high = _ends(group.degrades)
    row: Row = {
        "stack": group.stacks[0],
        "label": group.label,
        "where": _where(group, every) + (" ≠" if group.missed else ""),
        **_bar("degrades", along, low, high, group.degrades is not None),
        **_bar("out", along, *_ends(group.out), True),
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


def _bar(
    name: str, along: Along, low: int | None, high: int | None, known: bool
) -> Row:
    if not known:
        return {f"{name}_low": None, f"{name}_high": None}
    return {
        f"{name}_low": along.place(low) - _HALF,
        f"{name}_high": along.place(high) + _HALF,
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
