"""GET /hello of wsgi_app, with Flask."""

from flask import Flask, Response, request

app = Flask(__name__)


@app.get("/hello")
def hello() -> Response:
    name = request.args.get("name") or "world"
    return Response(f"Hello, {name}!", content_type="text/plain; charset=utf-8")
