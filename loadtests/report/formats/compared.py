"""Two runs and what was found of them: what every form of a comparison says."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from loadtests.analysis.changes import BETTER, SAME, WORSE
from loadtests.analysis.compare import Comparison
from loadtests.records.run import Run
from loadtests.report.formats.comparison_words import alarms, rule, sentence
from loadtests.report.words import amount, plain

OTHER_MACHINE = "On another machine only numbers of slow clients compare: {}."


@dataclass(frozen=True)
class Compared:
    """Two runs, what was found, and the threshold that it was found with."""

    base: Run
    new: Run
    found: Sequence[Comparison]
    threshold: float

    def of(self, *verdicts: str) -> list[Comparison]:
        return [c for c in self.found if c.verdict in verdicts]

    @property
    def runs(self) -> str:
        named = (("BASE", self.base), ("NEW", self.new))
        return ", ".join(
            f"{which} {plain(run.run.id)} ({plain(run.environment.revision)})"
            for which, run in named
        )

    @property
    def rule(self) -> str:
        """What counts as a difference; nothing where nothing can be compared."""
        if not self.of(WORSE, BETTER, SAME):
            return ""
        worth = alarms(self.base, self.new, self.threshold)
        return " ".join(filter(None, [rule(self.new, self.threshold), worth]))

    @property
    def sentence(self) -> str:
        comparable = self.of(WORSE, BETTER, SAME)
        if not comparable:
            return "No cell of these runs can be compared."
        numbers = [len(self.of(verdict)) for verdict in (WORSE, BETTER)]
        if not any(numbers):
            return f"No difference in {counted(comparable)} that can be compared."
        worse, better = (number or "none" for number in numbers)
        return (
            f"Of {counted(comparable)} that can be compared, NEW is worse in {worse} "
            f"and better in {better}."
        )

    @property
    def reasons(self) -> list[tuple[str, list[Comparison]]]:
        """Why cells cannot be compared, and which: the reason of the most first."""
        found: dict[str, list[Comparison]] = {}
        for one in self.found:
            for reason in one.reasons:
                found.setdefault(sentence(reason), []).append(one)
        return sorted(found.items(), key=lambda item: -len(item[1]))


def counted(some: Sequence[Comparison]) -> str:
    """`2 cells`, `2 cells and the costs of 1 stack`."""
    cells = sum(bool(one.scenario) for one in some)
    stacks = len(some) - cells
    said = [amount(cells, "cell")] if cells else []
    if stacks:
        said.append(f"the costs of {amount(stacks, 'stack')}")
    return " and ".join(said)


def called(comparison: Comparison) -> str:
    """`asgi-uvicorn, slow-body`."""
    what = comparison.scenario or "CPU time of a request"
    return plain(f"{comparison.stack}, {what}")


def notes(compared: Compared) -> list[str]:
    """What no table of differences shows: what is alike, and what was left out."""
    same = compared.of(SAME)
    doubtful = [c for c in compared.found if c.times_doubtful]
    some_differ = compared.of(WORSE, BETTER)  # else the last sentence says that
    lines = [f"No difference: {counted(same)}."] if same and some_differ else []
    if doubtful:
        lines.append(
            f"Response times not compared: {counted(doubtful)}. Those of one run at "
            "least are doubtful, and its report says why."
        )
    if counts := [c for c in compared.found if c.machines]:
        lines.append(OTHER_MACHINE.format(counted(counts)))
        lines += [f"  {sentence(reason)}" for reason in counts[0].machines]
    return lines
