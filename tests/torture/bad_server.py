"""A server that misbehaves as its first word says; the second is its port."""

from __future__ import annotations

import os
import signal
import socket
import sys
import threading
import time
from wsgiref.simple_server import WSGIRequestHandler, make_server

import wsgi_app

HOST = "127.0.0.1"
PRINTED = 500_000_000
_A_LONG_TIME_S = 600
_BEFORE_IT_DIES_S = 3.0


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


def prints(port: int) -> None:
    line = b"x" * 1_000_000 + b"\n"
    for _ in range(PRINTED // len(line)):
        os.write(1, line)
    serve(port)


def ignores_sigterm(port: int) -> None:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    serve(port)


def dies(port: int) -> None:
    def end() -> None:
        print("out of memory", flush=True)
        os._exit(3)

    threading.Timer(_BEFORE_IT_DIES_S, end).start()
    serve(port)


WAYS = {
    way.__name__: way for way in (exits, hangs, is_mute, prints, ignores_sigterm, dies)
}

if __name__ == "__main__":
    WAYS[sys.argv[1]](int(sys.argv[2]))
