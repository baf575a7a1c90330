"""What is noted of a call that crosses the interface, and how a terminal shows it.

A record is a dict that JSON can hold. Nothing here calls an application or a server:
wsgi_app/records.py and asgi_app/records.py are the same file, twice, so that either
application stands alone.
"""

import contextlib
import fcntl
import json
import os
import shutil
import textwrap
import threading
from collections.abc import Iterator
from types import FunctionType, MethodType
from typing import Any

Record = dict[str, Any]

ARGUMENTS = {"wsgi": "environ, start_response", "asgi": "scope, receive, send"}
FROM_SERVER = ("app", "next(body)", "body.close")  # the application makes the others
BODY_KEYS = ("body", "bytes")
PREVIEW = 16
LONG = 200
MANY = 100
NOTICEABLE_MS = 10
MEANS = {
    "<StopIteration()>": "no more pieces",
    "<CancelledError()>": "the app itself has stopped waiting",
}
STDOUT = 1
writing = threading.Lock()
GREEN, CYAN, RED, YELLOW, DIM = 32, 36, 31, 33, 2


def show(value: object, key: str = "body") -> Any:
    """The value for a record, made without running any code of its own.

    A piece of a body is its length and its beginning; an object its type, in "<>".
    """
    match value:
        case None | bool() | int() | float():
            return value
        case str():
            return value if len(value) <= LONG else f"{value[:LONG]}..."
        case bytes() if key in BODY_KEYS:
            return {"length": len(value), "begins": repr(value[:PREVIEW])}
        case bytes():
            return repr(value if len(value) <= LONG else value[:LONG] + b"...")
        case dict():
            return {str(name): show(item, str(name)) for name, item in value.items()}
        case list() | tuple():
            return [show(item, key) for item in value[:MANY]]
        case BaseException():
            arguments = ", ".join(quote(show(item)) for item in value.args)
            return f"<{type(value).__name__}({arguments})>"
        case FunctionType() | MethodType() | type():
            return f"<{value.__name__}>"
    return f"<{type(value).__name__}>"


def quote(shown: Any) -> str:
    """What `show` has made, as one would write it in Python."""
    match shown:
        case {"length": length, "begins": begins}:
            return f"<{length} bytes {begins}{'...' if length > PREVIEW else ''}>"
        case dict():
            items = (f"{key!r}: {quote(value)}" for key, value in shown.items())
            return f"{{{', '.join(items)}}}"
        case list():
            return f"[{', '.join(quote(item) for item in shown)}]"
        case str() if shown.isprintable() and shown.startswith(("<", "b'", 'b"')):
            return shown
    return repr(shown)


def tell_live(record: Record) -> None:
    text = readable(record) if os.isatty(STDOUT) else json.dumps(record)
    line = f"{text}\n".encode(errors="backslashreplace")
    # One writer at a time, or a pipe mixes the lines of several workers: it keeps a
    # write in one piece up to PIPE_BUF, 4096 bytes, only.
    with writing:
        lock(fcntl.LOCK_EX)
        # A reader that has gone must not end the app.
        with contextlib.suppress(OSError):
            while line:
                line = line[os.write(STDOUT, line) :]
        lock(fcntl.LOCK_UN)


def lock(how: int) -> None:
    # Belongs to the process, not to the descriptor, which forked workers share.
    with contextlib.suppress(OSError):  # a file system without locks
        fcntl.lockf(STDOUT, how)


def readable(record: Record) -> str:
    """A record as a line, wrapped to the terminal, in colours unless NO_COLOR is set.

    The arrow points where the call goes (-->) or where its result goes (..>); ||| is
    an event loop that serves nobody.
    """
    called, by_server = record["step"] == "called", record["name"] in FROM_SERVER
    rightwards = ("<..", "-->") if by_server else ("..>", "<--")
    start = f"{record['process']}#{record['call']:<3}{record['at_ms']:9.1f} ms  server "
    margin = " " * len(f"{start}--> app  ")
    width = max(24, shutil.get_terminal_size().columns - len(margin))
    first, *more = textwrap.wrap(words(record), width, break_on_hyphens=False)
    sign = "|||" if record["step"] == "blocked" else rightwards[called]
    arrow = paint(sign, colour_of(record, by_server))
    lines = [f"{paint(start, DIM)}{arrow} {paint('app', DIM)}  {first}"]
    lines += [margin + line for line in more]
    if called and record["name"] == "app":
        lines += [paint(line, DIM) for line in details(record)]
    return "\n".join(lines)


def words(record: Record) -> str:
    name, got = record["name"], record.get("got")
    if record["step"] == "called":
        if name == "app":
            return f"app({ARGUMENTS[record['interface']]})"
        arguments = ", ".join(quote(item) for item in record["given"])
        return name if name.endswith(")") else f"{name}({arguments})"
    if record["step"] == "blocked":
        return f"the event loop was blocked for {record['took_ms']:.1f} ms"
    result = "" if got is None else f" {quote(got)}"
    if isinstance(got, str) and got in MEANS:
        result += f" ({MEANS[got]})"
    return f"{name} {record['step']}{result} after {record['took_ms']:.1f} ms"


def colour_of(record: Record, by_server: bool) -> int:
    if record["step"] == "blocked":
        return RED  # every client of this worker has waited
    if record["step"] == "raised" and record["got"] not in MEANS:
        return RED
    if record.get("took_ms", 0) >= NOTICEABLE_MS:
        return YELLOW  # somebody has waited
    return GREEN if by_server else CYAN


def paint(text: str, colour: int) -> str:
    return text if os.environ.get("NO_COLOR") else f"\x1b[{colour}m{text}\x1b[0m"


def details(record: Record) -> Iterator[str]:
    """The environ or the scope, a line for each key: all that the app is told first."""
    width = max(24, shutil.get_terminal_size().columns)
    runner = next(f"{key} {record[key]}" for key in ("thread", "task") if key in record)
    what = ARGUMENTS[record["interface"]].partition(",")[0]
    yield f"    in {runner}; {what}:"
    for key, value in record["given"][0].items():
        line = f"      {key!r}: {quote(value)}"
        yield from textwrap.wrap(line, width, subsequent_indent=" " * 10)
