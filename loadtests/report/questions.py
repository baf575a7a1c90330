"""The questions that docs/answers.md answers: each with figures, from a run."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from loadtests.catalog.phases import Phase
from loadtests.report.answers import (
    A2WSGI,
    GB_KB,
    GEVENT,
    GTHREAD,
    GUNICORN,
    H11,
    LIMITED,
    NGINX,
    SYNC,
    UNDER,
    UVICORN,
    Source,
)
from loadtests.report.words import count, figure, listed


@dataclass(frozen=True)
class Question:
    """What somebody asks; `answer` makes two lines with figures, or raises AbsentError.
    `unless` is when the answer changes, `command` shows it on the reader's machine.
    With a `claim`, the evidence by which it was decided is shown."""

    asked: str
    answer: Callable[[Source], str]
    unless: str
    command: str
    claim: str = ""


# Scenarios of a rate.
_WAIT, _DEF, _POOL = "backend-wait", "backend-def", "backend-pool"


def _us(value: float) -> str:
    return figure(value, "µs")


def _ends(source: Source, phase: Phase) -> str:
    """Stacks that end a connection, those without a proxy in front."""
    found = sorted(source.ends(phase), key=lambda pair: pair[1])
    alone = [pair for pair in found if "nginx" not in pair[0]]
    fronted = [after_s for stack, after_s in found if "nginx" in stack]
    said = [f"{stack} ({after_s:.0f} s)" for stack, after_s in alone]
    if fronted:
        said.append(f"nginx in front ({max(fronted):.0f} s)")
    return listed(said)


def _of_gunicorn(source: Source) -> str:
    found = [pair for pair in source.ends(Phase.BODY) if pair[0] in GUNICORN]
    return listed([f"{stack} ({after_s:.0f} s)" for stack, after_s in found])


QUESTIONS = (
    Question(
        "How many workers and threads do I need?",
        lambda s: (
            "One place, a thread or a sync worker, for each request in progress. "
            "Requests in progress are rate x time in progress (Little's law). A slow "
            "client takes a place as well. (2 x cores + 1 says nothing of waits.) "
            f"gthread with 2 workers and 8 threads was out at {s.out(GTHREAD)} slow "
            f"uploads, and at {s.out(GTHREAD, 'handler-wait')} requests whose handler "
            "waits."
        ),
        "an async driver holds no thread while it waits",
        "make load SWEEP=threads=4,8,16 SCENARIOS=slow-body",
    ),
    Question(
        "How many requests a second, if each waits for a database?",
        lambda s: (
            "With threads, threads divided by the wait. 2 x 8 threads and waits of "
            f"{s.wait_ms(A2WSGI, _WAIT)} ms make {s.predicted(A2WSGI, _WAIT)} a "
            f"second: {A2WSGI} sustained {s.sustained(A2WSGI, _WAIT)}, and {SYNC} "
            f"with two workers sustained {s.sustained(SYNC, _WAIT)}. With `await`, "
            f"{UVICORN} sustained {s.sustained(UVICORN, _WAIT)}."
        ),
        "the CPU time of a request allows less",
        f"make load SCENARIOS=backend-wait STACKS={SYNC},{A2WSGI},{UVICORN}",
    ),
    Question(
        "What happens when more requests come than that?",
        lambda s: (
            "They queue, until every answer is late. At 1.5 times the rate that they "
            f"sustained, {A2WSGI} answered {s.in_time(A2WSGI, _WAIT)} in time, and "
            f"{SYNC} {s.in_time(SYNC, _WAIT)}. Then less than half of the rate was "
            f"asked, and all was well {s.well_again(A2WSGI, _WAIT)} and "
            f"{s.well_again(SYNC, _WAIT)}: first the queue is worked off, although its "
            "clients have left."
        ),
        "a limit refuses, or a short --backlog drops, what is too much",
        f"make load SCENARIOS=backend-wait STACKS={SYNC},{A2WSGI}",
    ),
    Question(
        "Which limit turns late answers into quick refusals?",
        lambda s: (
            "--limit-concurrency of uvicorn, for each worker. With `def` handlers that "
            f"wait {s.wait_ms(UVICORN, _DEF)} ms, at 1.5 times its rate, it answered "
            f"{s.in_time(UVICORN, _DEF)} in time. With --limit-concurrency 60 it "
            f"answered {s.in_time(LIMITED, _DEF)}."
        ),
        "the limit is above what is answered within the deadline",
        f"make load SCENARIOS=backend-def WAIT_MS=200 STACKS={UVICORN},{LIMITED}",
    ),
    Question(
        "How many `def` handlers of FastAPI run at a time?",
        lambda s: (
            "40 in each worker, the threads of AnyIO. Two workers and waits of "
            f"{s.wait_ms(UVICORN, _DEF)} ms make {s.predicted(UVICORN, _DEF)} a "
            f"second: uvicorn sustained {s.sustained(UVICORN, _DEF)}. With `async def` "
            f"and `await` it sustained {s.sustained(UVICORN, 'backend-async')}."
        ),
        "the app sets another number of tokens in AnyIO's limiter",
        "make load SCENARIOS=backend-def,backend-async WAIT_MS=200 STACKS=asgi-uvicorn",
    ),
    Question(
        "What happens when the connection pool is empty?",
        lambda s: (
            "Requests wait for a connection, so the pool sets the rate. 2 workers with "
            "10 connections each, held for "
            f"{s.wait_ms(UVICORN, _POOL)} ms, make {s.predicted(UVICORN, _POOL)} a "
            f"second: uvicorn sustained {s.sustained(UVICORN, _POOL)}. At 1.5 times "
            f"that, it answered {s.in_time(UVICORN, _POOL)} in time."
        ),
        "the pool gives up by itself, as SQLAlchemy's does after 30 s",
        "make load SCENARIOS=backend-pool WAIT_MS=200 STACKS=asgi-uvicorn",
    ),
    Question(
        "gunicorn: sync, gthread or gevent?",
        lambda s: (
            f"Slow uploads took sync out at {s.out(SYNC)}, gthread at "
            f"{s.out(GTHREAD)} and gevent at {s.out(GEVENT)}. gevent holds a greenlet "
            "for each, the others a worker or a thread."
        ),
        "a C library blocks: gevent cannot replace such a call",
        "make load "
        "STACKS=wsgi-gunicorn-sync,wsgi-gunicorn-gthread,wsgi-gunicorn-gevent",
    ),
    Question(
        "Does nginx in front fix it?",
        lambda s: (
            f"For slow clients, yes: sync behind nginx held {s.held(NGINX)} slow "
            f"uploads, and {s.held(SYNC)} without. For slow handlers, no: it was out "
            f"at {s.out(NGINX, 'handler-wait')} of them."
        ),
        "buffering is off, or nginx itself has no worker_connections left",
        "make load STACKS=wsgi-gunicorn-sync,wsgi-gunicorn-sync-nginx "
        "SCENARIOS=slow-body,handler-wait",
    ),
    Question(
        "What does gunicorn's --timeout do?",
        lambda s: (
            "It kills a sync worker that a slow client holds. Healthy requests were "
            f"well again {s.freed(SYNC)}. An upload that pauses is ended by "
            f"{_of_gunicorn(s)}. gunicorn's other workers wait."
        ),
        "another --timeout is set; the default is 30 s",
        "make phases STACKS=wsgi-gunicorn-sync,wsgi-gunicorn-gthread",
    ),
    Question(
        "All workers are busy: does the next request queue, or fail?",
        lambda s: (
            f"On gunicorn sync it queues: {s.met(SYNC)} in the backlog, and "
            f"{s.answered_when_out(SYNC)} were answered in time. On uvicorn it fails: "
            f"once no descriptor is left, {s.met(UVICORN)}."
        ),
        "--limit-concurrency is set: then uvicorn answers 503",
        "make load STACKS=wsgi-gunicorn-sync,asgi-uvicorn SCENARIOS=slow-body",
    ),
    Question(
        "async def or def?",
        lambda s: (
            "FastAPI runs a `def` in one of 40 threads of its worker, and an "
            "`async def` on the event loop. Beside slow handlers:"
        ),
        "an `async def` calls something that blocks: then all clients of the worker "
        "wait",
        "make claims ONLY=fastapi-def-may-block",
        claim="fastapi-def-may-block",
    ),
    Question(
        "What does a blocking call in an async handler do?",
        lambda s: (
            "It stops the whole worker. uvicorn with 2 workers was out at "
            f"{s.out(UVICORN, 'loop-block')} such calls. With handlers that wait with "
            f"`await`, it was out at {s.out(UVICORN, 'handler-wait')}."
        ),
        "the call moves into a thread: `asyncio.to_thread`, or a `def` handler",
        "make load STACKS=asgi-uvicorn SCENARIOS=loop-block,handler-wait",
    ),
    Question(
        "A worker hangs: who replaces it?",
        lambda s: (
            "gunicorn does, after --timeout 30. uvicorn's own supervisor does not, "
            "unless the hang keeps Python's lock:"
        ),
        "the handler waits with `await`: then the worker is not hung",
        "make claims ONLY=hung-worker-is-replaced",
        claim="hung-worker-is-replaced",
    ),
    Question(
        "Who stops a slowloris?",
        lambda s: (
            "A client that sends a header line a second was ended by "
            f"{_ends(s, Phase.HEAD)}. The other stacks were still waiting after "
            f"{s.watched_s:g} s."
        ),
        "the option that `make stacks STACK=<id>` names is set",
        "make phases",
    ),
    Question(
        "Who ends an upload that pauses?",
        lambda s: (
            f"Ended by {_ends(s, Phase.BODY)}. The other stacks were still waiting "
            f"after {s.watched_s:g} s."
        ),
        "a timeout of the app, or of a proxy in front, is shorter",
        "make phases",
    ),
    Question(
        "Who ends a client that does not read?",
        lambda s: (
            f"Ended by {_ends(s, Phase.RESPONSE)}. The other stacks keep the "
            "connection and the unread answer. A WSGI server with threads also keeps "
            "a thread."
        ),
        "the response is short enough for the kernel's buffers",
        "make phases",
    ),
    Question(
        "Why does one worker get more connections than another?",
        lambda s: (
            "Workers share one listening socket, and whoever wakes first takes the "
            f"client. uvicorn's two workers had {s.uneven(UVICORN, 'slow-headers')} "
            "connections at the largest number that did no harm. The first worker "
            "that is full does harm."
        ),
        "each worker has a socket of its own (granian): then a hash decides",
        "make load STACKS=asgi-uvicorn SCENARIOS=slow-headers",
    ),
    Question(
        "uvicorn alone, or under gunicorn?",
        lambda s: (
            f"The same under slow clients: out at {s.out(UVICORN)} and {s.out(UNDER)} "
            f"slow uploads. A request costs {_us(s.us(UVICORN))} and "
            f"{_us(s.us(UNDER))} of CPU."
        ),
        "a worker hangs: gunicorn kills it after --timeout, uvicorn only if the hang "
        "keeps Python's lock (the GIL)",
        "make load STACKS=asgi-uvicorn,asgi-gunicorn-uvicorn SCENARIOS=slow-body",
    ),
    Question(
        "How many slow connections fit in 1 GB?",
        lambda s: (
            f"A slow reader costs uvicorn {figure(s.kb(UVICORN, 'slow-read'), 'kB')} "
            "of memory with the kernel's part: "
            f"{count(int(GB_KB / s.kb(UVICORN, 'slow-read')))} fit. An idle one costs "
            f"{figure(s.kb(UVICORN, 'idle'), 'kB')}. Descriptors run out first, with "
            "1,024 for each process."
        ),
        "the app itself keeps something for each connection",
        "make load STACKS=asgi-uvicorn SCENARIOS=idle,slow-read NOFILE=8192",
    ),
    Question(
        "How many descriptors does a server need?",
        lambda s: (
            "One for each connection, on an event loop. uvicorn with 2 workers of "
            f"1,024 was out at {s.out(UVICORN, 'slow-headers')} clients that send "
            "slow headers."
        ),
        "LimitNOFILE= or ulimit -n raises the limit",
        "make load STACKS=asgi-uvicorn SCENARIOS=slow-headers NOFILE=256",
    ),
    Question(
        "What does FastAPI cost?",
        lambda s: (
            f"On uvicorn, a request costs {_us(s.us(UVICORN))} of CPU without a "
            f"framework, {_us(s.us(UVICORN, 'starlette'))} with Starlette and "
            f"{_us(s.us(UVICORN, 'fastapi'))} with FastAPI."
        ),
        "models are validated: that is not in these figures",
        "make load PROFILE=full STACKS=asgi-uvicorn",
    ),
    Question(
        "What does Flask cost?",
        lambda s: (
            f"On gthread, a request costs {_us(s.us(GTHREAD))} of CPU without a "
            f"framework, and {_us(s.us(GTHREAD, 'flask'))} with Flask."
        ),
        "extensions run code for each request",
        "make load PROFILE=full STACKS=wsgi-gunicorn-gthread",
    ),
    Question(
        "Which server costs the least CPU?",
        lambda s: (
            f"Of the stacks whose cost was measured, {s.cheapest()[0]}: "
            f"{_us(s.cheapest()[1])} for a request on a connection that is kept alive. "
            f"uvicorn took {_us(s.us(UVICORN))}, gunicorn sync {_us(s.us(SYNC))}."
        ),
        "the app costs more than the server: then the server hardly matters",
        "make load PROFILE=full",
    ),
    Question(
        "httptools or h11?",
        lambda s: (
            f"A request cost {_us(s.us(UVICORN))} of CPU with httptools on uvloop, and "
            f"{_us(s.us(H11))} with h11 on asyncio. Slow uploads took them out at "
            f"{s.out(UVICORN)} and {s.out(H11)}."
        ),
        "the wheels of httptools and uvloop are missing: then uvicorn takes h11 by "
        "itself",
        "make load PROFILE=full STACKS=asgi-uvicorn,asgi-uvicorn-h11",
    ),
    Question(
        "What is a kept-alive connection worth?",
        lambda s: (
            f"On uvicorn a request costs {_us(s.us(UVICORN))} of CPU on a connection "
            f"that stays open, and {_us(s.us(UVICORN, kept=False))} on a new one."
        ),
        "a proxy in front opens a new connection for each request",
        "make load PROFILE=full STACKS=asgi-uvicorn",
    ),
    Question(
        "Does an idle connection hold a thread?",
        lambda s: (
            "On gthread, yes, for 5 s: it was out at "
            f"{s.out(GTHREAD, 'idle')} silent clients. On waitress, no: it held "
            f"{s.held('wsgi-waitress', 'idle')}, up to its limit of connections."
        ),
        "the client has sent a byte: then gthread waits for the rest without limit",
        "make load STACKS=wsgi-gunicorn-gthread,wsgi-waitress SCENARIOS=idle",
    ),
    Question(
        "How do slow uploads stop a WSGI server?",
        lambda s: (
            "The app reads the body in a thread or worker, which waits with it. Slow "
            f"uploads took sync out at {s.out(SYNC)}, gthread at {s.out(GTHREAD)}, "
            f"uWSGI at {s.out('wsgi-uwsgi')}. waitress reads the whole body first: it "
            f"held {s.held('wsgi-waitress')}."
        ),
        "a proxy in front takes in the whole body first",
        "make load STACKS=wsgi-gunicorn-sync,wsgi-waitress SCENARIOS=slow-body",
    ),
    Question(
        "The client has gone: does the handler go on?",
        lambda s: (
            "Under WSGI it does: nothing tells the app. After an overload, "
            f"{A2WSGI} was well again only {s.well_again(A2WSGI, _WAIT)}, because it "
            "worked for clients that had left. Under ASGI, `http.disconnect` tells an "
            "app that awaits `receive()`:"
        ),
        "the framework awaits `receive()` for you, and cancels the handler",
        "make claims ONLY=disconnect-is-an-event",
        claim="disconnect-is-an-event",
    ),
    Question(
        "Is the health check starved too?",
        lambda s: (
            "Yes: it queues behind the same workers. With 2 slow uploads, gunicorn "
            f"sync answered {s.answered_when_out(SYNC)} quick requests in time."
        ),
        "the health check has a port or a process of its own",
        "make load STACKS=wsgi-gunicorn-sync SCENARIOS=slow-body",
    ),
    Question(
        "Does --limit-concurrency help?",
        lambda s: (
            "It turns a queue into quick refusals with 503, for healthy requests as "
            "well. Idle connections count:"
        ),
        "N is far above the number of idle connections",
        "make load STACKS=asgi-uvicorn WITH='--limit-concurrency 100' SCENARIOS=idle",
        claim="limit-concurrency-counts-requests",
    ),
    Question(
        "Can a WSGI app run on uvicorn?",
        lambda s: (
            f"Yes, with a2wsgi in threads: it was out at {s.out('wsgi-uvicorn')} slow "
            f"uploads with 16 threads, and at {s.out('wsgi-uvicorn', 'slow-headers')} "
            "clients that send slow headers, because uvicorn's loop reads those."
        ),
        "the count of threads is raised",
        "make load STACKS=wsgi-uvicorn SCENARIOS=slow-headers,slow-body",
    ),
    Question(
        "Does a server free itself of slow clients that stay?",
        lambda s: (
            f"gunicorn sync, held by slow uploads, was well again {s.freed(SYNC)}, "
            f"uWSGI {s.freed('wsgi-uwsgi')}, waitress {s.freed('wsgi-waitress')}."
        ),
        "the clients come back, as those of an attacker do",
        "make load PROFILE=full SCENARIOS=slow-body",
    ),
)
