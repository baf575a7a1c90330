"""What the application accepts, and the error for everything else.

Nothing here knows WSGI or ASGI: wsgi_app/rules.py and asgi_app/rules.py are the same
file, twice, so that either application stands alone.
"""

import re
from urllib.parse import parse_qsl, quote

Fields = list[tuple[str, str]]

MAX_FIELDS = 100
MAX_UPLOAD = 10 * 1024 * 1024
LIMITS = {
    "chunks": (0, 999_999_999),
    "size": (1, 1_048_576),
    "interval_ms": (0, 60_000),
    "ms": (0, 60_000),
    "close": (1000, 4999),
}


class HTTPError(Exception):
    """Ends a request that cannot be served; `app` turns it into the answer."""

    def __init__(self, status: int, message: str, allow: str = "") -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.allow = allow


def parse_query(raw: bytes) -> Fields:
    """application/x-www-form-urlencoded, as the WHATWG URL standard reads it."""
    pieces = [piece for piece in raw.split(b"&") if piece]  # nothing is no field
    if not pieces:
        return []
    if len(pieces) > MAX_FIELDS:
        raise HTTPError(400, f"More than {MAX_FIELDS} query fields.")
    # A UTF-8 character may come half raw, half escaped, and parse_qsl joins only
    # escapes: escape the raw bytes beyond ASCII too, and leave ASCII as it is.
    text = quote(b"&".join(pieces), safe=bytes(range(128)))
    return parse_qsl(text, keep_blank_values=True)


def first(fields: Fields, name: str, default: str = "") -> str:
    return next((value for key, value in fields if key == name), default)


def number(fields: Fields, name: str, default: str = "") -> int:
    low, high = LIMITS[name]
    text = first(fields, name, default)
    # int() alone takes "1_000", " 5", "+5" and the digits of every script.
    if re.fullmatch("[0-9]{1,9}", text) and low <= int(text) <= high:
        return int(text)
    raise HTTPError(400, f"{name} must be a whole number from {low} to {high}.")


def parse_length(text: str) -> int | None:
    if not text:
        return None
    # RFC 9110, 8.6: one or more digits, with no upper bound, so beware of overflow.
    # int() counts leading zeros as digits, and refuses 4,301 of them.
    if not re.fullmatch("0*[0-9]{1,18}", text):
        raise HTTPError(400, "Content-Length must be a number of 1 to 18 digits.")
    return int(text[-18:])


def check_size(size: int) -> None:
    if size > MAX_UPLOAD:
        raise HTTPError(413, f"The body is larger than {MAX_UPLOAD} bytes.")


def check_complete(received: int, length: int | None) -> None:
    if length is not None and received != length:
        raise broken_off(received, length)


def broken_off(received: int, length: int | None) -> HTTPError:
    whole = "" if length is None else f" of {length}"
    return HTTPError(400, f"The body broke off after {received}{whole} bytes.")
