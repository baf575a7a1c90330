"""The clauses of the ASGI specification about one event, a small function each.

The specification: ASGI 3.0; HTTP and WebSocket 2.4; lifespan 2.0. What an app sends is
checked here by itself. asgi_channels.py checks the order of what it sends.
"""

import re
from collections.abc import Iterable
from typing import Any

from asgi_app.interface import Event


class Violation(AssertionError):
    """What the app did that the specification does not allow."""


def require(condition: object, fault: str) -> None:
    if not condition:
        raise Violation(fault)


def check_event(event: Any) -> None:
    require(type(event) is dict, f"an event must be a dict, not {event!r}")
    require(isinstance(event.get("type"), str), "an event must have a 'type' of str")


def check_keys(event: Event, known: set[str]) -> None:
    unknown = sorted(set(event) - known)
    require(not unknown, f"unknown keys {unknown} in {event['type']}")


def check_status(event: Event) -> None:
    status = event.get("status")
    require(type(status) is int, f"status must be an int, not {status!r}")
    # A final status: the 1xx are the server's to send.
    require(200 <= event["status"] <= 599, f"status {status} is not a final status")


def check_headers(headers: Iterable[Any]) -> list[tuple[bytes, bytes]]:
    require(not isinstance(headers, (dict, str, bytes)), "headers must be pairs")
    pairs = [tuple(header) for header in headers]
    for pair in pairs:
        require(len(pair) == 2, f"header {pair!r} is not a pair of name and value")
        check_header_name(pair[0])
        check_header_value(*pair)
    return pairs


def check_header_name(name: Any) -> None:
    require(type(name) is bytes, f"header name {name!r} is not bytes")
    require(name == name.lower(), f"header name {name!r} is not in lower case")
    # RFC 9110, 5.6.2. ASGI: pseudo headers, ":status", must not be there.
    token = re.fullmatch(rb"[!#$%&'*+\-.^_`|~0-9a-z]+", name)
    require(token, f"header name {name!r} is not a token")


def check_header_value(name: bytes, value: Any) -> None:
    require(type(value) is bytes, f"value {value!r} of {name!r} is not bytes")
    control = re.search(rb"[\r\n\0]", value)
    require(not control, f"value {value!r} of {name!r} has CR, LF or NUL")
    require(value == value.strip(b" \t"), f"value {value!r} of {name!r} is padded")


def check_framing(headers: list[tuple[bytes, bytes]]) -> int | None:
    names = [name for name, _ in headers]
    # ASGI: the server frames, and connections are its business (RFC 9110, 7.6.1).
    for name in (b"transfer-encoding", b"connection", b"keep-alive", b"upgrade"):
        require(name not in names, f"{name.decode()} is the server's to send")
    lengths = [value for name, value in headers if name == b"content-length"]
    require(len(lengths) < 2, "content-length given twice")
    for value in lengths:
        require(
            re.fullmatch(b"[0-9]+", value), f"content-length {value!r} is no number"
        )
    return int(lengths[0]) if lengths else None


def check_body(event: Event) -> None:
    body, more = event.get("body", b""), event.get("more_body", False)
    require(type(body) is bytes, f"body must be bytes, not {type(body).__name__}")
    require(type(more) is bool, f"more_body must be a bool, not {more!r}")


def check_bodiless(method: str, status: int | None, count: int) -> None:
    # RFC 9110, 9.3.2, 15.3.5, 15.4.5
    require(not (count and method == "HEAD"), "a body in answer to HEAD")
    require(not (count and status in (204, 304)), f"a body with status {status}")


def check_length(length: int, count: int, complete: bool) -> None:
    require(count <= length, f"more than the {length} bytes of content-length sent")
    require(
        not complete or count == length, f"{count} bytes sent, content-length {length}"
    )


def check_message(event: Event) -> None:
    message = event.get("message", "")
    require(type(message) is str, f"message must be a str, not {message!r}")


def check_handshake(headers: list[tuple[bytes, bytes]]) -> None:
    # ASGI: "use the subprotocol key instead". The others are the handshake itself.
    names = {name for name, _ in headers}
    for name in (b"upgrade", b"connection"):
        require(name not in names, f"{name.decode()} is the server's to send")
    ours = sorted(name for name in names if name.startswith(b"sec-websocket-"))
    require(not ours, f"{ours} are the server's to send")


def check_message_of_one_kind(event: Event) -> None:
    check_keys(event, {"type", "text", "bytes"})
    text, data = event.get("text"), event.get("bytes")
    require(
        (text is None) != (data is None), "exactly one of text and bytes must be there"
    )
    require(text is None or type(text) is str, f"text must be a str, not {text!r}")
    require(data is None or type(data) is bytes, f"bytes must be bytes, not {data!r}")


def check_close(event: Event) -> None:
    check_keys(event, {"type", "code", "reason"})
    code, reason = event.get("code", 1000), event.get("reason") or ""
    require(type(code) is int, f"code must be an int, not {code!r}")
    # RFC 6455, 7.4: 1004, 1005 and 1006 are never sent, nor is what nobody defined.
    known = 1000 <= code <= 1014 and code not in (1004, 1005, 1006)
    require(known or 3000 <= code <= 4999, f"{code} is not a close code to be sent")
    require(type(reason) is str, f"reason must be a str, not {reason!r}")
    # RFC 6455, 5.5: 125 bytes in a control frame, and two of them are the code.
    require(len(reason.encode()) <= 123, "a reason of more than 123 bytes")
