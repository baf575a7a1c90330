"""The checker of a lifespan: each seeded fault is caught, and named."""

import pytest

from asgi_app.interface import Event, Handler, Receive, Scope, Send
from tests.apps.asgi_clauses import Violation
from tests.apps.seeded import COMPLETE, START, run, sends


async def starts_up_only(scope: Scope, receive: Receive, send: Send) -> None:
    await receive()
    await send(COMPLETE)


async def skips_startup(scope: Scope, receive: Receive, send: Send) -> None:
    await receive()
    await receive()


async def answers_startup_with(event: Event, receive: Receive, send: Send) -> None:
    await receive()
    await send(event)


def answers(event: Event) -> Handler:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await answers_startup_with(event, receive, send)

    return app


async def only_receives(scope: Scope, receive: Receive, send: Send) -> None:
    await receive()


async def goes_on_after_failing(scope: Scope, receive: Receive, send: Send) -> None:
    await answers_startup_with({"type": "lifespan.startup.failed"}, receive, send)
    await receive()


FAILED = {"type": "lifespan.startup.failed"}
LIFESPAN_FAULTS = {
    "answer-unasked": (sends(COMPLETE), "answers nothing"),
    "unknown-type": (answers({"type": "lifespan.startup.done"}), "unknown event type"),
    "http-event": (answers(START), "unknown event type"),
    "wrong-phase": (
        answers({"type": "lifespan.shutdown.complete"}),
        "complete in answer to lifespan.startup",
    ),
    "message-with-complete": (answers({**COMPLETE, "message": ""}), "unknown keys"),
    "message-bytes": (answers({**FAILED, "message": b"no"}), "message must be a str"),
    "startup-unanswered": (only_receives, "before it answered lifespan.startup"),
    "receive-before-answer": (skips_startup, "before lifespan.startup was answered"),
    "no-shutdown": (starts_up_only, "ended before the lifespan did"),
    "goes-on-after-failing": (goes_on_after_failing, "after the end of the lifespan"),
}


@pytest.mark.parametrize(
    ("app", "fault"), LIFESPAN_FAULTS.values(), ids=LIFESPAN_FAULTS
)
def test_checker_names_the_fault_of_a_lifespan(app: Handler, fault: str) -> None:
    script: list[Event] = [{"type": f"lifespan.{p}"} for p in ("startup", "shutdown")]
    with pytest.raises(Violation, match=fault):
        run(app, {"type": "lifespan"}, *script)
