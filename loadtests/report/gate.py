"""What a gate says: to its user, to a pull request, to a system that runs tests."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections import Counter
from collections.abc import Sequence

from rich.console import RenderableType
from rich.text import Text

from loadtests.analysis.gate import (
    CHANGE,
    HELD,
    MET,
    MISSED,
    SUSTAINED,
    UNKNOWN,
    Check,
    verdict,
)
from loadtests.report.blocks import Column
from loadtests.report.formats import syntax
from loadtests.report.formats.fitting import Fitting
from loadtests.report.words import amount, count, figure, plain, visible

TITLES = {
    MET: "Every limit is met",
    MISSED: "A limit is missed",
    UNKNOWN: "A limit is not known to be met",
}
_STYLES = {MET: "green", MISSED: "bold red", UNKNOWN: "yellow"}
_MARKS = {MET: "✓", MISSED: "✗", UNKNOWN: "?"}
_LEVELS = {MISSED: "error", UNKNOWN: "warning"}
COSTS = "costs of a request"
COLUMNS = (
    *(Column(key, "", name=True) for key in ("state", "stack", "scenario")),
    *(Column(key, "", words=True) for key in ("wanted", "found")),
)


def title(found: Sequence[Check]) -> str:
    """`A limit is missed: 5 met, 1 missed`."""
    states = Counter(check.state for check in found)
    numbers = ", ".join(
        f"{states[state]} {state}" for state in (MET, MISSED, UNKNOWN) if states[state]
    )
    return f"{TITLES[verdict(found)]}: {numbers}"


def wanted(check: Check) -> str:
    """The limit: `holds 100 slow clients`."""
    if check.kind == HELD:
        return f"holds {amount(int(check.wanted or 0), 'slow client')}"
    if check.kind == CHANGE:
        return "is not worse than before"
    if check.kind == SUSTAINED:
        return f"sustains {count(int(check.wanted or 0))}/s"
    return f"p99 under {figure(check.wanted, 'ms')}"


def found(check: Check) -> str:
    """What was measured: `held 97`."""
    if check.kind == CHANGE:
        said = {MET: "not worse", MISSED: "worse"}
        return said.get(check.state, "cannot be compared: make compare says why")
    if check.found is None:
        return "not sustained" if check.state == MISSED else "not measured"
    if check.kind == HELD:
        return f"held {count(int(check.found))}"
    if check.kind == SUSTAINED:
        return f"sustained {figure(check.found)}/s"
    doubt = ", doubtful" if check.state == UNKNOWN else ""
    beside = amount(check.slow_clients or 0, "slow client")
    return f"{figure(check.found, 'ms')} beside {beside}{doubt}"


def _where(check: Check) -> str:
    return check.scenario or COSTS


def table(checks: Sequence[Check]) -> RenderableType:
    """For the terminal: a line for each limit and cell, those that are met last."""
    in_order = sorted(checks, key=lambda check: check.state == MET)
    return Fitting("", COLUMNS, [_row(check) for check in in_order])


def _row(check: Check) -> dict[str, Text]:
    words = {
        "stack": check.stack,
        "scenario": _where(check),
        "wanted": wanted(check),
        "found": found(check),
    }
    state = Text(check.state, style=_STYLES[check.state])
    return {"state": state} | {key: Text(plain(said)) for key, said in words.items()}


def markdown(checks: Sequence[Check]) -> str:
    """For a pull request."""
    lines = [f"### {title(checks)}", "", "| | stack | scenario | limit | measured |"]
    lines.append("| --- | --- | --- | --- | --- |")
    for check in checks:
        words = (check.stack, _where(check), wanted(check), found(check))
        cells = " | ".join(syntax.text(word) for word in words)
        lines.append(f"| {_MARKS[check.state]} | {cells} |")
    return "\n".join([*lines, ""])


def junit(checks: Sequence[Check], lasted_s: float) -> str:
    """JUnit's XML: a limit that is missed fails, one that is not known is an error."""
    states = Counter(check.state for check in checks)
    suite = ET.Element(
        "testsuite",
        name="slowbench",
        tests=str(len(checks)),
        failures=str(states[MISSED]),
        errors=str(states[UNKNOWN]),
        time=f"{lasted_s:.1f}",
    )
    for check in checks:
        name = f"{_where(check)} {wanted(check)}"
        case = ET.SubElement(
            suite, "testcase", classname=visible(check.stack), name=visible(name)
        )
        if check.state != MET:
            how = "failure" if check.state == MISSED else "error"
            ET.SubElement(case, how, message=visible(found(check)))
    ET.indent(suite)
    return '<?xml version="1.0" encoding="utf-8"?>\n' + ET.tostring(suite, "unicode")


def workflow_commands(checks: Sequence[Check]) -> list[str]:
    """Workflow commands of GitHub: a line for each limit that is not met."""
    return [
        f"::{_LEVELS[check.state]} title=slowbench::"
        + _escaped(f"{check.stack}, {_where(check)}: {wanted(check)}; {found(check)}")
        for check in checks
        if check.state != MET
    ]


def _escaped(text: str) -> str:
    """As GitHub reads it (workflow commands, escaping)."""
    text = visible(text).replace("%", "%25")
    return text.replace("\r", "%0D").replace("\n", "%0A")
