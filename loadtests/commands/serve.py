"""`make serve-wsgi`, `serve-asgi` and `serve`: one app under one server, by hand."""

from __future__ import annotations

import argparse
import contextlib
import dataclasses
import os
import shlex
import subprocess
import sys
import time

from loadtests import MAKE, ROOT, UserError
from loadtests.catalog import stacks
from loadtests.catalog.stacks import Stack
from loadtests.catalog.target import RAW, Home
from loadtests.commands import options
from loadtests.commands.declarations import Command, Target
from loadtests.commands.statuses import Status
from loadtests.experiments.trace import traced
from loadtests.servers.processes import Guard, guarded
from loadtests.servers.server import PortTakenError, running

COMMAND = Command("serve one app under one server", place=10)
TARGETS = (
    Target(
        "serve-wsgi",
        "serve the WSGI app",
        place=10,
        words=("serve", "--interface=wsgi"),
        options=("SERVER", "WORKER", "PORT", "WORKERS", "THREADS", "TRACE"),
        passed_on=("TRACE_APP",),
    ),
    Target(
        "serve-asgi",
        "serve the ASGI app",
        place=11,
        words=("serve", "--interface=asgi"),
        options=("SERVER", "WORKER", "PORT", "WORKERS", "THREADS", "TRACE"),
        passed_on=("TRACE_APP",),
    ),
    Target(
        "serve",
        "serve one stack",
        place=12,
        words=("serve",),
        options=("STACK", "PORT", "WORKERS", "THREADS", "TRACE"),
        passed_on=("TRACE_APP",),
    ),
)
VARIABLES = {
    "SERVER": "<name>",
    "WORKER": "<class>",
    "PORT": "<number>",
    "TRACE": "1",
    "TRACE_APP": "<module>:<attribute>",
    "STACK": "<id>",
}

_IMPORTS_WITHIN_S, _IMPORTED = 30.0, "it imports"
SAY_WHICH = f"say which: {MAKE} serve STACK=<id>; {MAKE} stacks lists them all"


def add(parser: argparse.ArgumentParser) -> None:
    which = parser.add_mutually_exclusive_group()
    which.add_argument("--stack", metavar="ID")
    which.add_argument("--interface", choices=("wsgi", "asgi"))
    parser.add_argument("--server", metavar="NAME")
    parser.add_argument("--worker", metavar="CLASS")
    parser.add_argument("--port", type=options.port, default=8000)
    options.add_counts(parser)
    parser.add_argument("--trace", action="store_true", help="print every call")
    parser.set_defaults(command=serve)


def serve(arguments: argparse.Namespace) -> Status:
    """Serve in the foreground until Ctrl-C, or until the server ends by itself."""
    if arguments.stack:
        stack = stacks.find(arguments.stack)
    elif arguments.interface:
        stack = stacks.choose(arguments.interface, arguments.server, arguments.worker)
    else:
        raise UserError(SAY_WHICH)
    stack = stack.with_counts(arguments.workers, arguments.threads)
    if arguments.trace:
        stack = traced(stack)
        see_that_it_imports(stack)
    command = shlex.join(stack.command(arguments.port + bool(stack.front)))
    # Of a trace only its records go to standard output: `make serve-asgi TRACE=1 | jq`.
    with (
        contextlib.redirect_stdout(sys.stderr if arguments.trace else sys.stdout),
        guarded() as guard,
    ):
        print(f"{stack.id}\n\n  $ {command}\n", flush=True)
        _show_front(stack, arguments.port)
        if stack.one_process:
            threads = f", and {stack.threads} threads in all" * bool(stack.threads)
            print(f"{stack.id} has one process{threads}.\n", flush=True)
        try:
            return _serve(stack, guard, arguments.port, trace=arguments.trace)
        except PortTakenError as error:
            raise UserError(f"{error}: choose another with PORT=") from None


def _show_front(stack: Stack, port: int) -> None:
    if stack.front:
        config = stack.front_config(port, behind=port + 1)
        name = stack.front.program
        print(f"behind {name}; any free port does for {port + 1}:\n\n{config}")


def see_that_it_imports(stack: Stack) -> None:
    """UserError with the reason if TRACE_APP names no app: some servers would start
    their workers again and again."""
    module = stack.app.partition(":")[0]
    tried = [sys.executable, "-c", f"import {module}; print({_IMPORTED!r})"]
    try:
        found = subprocess.run(
            tried, cwd=ROOT, capture_output=True, timeout=_IMPORTS_WITHIN_S
        )
    except subprocess.TimeoutExpired:
        raise UserError(
            f"TRACE_APP does not import within {_IMPORTS_WITHIN_S:g} s"
        ) from None
    if _IMPORTED not in found.stdout.decode(errors="replace"):
        said = found.stderr.decode(errors="replace").strip().splitlines()
        why = said[-1] if said else "it ends Python when it is imported"
        raise UserError(f"TRACE_APP={os.environ.get('TRACE_APP', '')}: {why}")


def _serve(stack: Stack, guard: Guard, port: int, *, trace: bool) -> Status:
    # TRACE_APP may be any app. It has the environment that its user gave it, PYTHONPATH
    # too, and need not answer what asks if the server is ready. (And a trace begins
    # with your first request.)
    home = Home(sys.executable, str(ROOT), beside="") if trace else None
    target = dataclasses.replace(RAW, home=home)
    with running(
        stack, guard, log=None, port=port, answering=not trace, target=target
    ) as server:
        try:
            print(f"\nServing {stack.app} on {server.url}, Ctrl-C stops it. Try:\n")
            curl = "curl --http2-prior-knowledge" if stack.http2 else "curl"
            for words in server.target.tries:
                print(f"  {curl} {words.format(url=server.url)}")
            print(flush=True)
            while not server.exited:
                time.sleep(0.2)
        except KeyboardInterrupt:
            print("\nStopping.", flush=True)
            return Status.DONE
    print(f"error: {stack.id} ended by itself", file=sys.stderr)
    return Status.FAILED
