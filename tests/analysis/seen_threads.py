"""Threads as py-spy sees them: of an event loop, of pools, of a script."""

from __future__ import annotations

from loadtests.records.threads import Call, Look, ThreadSeen

_PYTHON = "/usr/lib/python3.11"
SCRIPT = Call("<module>", "/srv/shop/run.py", 3, True)
HANDLER = Call("report", "/srv/shop/main.py", 14, True)
SLEEPS = Call("pause", "/srv/shop/tools.py", 2, True)
WAITS = Call("Condition.wait", f"{_PYTHON}/threading.py", 327, False)
ACQUIRES = Call("Semaphore.acquire", f"{_PYTHON}/threading.py", 479, False)
LOOP = Call("Runner.run", f"{_PYTHON}/asyncio/runners.py", 118, False)
POOLED = Call("WorkerThread.run", "/venv/site-packages/anyio/_asyncio.py", 9, False)
BOTTOM = Call("Thread._bootstrap", f"{_PYTHON}/threading.py", 1002, False)


def thread(*calls: Call, pid: int = 1) -> ThreadSeen:
    return ThreadSeen(pid, "a thread", list(calls))


IDLE_LOOP = thread(LOOP, SCRIPT)
BLOCKED_LOOP = thread(HANDLER, LOOP, SCRIPT)
IN_A_POOL = thread(HANDLER, POOLED, BOTTOM)
WAITING = thread(WAITS, ACQUIRES, HANDLER, POOLED, BOTTOM)


def look(slow_clients: int, *threads: ThreadSeen) -> Look:
    return Look(slow_clients, list(threads))
