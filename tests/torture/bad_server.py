"""A server that misbehaves as its first word says; the second is its port."""

from __future__ import annotations

import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Iterable
from typing import TYPE_CHECKING
from wsgiref.simple_server import WSGIRequestHandler, make_server

import wsgi_app

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

HOST = "127.0.0.1"
PRINTED = 500_000_000
_A_LONG_TIME_S = 600
_BEFORE_IT_DIES_S = 3.0
LISTENS_AFTER_S = 15.0


class _Quiet(WSGIRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        pass


def serve(port: int) -> None:
    with make_server(HOST, port, wsgi_app.app, handler_class=_Quiet) as server:
        server.serve_forever()


def exits(port: int) -> None:
    sys.exit(f"no database for port {port}")


def hangs(port: int) -> None:
    print("waiting for a database", flush=True)
    time.sleep(_A_LONG_TIME_S)


def is_mute(port: int) -> None:
    with socket.create_server((HOST, port)):
        time.sleep(_A_LONG_TIME_S)


def late_and_mute(port: int) -> None:
    time.sleep(LISTENS_AFTER_S)
    is_mute(port)


def prints(port: int) -> None:
    _print_much()
    serve(port)


def _print_much() -> None:
    line = b"x" * 1_000_000 + b"\n"
    for _ in range(PRINTED // len(line)):
        os.write(1, line)


def prints_once_it_listens(port: int) -> None:
    with make_server(HOST, port, wsgi_app.app, handler_class=_Quiet) as server:
        _print_much()
        server.serve_forever()


def prints_when_asked(port: int) -> None:
    def app(environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        _print_much()
        return wsgi_app.app(environ, start)

    with make_server(HOST, port, app, handler_class=_Quiet) as server:
        server.serve_forever()


def prints_at_sigterm(port: int) -> None:
    def end(*_: object) -> None:
        _print_much()
        os._exit(0)

    signal.signal(signal.SIGTERM, end)
    serve(port)


def forks_away(port: int) -> None:
    """What listens has left, and what was started is gone."""
    if not _is_away():
        os._exit(0)
    serve(port)


def forks_and_stays(port: int) -> None:
    """What listens has left, and what was started stays."""
    if not _is_away():
        time.sleep(_A_LONG_TIME_S)
    serve(port)


def forks_a_helper(port: int) -> None:
    """What was started serves, and something else has left."""
    if _is_away():
        time.sleep(_A_LONG_TIME_S)
    serve(port)


def _is_away() -> bool:
    """Fork; whether this is the process that has left its group and session."""
    if os.fork():
        return False
    os.setsid()
    return True


def ignores_sigterm(port: int) -> None:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    serve(port)


def spins(port: int) -> None:
    if os.fork():
        serve(port)
    while True:  # beside the process that answers, and in its process group
        pass


def dies(port: int) -> None:
    def end() -> None:
        print("out of memory", flush=True)
        os._exit(3)

    threading.Timer(_BEFORE_IT_DIES_S, end).start()
    serve(port)


WAYS = {
    way.__name__: way
    for way in (
        *(exits, hangs, is_mute, late_and_mute, ignores_sigterm, dies, spins),
        *(prints, prints_once_it_listens, prints_when_asked, prints_at_sigterm),
        *(forks_away, forks_and_stays, forks_a_helper),
    )
}

if __name__ == "__main__":
    WAYS[sys.argv[1]](int(sys.argv[2]))
