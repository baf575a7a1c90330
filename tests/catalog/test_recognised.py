"""Commands of other people: which server they start, and which stack models it."""

from __future__ import annotations

import shlex

import pytest

from loadtests.catalog import stacks
from loadtests.catalog.recognised import (
    Recognised,
    Started,
    recognised,
    server_in,
)


def of(
    text: str, workers: int = 1, on_uvloop: bool = True, **environment: str
) -> Recognised:
    words = shlex.split(text)
    server, place = server_in(words)
    own = Started(words[place + 1 :], environment, {}, workers, on_uvloop)
    return recognised(server, own)


def gunicorn(printed: dict[str, str], on_uvloop: bool = True) -> Recognised:
    return recognised("gunicorn", Started([], {}, printed, 2, on_uvloop))


@pytest.mark.parametrize(
    ("text", "server"),
    [
        ("gunicorn app", "gunicorn"),
        (".venv/bin/uvicorn app", "uvicorn"),
        ("python3.12 -m hypercorn app", "hypercorn"),
        ("/usr/bin/python /srv/bin/daphne app", "daphne"),
        ("uv run -- granian app", "granian"),
        ("A=1 B=2 waitress-serve app", "waitress"),
        ("poetry run uwsgi --ini x", "uwsgi"),
        ("python manage.py runserver", ""),
        ("python serve.py --server uvicorn", ""),
        ("sh -c 'gunicorn app'", ""),
    ],
)
def test_server_is_the_program_that_is_started(text: str, server: str) -> None:
    assert server_in(shlex.split(text))[0] == server


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("uvicorn a:b --workers 4", Recognised("uvicorn", "asgi-uvicorn")),
        ("hypercorn a:b -w 2", Recognised("hypercorn", "asgi-hypercorn")),
        ("daphne a:b", Recognised("daphne", "asgi-daphne")),
        (
            "granian --interface asginl a:b",
            Recognised("granian", "asgi-granian", worker_connections=1024),
        ),
        (
            "uvicorn a:b --limit-concurrency 9",
            Recognised("uvicorn", "asgi-uvicorn@limit-concurrency=9"),
        ),
        (
            "granian --interface=wsgi --backpressure 60 a:b",
            Recognised("granian", "wsgi-granian", "", 30, 60),
        ),
        (
            "granian --interface wsgi --blocking-threads 5 a:b",
            Recognised("granian", "wsgi-granian", "", 5, 1024),
        ),
        (
            "waitress-serve a:b",
            Recognised("waitress", "wsgi-waitress", "", 4, 98),
        ),
        (
            "waitress-serve --threads=9 --connection-limit=2000 --asyncore-use-poll a",
            Recognised("waitress", "wsgi-waitress", "", 9, 1998),
        ),
        (
            "uwsgi --http-socket :80 --threads 8 --module a",
            Recognised("uwsgi", "wsgi-uwsgi", threads=8),
        ),
    ],
)
def test_stack_has_the_counts_of_the_command(text: str, found: Recognised) -> None:
    assert of(text) == found
    assert stacks.find(found.stack).server == found.server


@pytest.mark.parametrize(
    ("text", "unmodelled"),
    [
        ("uvicorn a:b --limit-concurrency 1", "--limit-concurrency"),
        ("uvicorn a:b --reload", "--reload"),
        ("uvicorn a:b --interface=wsgi", "--interface wsgi"),
        ("uvicorn a:b --http zttp", "--http zttp"),
        ("hypercorn -c hypercorn.toml a:b", "-c"),
        ("hypercorn -ktrio a:b", "--worker-class trio"),
        ("granian a:b", "--interface rsgi"),
        ("granian --http 2 a:b", "--http"),
        ("waitress-serve --unix-socket=x a:b", "--unix-socket"),
        ("waitress-serve --connection-limit=5000 a:b", "--connection-limit 5000"),
        ("daphne -t 5 a:b", "-t"),
        ("uwsgi --ini app.ini", "--ini"),
        ("uwsgi app.ini", "app.ini"),
        ("uwsgi --fastcgi :9", "sockets"),
    ],
)
def test_setting_that_no_stack_has_leaves_no_prediction(
    text: str, unmodelled: str
) -> None:
    found = of(text)
    assert (found.stack, found.unmodelled) == ("", unmodelled)


def test_loop_decides_which_stack_an_uvicorn_is() -> None:
    assert of("uvicorn a:b", on_uvloop=False).stack == "asgi-uvicorn-h11"


def test_variables_stand_for_options() -> None:
    assert of("uvicorn a:b", UVICORN_RELOAD="1").unmodelled == "UVICORN_RELOAD"
    limited = of("uvicorn a:b", UVICORN_LIMIT_CONCURRENCY="9")
    assert limited.stack.endswith("@limit-concurrency=9")
    granian = of("granian a:b", workers=4, GRANIAN_INTERFACE="asgi")
    assert granian.worker_connections == 256
    assert of("granian --backpressure 9 a:b", GRANIAN_INTERFACE="asgi") == Recognised(
        "granian", "asgi-granian", worker_connections=9
    )


def test_option_without_its_value_is_given_all_the_same() -> None:
    assert of("daphne a:b -t").unmodelled == "-t"


@pytest.mark.parametrize(
    ("printed", "found"),
    [
        ({"worker_class": "sync"}, Recognised("gunicorn", "wsgi-gunicorn-sync")),
        (
            {"worker_class": "sync", "threads": "4", "keepalive": "75"},
            Recognised("gunicorn", "wsgi-gunicorn-gthread", "", 4, 1000, 75),
        ),
        (
            {"worker_class": "gevent", "worker_connections": "50"},
            Recognised("gunicorn", "wsgi-gunicorn-gevent", "", None, 50, 2),
        ),
        ({"worker_class": "asgi"}, Recognised("gunicorn", "asgi-gunicorn")),
        (
            {"worker_class": "uvicorn_worker.UvicornWorker"},
            Recognised("gunicorn", "asgi-gunicorn-uvicorn"),
        ),
        (
            {"worker_class": "tornado"},
            Recognised("gunicorn", unmodelled="worker_class tornado"),
        ),
        (
            {"worker_class": "sync", "timeout": "5"},
            Recognised("gunicorn", unmodelled="timeout 5"),
        ),
        ({}, Recognised("gunicorn", unmodelled="configuration")),
    ],
)
def test_gunicorn_is_what_its_configuration_says(
    printed: dict[str, str], found: Recognised
) -> None:
    assert gunicorn(printed) == found


def test_gunicorn_on_asyncio_has_no_stack() -> None:
    found = gunicorn({"worker_class": "asgi"}, on_uvloop=False)
    assert found.unmodelled == "asgi without uvloop"
