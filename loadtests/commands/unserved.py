"""What the interface of a stack cannot serve: a WebSocket under WSGI."""

from __future__ import annotations

from loadtests import UserError
from loadtests.experiments.order import Order

_NO_WEBSOCKET = "WSGI has no WebSocket (PEP 3333)"


def told(order: Order) -> list[str]:
    """A line if there are scenarios that some stacks cannot serve. UserError if there
    is one that none can."""
    by_scenario = {
        one.id: [stack.serves(one.id) for stack in order.stacks]
        for one in order.scenarios
    }
    some = ", ".join(name for name, can in by_scenario.items() if not all(can))
    if none := [name for name, can in by_scenario.items() if not any(can)]:
        raise UserError(f"{none[0]}: {_NO_WEBSOCKET}: name an ASGI stack in STACKS=")
    return [f"{some}: on ASGI stacks alone, because {_NO_WEBSOCKET}"] if some else []


def see_that_beside_is_served(order: Order) -> None:
    """UserError if a stack cannot serve the slow clients that are held beside."""
    name = order.conditions.scenario
    if name and not all(task.stack.serves(name) for task in order.at_rates()):
        beside = f"{name}={order.conditions.slow_clients}"
        raise UserError(
            f"BESIDE={beside}: {_NO_WEBSOCKET}: name ASGI stacks in STACKS="
        )
