"""The rows of the behaviour grid: odd requests, a file for each kind.

A new row is one entry in one of the files here.
"""

from __future__ import annotations

from loadtests.catalog.behaviours import (
    chunks,
    connections,
    fields,
    leaving,
    lengths,
    lines,
    targets,
    websockets,
)
from loadtests.catalog.behaviours.row import Clause, Group, How, Must, Row, Then

__all__ = ["APPS", "PARSERS", "ROWS", "Clause", "Group", "How", "Must", "Row", "Then"]

_ALL = (
    *(*lengths.LENGTHS, *chunks.CHUNKS, *targets.TARGETS, *fields.FIELDS),
    *(*fields.HOSTS, *lines.LINES, *connections.CONNECTIONS, *connections.EXPECTS),
    *(*leaving.LEAVING, *websockets.WEBSOCKETS),
)
# By id, in the order of the page.
ROWS: dict[str, Row] = {
    row.id: row for row in sorted(_ALL, key=lambda row: list(Group).index(row.group))
}
# What answers them, with what it saw: one app for each interface.
APPS = "loadtests.servers.apps.behaviours"
# What some servers parse with, besides the packages of their stacks.
PARSERS = {"uvicorn": ("wsproto",), "hypercorn": ("h11", "wsproto")}
