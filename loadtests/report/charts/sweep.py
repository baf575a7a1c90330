"""The chart of a sweep: slow clients, memory and CPU against the value of an option."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterator, Mapping, Sequence

from loadtests.analysis.outcomes import Outcome
from loadtests.analysis.predictions import Prediction
from loadtests.analysis.sweeps import Point, Sweep
from loadtests.catalog.scenarios import in_order
from loadtests.report.charts import style
from loadtests.report.charts.capacity import DARK, PALE
from loadtests.report.charts.style import Spec, marks, number
from loadtests.report.words import count

WIDTH, HEIGHT, COLUMNS = 250, 190, 2
SUBTITLE = (
    "grey: predicted to degrade (pale) and to be out (dark); mark: degraded (hollow), "
    "out (filled)"
)
MARGIN = 1.25  # how many times the largest number the axis goes to, and the least from
THIN = 1.04  # a prediction that is one number is drawn so high
SIZE = 80
TICKS = [digit * 10**n for n in range(6) for digit in (1, 2, 5)]
BEHIND = {"strokeWidth": 14}
Costs = Mapping[str, Sequence[float]]  # µs of each start, by stack


def draw(title: str, sweep: Sweep, costs: Costs, look: style.Look) -> Spec:
    return {
        "title": {"text": title, "subtitle": SUBTITLE},
        "concat": panels(sweep, costs, look),
        "columns": COLUMNS,
        "spacing": 26,
    }


def panels(sweep: Sweep, costs: Costs, look: style.Look) -> list[Spec]:
    """One for each scenario, one for the idle server's memory, one for CPU; those of
    which nothing is known are left out."""
    found = [_panel(sweep, scenario, look) for scenario in scenarios(sweep)]
    memory = [
        {"value": p.value, "from": mb} for p in sweep.points if (mb := idle_mb(p))
    ]
    cpu = [
        {"value": p.value, "from": us} for p in sweep.points if (us := cpu_us(p, costs))
    ]
    for name, rows in (("idle server, MB", memory), ("CPU for a request, µs", cpu)):
        found.append(_line(sweep.option, name, rows, look))
    return [panel for panel in found if panel["layer"]]


def scenarios(sweep: Sweep) -> list[str]:
    return in_order({name for point in sweep.points for name in point.outcomes})


def idle_mb(point: Point) -> float | None:
    known = [o.typical(lambda c: c.server.rss_idle_mb) for o in point.outcomes.values()]
    found = [mb for mb in known if mb is not None]
    return statistics.median(found) if found else None


def cpu_us(point: Point, costs: Costs) -> float | None:
    found = costs.get(point.stack)
    return statistics.median(found) if found else None


def _panel(sweep: Sweep, scenario: str, look: style.Look) -> Spec:
    pairs = [(p.value, o) for p in sweep.points if (o := p.outcomes.get(scenario))]
    x = _x(sweep.option)
    y, y2 = _y(list(_numbers([o for _, o in pairs]))), {"field": "to"}
    first = [
        row for v, o in pairs if o.predicted_first for row in _bar(v, o.predicted_first)
    ]
    last = [row for v, o in pairs for row in _bar(v, o.predicted)]
    degraded = _reached(pairs, lambda o: o.degrades_at.steps)
    out = _reached(pairs, lambda o: o.out_at.steps)
    hollow = {"shape": look.shape, "size": SIZE, "fill": style.BACKGROUND}
    form = {"stroke": look.colour, "strokeWidth": 2, "opacity": 1}
    filled = {"shape": look.shape, "size": SIZE, "fill": look.colour}
    layers = [
        marks(first, "rule", {**BEHIND, "color": PALE}, x=x, y=y, y2=y2),
        marks(last, "rule", {**BEHIND, "color": DARK}, x=x, y=y, y2=y2),
        marks(degraded, "point", {**hollow, **form}, x=x, y=y),
        marks(out, "point", {**filled, **form}, x=x, y=y),
    ]
    return _titled(f"{scenario}: slow clients", layers)


def _bar(value: int, made: Prediction | None) -> list[Spec]:
    if made is None or made.low is None or made.high is None:
        return []
    return [{"value": value, "from": made.low / THIN, "to": made.high * THIN}]


def _reached(
    pairs: Sequence[tuple[int, Outcome]], steps: Callable[[Outcome], Sequence[int]]
) -> list[Spec]:
    return [{"value": v, "from": n} for v, o in pairs for n in steps(o) if n]


def _numbers(found: Sequence[Outcome]) -> Iterator[int]:
    for o in found:
        yield from filter(None, (*o.degrades_at.steps, *o.out_at.steps))
        for made in filter(None, (o.predicted_first, o.predicted)):
            yield from filter(None, (made.low, made.high))


def _x(option: str) -> Spec:
    axis = {"title": option, "labelAngle": 0, "grid": False}
    return {"field": "value", "type": "ordinal", "sort": None, "axis": axis}


def _y(numbers: Sequence[int]) -> Spec:
    low, high = min(numbers, default=1) / MARGIN, max(numbers, default=1) * MARGIN
    scale = {"type": "log", "domain": [low, high], "nice": False}
    values = [n for n in TICKS if low <= n <= high]
    axis = {"title": None, "format": ",.0f", "values": values}
    return number("from", scale=scale, axis=axis)


def _line(option: str, name: str, rows: Sequence[Spec], look: style.Look) -> Spec:
    scale = {
        "domain": [0, MARGIN * max((row["from"] for row in rows), default=1.0)],
        "nice": True,
    }
    x, y = _x(option), number("from", scale=scale, axis={"title": None, "tickCount": 5})
    point = {"shape": look.shape, "size": SIZE, "filled": True, "opacity": 1}
    layers = [
        marks(rows, "line", {"color": look.colour, "strokeWidth": 2}, x=x, y=y),
        marks(rows, "point", {**point, "color": look.colour}, x=x, y=y),
    ]
    return _titled(name, layers)


def _titled(title: str, layers: Sequence[Spec]) -> Spec:
    form = {"text": title, "fontSize": 13, "frame": "bounds", "offset": 6}
    return {"title": form, **style.layered(layers, WIDTH, HEIGHT)}


def said(sweep: Sweep) -> str:
    """`slow-body: out at 8 with threads 4, 17 with threads 8`."""
    parts = []
    for scenario in scenarios(sweep):
        found = [
            f"{'not' if at is None else count(at)} with {sweep.option} {point.value}"
            for point in sweep.points
            if (o := point.outcomes.get(scenario))
            for at in [o.out_at.middle]
        ]
        parts.append(f"{scenario}: out at {', '.join(found)}")
    return "; ".join(parts) + "."
