"""The claim about a buffering proxy, tried with nginx where there is one."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from loadtests.clients.wire import Address
from loadtests.experiments.claims.interface import FIELD
from loadtests.experiments.claims.lab import Lab
from loadtests.experiments.claims.registry import (
    Finding,
    claim,
    holds,
    holds_only_with,
    need,
    not_testable,
    refuted,
)
from loadtests.experiments.claims.serving import SENT, WAYS, answered
from loadtests.experiments.claims.visits import recovered
from loadtests.servers.nginx import MISSING, Door, is_installed, nginx

SLOW = 8
DOORS = {
    "behind nginx": "",
    "with its buffering off": "proxy_buffering off; proxy_request_buffering off;",
}


@claim(FIELD)
def nginx_fixes_sync(lab: Lab) -> Finding:
    """Buffering in a proxy (nginx) fixes sync workers"""
    if not is_installed():
        return not_testable(MISSING)
    shown = _through_each_door(lab)
    counts = "; ".join(f"{how} {a}, {b} and {c}" for how, (a, b, c) in shown.items())
    evidence = (
        f"answered of {SENT} beside {SLOW} {', '.join(WAYS)}, one sync worker: {counts}"
    )
    need(max(shown["without nginx"]) < SENT, evidence)
    if min(shown["behind nginx"]) < SENT // 2:
        return refuted(evidence)
    off = zip(WAYS, shown["with its buffering off"], strict=True)
    hurt = [way for way, count in off if count < SENT // 2]
    if not hurt:
        return holds(evidence)
    condition = f"its buffering on, the default; off, not for {' and '.join(hurt)}"
    return holds_only_with(condition, evidence)


def _through_each_door(lab: Lab) -> dict[str, list[int]]:
    # One app behind each door, so that all can be tried at the same time.
    hows = ("without nginx", *DOORS)
    apps = {how: lab.serve("wsgi-gunicorn-sync", "--name", how).address for how in hows}
    doors_to = {how: Door(apps[how], directives) for how, directives in DOORS.items()}
    with (
        nginx(doors_to, lab.guard, lab.logs / "nginx.log") as doors,
        ThreadPoolExecutor(len(hows)) as pool,
    ):
        found = pool.map(
            _answered, [doors.get(h, apps[h]) for h in hows], apps.values()
        )
        return dict(zip(hows, found, strict=True))


def _answered(door: Address, app: Address) -> list[int]:
    counts = []
    for way in WAYS:
        counts.append(answered(door, way, SLOW))
        recovered(app)
    return counts
