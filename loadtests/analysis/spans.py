"""A call across the interface, from its beginning to its return, and in words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from loadtests.records.traces import Action

FROM_SERVER = ("app", "next(body)", "body.close")
BACK = ("returned", "raised")

Record = dict[str, Any]


@dataclass(frozen=True)
class Watched:
    """One call of an application: what crossed the interface, what the client did.

    `client` says in words what the client set out to do.
    """

    stack: str
    client: str
    records: Sequence[Record]
    actions: Sequence[Action]

    @property
    def lasted_ms(self) -> float:
        """From the app's being called to the last record."""
        return float(max(record["at_ms"] for record in self.records))


@dataclass(frozen=True)
class Span:
    """One call across the interface, from its call to its return; None: still out.

    `runner` is the thread or the task that made the call.
    """

    name: str
    runner: str
    start_ms: float
    end_ms: float | None
    given: Sequence[Any]
    got: Any
    raised: bool

    def is_open(self, at_ms: float) -> bool:
        """Whether it is under way at that time."""
        end_ms = float("inf") if self.end_ms is None else self.end_ms
        return self.start_ms <= at_ms < end_ms


def spans(watched: Watched) -> list[Span]:
    """The crossings in the order of their calls."""
    back = {r["crossing"]: r for r in watched.records if r["step"] in BACK}
    found = []
    for record in watched.records:
        if record["step"] == "called":
            end = back.get(record["crossing"], {})
            found.append(
                Span(
                    name=record["name"],
                    runner=record.get("thread") or record["task"],
                    start_ms=record["at_ms"],
                    end_ms=end.get("at_ms"),
                    given=record["given"],
                    got=end.get("got"),
                    raised=end.get("step") == "raised",
                )
            )
    return found


def blocked(watched: Watched) -> list[tuple[float, float]]:
    """From when to when the event loop did not turn, in ms; never under WSGI."""
    return [
        (max(0.0, record["at_ms"] - record["took_ms"]), record["at_ms"])
        for record in watched.records
        if record["step"] == "blocked"
    ]


def call_text(span: Span) -> str:
    """The call, as short as it can be said."""
    match span.name, span.given:
        case "app", [{"type": _}, *_]:
            return "app(scope, receive, send)"
        case "app", _:
            return "app(environ, start_response)"
        case "start_response", [status, headers, *exc_info]:
            more = ", exc_info" if exc_info else ""
            return f"start_response({status!r}, {_headers(headers)}{more})"
        case "send", [event]:
            return f"send({_event(event)})"
    given = ", ".join(_value(item) for item in span.given)
    return span.name if span.name.endswith(")") else f"{span.name}({given})"


def returned_text(span: Span) -> str:
    """The return of a call that was waited in, on a line of its own."""
    came_back = back_text(span)
    if span.name == "app":
        return f"app {came_back or 'returns'}"
    return f"{span.name}: {came_back}" if came_back else f"{span.name} returns"


def back_text(span: Span) -> str:
    """What came back; "" for nothing worth a word."""
    if span.name == "start_response" and not span.raised:
        return ""  # the write() that nobody should use
    match span.got:
        case "<StopIteration()>":
            return "no more pieces"
        case "<CancelledError()>":
            return "given up by the app"
        case None:
            return ""
        case {"type": _}:
            return _event(span.got)
    verb = "raises " if span.raised else "returns " if span.name == "app" else ""
    return f"{verb}{_value(span.got)}"


def _event(event: dict[str, Any]) -> str:
    words = [event["type"]]
    for key, value in event.items():
        match key, value:
            case (("body" | "bytes" | "text"), ({"length": _} | str())):
                words.append(_value(value))
            case "headers", list():
                words.append(_headers(value))
            case "more_body", True:
                words.append("more_body")
            case (("status" | "code"), _):
                words.append(str(value))
    return ", ".join(words)


def _headers(headers: Sequence[Any]) -> str:
    return "1 header" if len(headers) == 1 else f"{len(headers)} headers"


def _value(shown: Any) -> str:
    match shown:
        case {"length": length}:
            return f"{length} bytes"
        case list():
            return f"[{', '.join(_value(item) for item in shown[:3])}]"
        case str() if shown.startswith("<"):
            return shown
    return repr(shown)
