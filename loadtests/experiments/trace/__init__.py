"""The calls of one request on both sides of the interface: collect, then draw.

The one rule: `collect` makes a `Watched` for each interface, a list of records, and
knows no picture; `spans` and `timeline` turn it into who waits for whom; `picture`
draws that and starts no process. `recorder` stores it in a run, for its report to draw.
"""

from loadtests.experiments.trace.collect import Watched, traced, watch
from loadtests.experiments.trace.visit import TraceError, Visit

__all__ = ["TraceError", "Visit", "Watched", "traced", "watch"]
