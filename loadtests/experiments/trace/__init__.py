"""The calls of one request on both sides of the interface.

The one rule: `collect` serves a traced application, lets a `client` ask it once, and
makes a `Watched` of it, a list of records. It knows no picture: `analysis.timeline`
says who waits for whom, and `report.trace_picture` draws that. `recorder` stores two
such requests in a run, for its report to draw.
"""

from loadtests.analysis.spans import Watched
from loadtests.experiments.trace.client import TracedClient, TraceError
from loadtests.experiments.trace.collect import traced, watch

__all__ = ["TraceError", "TracedClient", "Watched", "traced", "watch"]
