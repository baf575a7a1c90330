"""A small shop on Flask, made by a factory."""

from __future__ import annotations

import time
from collections.abc import Iterator

from flask import Flask, Response, request

ROWS = 50 * "an article,its description,12.50\n"


def create_app() -> Flask:
    """An app with a health check, an upload, an export and a slow report."""
    app = Flask(__name__)

    @app.get("/health")
    def health() -> dict[str, bool]:
        return {"ok": True}

    @app.post("/items")
    def items() -> dict[str, int]:
        return {"received": len(request.get_data())}

    @app.get("/export.csv")
    def export() -> Response:
        rows: Iterator[str] = (ROWS for _ in range(2_000))
        return Response(rows, mimetype="text/csv")

    @app.get("/report")
    def report() -> dict[str, bool]:
        time.sleep(1.5)
        return {"done": True}

    return app
