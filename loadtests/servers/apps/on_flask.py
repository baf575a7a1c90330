"""GET /hello and GET /json of wsgi_app, with Flask."""

from typing import Any

from flask import Flask, Response, request

from wsgi_app.main import DOCUMENT

app = Flask(__name__)


@app.get("/hello")
def hello() -> Response:
    name = request.args.get("name") or "world"
    return Response(f"Hello, {name}!", content_type="text/plain; charset=utf-8")


@app.get("/json")
def json() -> dict[str, Any]:
    return DOCUMENT
