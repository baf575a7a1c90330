"""The command line of each stack, of the run, and of a run that repeats it."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence
from urllib.parse import urlsplit

from loadtests.catalog.profiles import PROFILES
from loadtests.records.rate import Conditions
from loadtests.records.run import Fleet, Run
from loadtests.records.target import OtherTarget, RunningServer
from loadtests.report.blocks import Block, Commands, Section, Source

TITLE = "Commands"


def blocks(source: Source) -> Sequence[Block]:
    return [Commands(commands(source.run), again(source.run))]


def commands(run: Run) -> dict[str, str]:
    """The command of each stack, and how what stands in front of it is configured."""
    listing: dict[str, str] = {}
    for cell in sorted(run.cells, key=lambda cell: cell.stack):
        if cell.argv:  # nobody started what was running already
            listing[cell.stack] = shlex.join(cell.argv)
        if cell.front:
            name = f"{cell.stack}: {cell.front.program}"
            listing[name] = cell.front.config.rstrip()
    listing |= {rate.stack: shlex.join(rate.argv) for rate in run.rates if rate.argv}
    asked = ["python", "-m", "loadtests", *run.run.argv]
    return {**listing, "this run": shlex.join(asked)}


def again(run: Run) -> str:
    """What measures the same once more, in the same order."""
    words = [f"PROFILE={run.run.profile}", *_chosen(run), f"SEED={run.run.seed}"]
    named = list(_named(run.target)) if run.target else []
    return " ".join(["make", "load", *map(shlex.quote, [*named, *words])])


def _named(target: OtherTarget) -> Iterator[str]:
    """What was named of an app that is not ours."""
    if target.command:
        yield f"CMD={target.app}"
    elif target.running:
        yield f"URL={target.app}"
    else:
        called = f"{target.app}()" if target.factory else target.app
        yield from (f"APP={called}", f"APP_PYTHON={target.python}")
    if target.folder:
        yield f"APP_DIR={target.folder}"
    base = urlsplit(target.app).path.rstrip("/") if target.running else ""
    for name in ("healthy", "upload", "download", "wait"):
        method, _, path = getattr(target, name).partition(" ")
        if below := path.removeprefix(base):
            yield f"{name.upper()}={method} {below}"
    if target.headers:
        yield f"HEADERS={' | '.join(target.headers)}"
    if target.running:
        yield from _of_running(target.app, target.running)


def _of_running(url: str, running: RunningServer) -> Iterator[str]:
    if running.pid:
        yield f"PID={running.pid}"
    if not running.on_loopback:
        yield f"ALLOW_REMOTE={urlsplit(url).hostname}"


def _chosen(run: Run) -> Iterator[str]:
    """What was ordered beside the profile; of a run of format 1 that is not known."""
    ordered, profile = run.ordered, PROFILES.get(run.run.profile)
    if ordered is None:
        return
    own = run.target and (run.target.command or run.target.running)
    if not own and (not profile or tuple(ordered.stacks) != profile.stacks):
        yield f"STACKS={','.join(ordered.stacks)}"
    scenarios = (*ordered.scenarios, *ordered.rates)
    if not profile or scenarios != profile.scenarios:
        yield f"SCENARIOS={','.join(scenarios)}"
    if ordered.wait_ms:
        yield f"WAIT_MS={','.join(map(str, ordered.wait_ms))}"
    yield from _conditions(ordered.conditions)
    if not profile or ordered.repeats != profile.repeats:
        yield f"REPEATS={ordered.repeats}"
    if ordered.workers:
        yield f"WORKERS={ordered.workers}"
    if ordered.threads:
        yield f"THREADS={ordered.threads}"
    if ordered.nofile and not (run.target and run.target.running):
        yield f"NOFILE={ordered.nofile}"
    yield from _fleet(ordered.fleet)
    yield from _network(ordered.network_kbit)


def _fleet(given: Fleet) -> Iterator[str]:
    if given.workers:
        yield f"FLEET={given.workers}"
    if given.bind:
        yield f"BIND={given.bind}"


def _network(kbit: int) -> Iterator[str]:
    if kbit:
        yield f"NETWORK={kbit}kbit"


def _conditions(given: Conditions) -> Iterator[str]:
    if given.rates_per_s:
        yield f"RATES={','.join(f'{rate:g}' for rate in given.rates_per_s)}"
    if given.retries:
        yield f"RETRIES={given.retries}"
    if given.scenario:
        yield f"BESIDE={given.scenario}={given.slow_clients}"


SECTION = Section("commands", TITLE, blocks)
