"""Does the doctor find the cause? Ten servers with a fault from an incident each, and
three that are sound:

    python -m tests.seeded.trial [name ...]

Prints a line for each, and a table for the docs at last. Ends with 1 where a cause is
wrong in more than one of the ten, or something is found in a sound one.
"""

from __future__ import annotations

import argparse
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from loadtests.analysis.diagnosis import BLOCKED_LOOP, HANDLER_THREADS, POOL, Examined
from loadtests.catalog.stacks import Supply
from loadtests.commands import doctor
from loadtests.commands.options import Parser

HERE = Path(__file__).parent
UVICORN = "uvicorn shop:app --workers 2"
GUNICORN = "gunicorn shop:wsgi --no-control-socket --workers 2"
GRANIAN = "granian shop:app --interface asgi --workers 2"
WAITRESS = "waitress-serve --port={port} --threads=4 --connection-limit=1000 shop:wsgi"
UPLOAD, DOWNLOAD = "--upload=POST /items", "--download=/export"
AWAITS = ("--healthy=/health", UPLOAD, DOWNLOAD, "--wait-path=/awaiting-report")
# Where a fault shows: the other scenarios only take their time.
BODIES, WAITS = "--scenarios=slow-headers,slow-body", "--scenarios=handler-wait"
_MOST_WRONG = 1


@dataclass(frozen=True)
class Case:
    """A server; `cause` is what is wrong with it, empty if nothing is."""

    name: str
    command: str
    options: tuple[str, ...]
    cause: str = ""


CASES = (
    Case("two sync workers", GUNICORN, (UPLOAD, BODIES), Supply.WORKERS),
    Case(
        "gthread with one thread",
        f"{GUNICORN} -k gthread --threads 1",
        (UPLOAD, BODIES),
        Supply.THREADS,
    ),
    Case(
        "--limit-concurrency 16",
        f"{UVICORN} --limit-concurrency 16",
        (*AWAITS, BODIES),
        Supply.WORKER_CONNECTIONS,
    ),
    Case(
        "--backpressure 16",
        f"{GRANIAN} --port {{port}} --backpressure 16",
        (*AWAITS, BODIES),
        Supply.WORKER_CONNECTIONS,
    ),
    Case(
        "gevent with keep-alive 75",
        f"{GUNICORN} -k gevent --worker-connections 40 --keep-alive 75",
        ("--scenarios=idle", UPLOAD),
        Supply.WORKER_CONNECTIONS,
    ),
    Case(
        "blocking call in async def",
        UVICORN,
        ("--healthy=/health", "--wait-path=/blocking-report", WAITS),
        BLOCKED_LOOP,
    ),
    Case(
        "40 threads for def",
        UVICORN,
        ("--healthy=/def-health", "--wait-path=/report", WAITS),
        HANDLER_THREADS,
    ),
    Case(
        "pool of 5",
        UVICORN,
        ("--healthy=/pooled-health", "--wait-path=/pooled-report", WAITS),
        POOL,
    ),
    Case(
        "256 descriptors",
        UVICORN,
        ("--healthy=/health", UPLOAD, "--nofile=256", "--need=1000", BODIES),
        Supply.DESCRIPTORS,
    ),
    Case(
        "downloads over 16 MB",
        WAITRESS,
        (DOWNLOAD, "--scenarios=slow-read"),
        Supply.THREADS,
    ),
    Case("sound: uvicorn", UVICORN, AWAITS),
    Case("sound: granian", f"{GRANIAN} --port {{port}}", AWAITS),
    Case("sound: gevent", f"{GUNICORN} -k gevent", (UPLOAD, DOWNLOAD)),
)


def seen(case: Case) -> Examined:
    parser = Parser(prog="doctor")
    doctor.add(parser)
    given = [f"--cmd={case.command}", f"--app-dir={HERE}", *case.options]
    words = argparse.Namespace(words=["doctor", *given])
    return doctor.examined(parser.parse_args(given, words))


def judged(case: Case, found: Examined) -> bool:
    """Whether all findings have that cause, or there is none where none is."""
    causes = {str(one.cause) for one in found.findings}
    return causes == ({str(case.cause)} if case.cause else set())


def row(case: Case, found: Examined, took_s: float) -> str:
    causes = ", ".join(dict.fromkeys(str(one.cause) for one in found.findings))
    helped = [t.change for t in found.trials if t.helps(found.need)]
    cells = (
        case.name,
        case.cause or "nothing",
        causes or "nothing",
        f"`{helped[0]}`" if helped else "–",
        f"{took_s:.0f} s",
    )
    return f"| {' | '.join(cells)} |"


def main(names: list[str]) -> int:
    if unknown := set(names) - {case.name for case in CASES}:
        print(f"no case {', '.join(sorted(unknown))}", file=sys.stderr)
        return 2
    rows, wrong = [], {True: 0, False: 0}
    for case in CASES:
        if names and case.name not in names:
            continue
        began_s = time.monotonic()
        found = seen(case)
        right = judged(case, found)
        wrong[bool(case.cause)] += not right
        rows.append(row(case, found, time.monotonic() - began_s))
        print(f"\n{'right' if right else 'WRONG'}: {rows[-1]}\n", flush=True)
    print("| server | fault | found | change that helped | took |")
    print("|---|---|---|---|---|")
    print("\n".join(rows))
    return int(wrong[True] > _MOST_WRONG or wrong[False] > 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
