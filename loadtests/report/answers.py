"""Questions that people ask, and what the examples answer.

The one rule: every figure in an answer is read from a run, or from what stands beside
it. An answer whose figures the runs do not have is left out.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from loadtests.analysis.outcomes import Outcome, outcomes
from loadtests.catalog.phases import Phase
from loadtests.records.beside_cells import Cost
from loadtests.records.cell import Step
from loadtests.records.folder import Beside
from loadtests.records.rate import Overload, Rate
from loadtests.records.run import Run
from loadtests.report.sections.costs import slow_client
from loadtests.report.sections.overload import WAYS
from loadtests.report.words import count, figure

SYNC, GTHREAD, GEVENT = (f"wsgi-gunicorn-{w}" for w in ("sync", "gthread", "gevent"))
UVICORN, H11, UNDER = "asgi-uvicorn", "asgi-uvicorn-h11", "asgi-gunicorn-uvicorn"
NGINX, A2WSGI = "wsgi-gunicorn-sync-nginx", "wsgi-uvicorn"
LIMITED = "asgi-uvicorn@limit-concurrency=60"
GUNICORN = (SYNC, GTHREAD, GEVENT, "asgi-gunicorn", UNDER)
GB_KB = 1024**2


class AbsentError(Exception):
    """The run does not have a figure."""


@dataclass(frozen=True)
class Source:
    """The figures of a run, in words; and of one that measured rates and nothing else.

    Where both have a rate, that of `run` counts.
    """

    run: Run
    beside: Beside
    of_rates: Run | None = None

    @cached_property
    def _outcomes(self) -> dict[tuple[str, str], Outcome]:
        return {(o.stack, o.scenario): o for o in outcomes(self.run)}

    def outcome(self, stack: str, scenario: str) -> Outcome:
        try:
            return self._outcomes[stack, scenario]
        except KeyError:
            raise AbsentError from None

    def out(self, stack: str, scenario: str = "slow-body") -> str:
        """How many slow clients took it out."""
        at = self.outcome(stack, scenario).out_at.middle
        return f"more than {self.held(stack, scenario)}" if at is None else count(at)

    def held(self, stack: str, scenario: str = "slow-body") -> str:
        return count(self.outcome(stack, scenario).held_by_all)

    def met(self, stack: str, scenario: str = "slow-body") -> str:
        """What healthy requests met when it was out: `requests wait in vain`."""
        step = self._when_out(stack, scenario)
        return max(WAYS, key=lambda way: way.number(step)).said

    def _when_out(self, stack: str, scenario: str) -> Step:
        if (step := self.outcome(stack, scenario).when_out) is None:
            raise AbsentError
        return step

    def answered_when_out(self, stack: str, scenario: str = "slow-body") -> str:
        """`0 of 420`."""
        step = self._when_out(stack, scenario)
        return f"{count(step.answered)} of {count(step.attempted)}"

    def freed(self, stack: str, scenario: str = "slow-body") -> str:
        """After how long its own timeouts freed it of clients that stay."""
        for one in self.run.self_recoveries:
            if (one.stack, one.scenario) == (stack, scenario) and one.valid:
                never = f"not within {one.watched_s:g} s"
                return never if one.freed_s is None else f"after {one.freed_s:.0f} s"
        raise AbsentError

    def us(self, stack: str, app: str = "raw", *, kept: bool = True) -> float:
        """CPU time of a request for /hello, the middle of all starts."""
        found = sorted(
            c.cpu_us_per_request for c in self._costs(app, kept) if c.stack == stack
        )
        if not found:
            raise AbsentError
        return found[len(found) // 2]

    def _costs(self, app: str, kept: bool) -> list[Cost]:
        return [
            cost
            for cost in self.run.costs
            if cost.app == app and cost.kept_alive is kept and cost.target == "/hello"
        ]

    def cheapest(self) -> tuple[str, float]:
        stacks = dict.fromkeys(cost.stack for cost in self._costs("raw", True))
        if not stacks:
            raise AbsentError
        return min(((s, self.us(s)) for s in stacks), key=lambda pair: pair[1])

    def kb(self, stack: str, scenario: str) -> float:
        """Memory of a slow client, of the server and of the kernel."""
        found = slow_client(self.outcome(stack, scenario))
        if found is None or not found.sum_kb:
            raise AbsentError
        return found.sum_kb

    def ends(self, phase: Phase) -> list[tuple[str, float]]:
        """Who ends a connection that is slow in that phase, and after how long."""
        if self.beside.phases is None:
            raise AbsentError
        return [
            (one.stack, one.after_s)
            for one in self.beside.phases.ended
            if one.phase == phase and one.after_s is not None
        ]

    @property
    def watched_s(self) -> float:
        if self.beside.phases is None:
            raise AbsentError
        return self.beside.phases.watched_s

    def evidence(self, claim: str) -> str:
        """What a claim was decided by."""
        for verdict in self.beside.ledger.verdicts if self.beside.ledger else ():
            if verdict.id == claim:
                return verdict.evidence
        raise AbsentError

    def rate(self, stack: str, scenario: str) -> Rate:
        """How many requests a second it sustained while each waited."""
        runs = [self.run, *([self.of_rates] if self.of_rates else [])]
        for one in (rate for run in runs for rate in run.rates):
            if (one.stack, one.scenario) == (stack, scenario) and one.valid:
                return one
        raise AbsentError

    def sustained(self, stack: str, scenario: str) -> str:
        """`144 a second, and failed at 176`; or that nothing failed that was asked."""
        one = self.rate(stack, scenario)
        if one.sustained_per_s is None:
            raise AbsentError
        said = f"{figure(one.sustained_per_s)} a second"
        if one.failed_per_s is None:
            return f"{said}, the most that was asked"
        return f"{said}, and failed at {figure(one.failed_per_s)}"

    def predicted(self, stack: str, scenario: str) -> str:
        """`160`, a second."""
        per_s = self.rate(stack, scenario).predicted_per_s
        if per_s is None:
            raise AbsentError
        return figure(per_s)

    def wait_ms(self, stack: str, scenario: str) -> str:
        return count(self.rate(stack, scenario).wait_ms)

    def overload(self, stack: str, scenario: str) -> Overload:
        """What the least overload that was tried did."""
        if not (tried := self.rate(stack, scenario).overloads):
            raise AbsentError
        return min(tried, key=lambda one: one.times)

    def in_time(self, stack: str, scenario: str) -> str:
        """`none of 216 a second`: answered in time under the least overload."""
        one = self.overload(stack, scenario)
        some = figure(one.goodput_per_s) if one.goodput_per_s else "none"
        return f"{some} of {figure(one.rate_per_s)} a second"

    def well_again(self, stack: str, scenario: str) -> str:
        """`after 12 s`, at half of the rate."""
        one = self.overload(stack, scenario)
        if one.recovered_s is None:
            return f"not within {one.watched_s:g} s"
        return f"after {figure(one.recovered_s)} s"

    def uneven(self, stack: str, scenario: str) -> str:
        """`533 + 423`: connections of each worker at the largest step that was held."""
        outcome = self.outcome(stack, scenario)
        steps = [s for s in outcome.steps if s.by_worker]
        below = [s for s in steps if s.slow_clients <= outcome.held_by_all]
        if not below:
            raise AbsentError
        return " + ".join(map(count, below[-1].by_worker))
