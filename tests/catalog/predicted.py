"""Predictions of every stack, written down: what runs out, and at how many."""

from loadtests.catalog.stacks import Supply

# What is out at how many slow clients with the default counts: 2 workers, 8 threads,
# 1,024 descriptors, 1,000 worker_connections, 512 of nginx. None: at no number.
# The last two are of WebSockets, which WSGI has not.
PREDICTED = {
    "wsgi-gunicorn-sync": (2, 2, 2, 2, 2, 2, 2),
    "wsgi-gunicorn-gthread": (24, 16, 16, 16, 16, 16, 16),
    "wsgi-gunicorn-gevent": (2500, 2500, 2000, 2000, 2000, 2000, 2000),
    "wsgi-uvicorn": (2008, 2008, 16, 16, 16, 16, 16),
    "asgi-uvicorn": (2008, 2008, 2008, 2008, 2008, 2, 2008, 2008, 2008),
    "asgi-uvicorn-h11": (1722, 1722, 1722, 1722, 1722, 2, 1722, 1722, 1722),
    "asgi-gunicorn": (2014, 2014, 2014, 2014, 2014, 2, 2014, 2014, 2014),
    "asgi-gunicorn-uvicorn": (2014, 2014, 2014, 2014, 2014, 2, 2014, 2014, 2014),
    "wsgi-granian": (1025, 1025, 16, 16, 16, 16, 16),
    "wsgi-uwsgi": (16, 16, 16, 16, 16, 16, 16),
    "wsgi-waitress": (98, 98, 98, 16, 16, 16, 16),
    "asgi-daphne": (1012, 1012, 506, 1012, 1012, 1, 1012, 1012, 1012),
    "asgi-granian": (1025, 1025, 1025, 1025, 1025, 2, 1025, 1025, 1025),
    "asgi-hypercorn": (1898, 1898, 1726, 1726, 1726, 2, 1726, 1726, 1726),
    "wsgi-gunicorn-sync-nginx": (None, 1002, 1002, 1016, 2, 2, 2),
    "wsgi-gunicorn-sync-nginx-unbuffered": (None, 1002, 2, 2, 2, 2, 2),
    "asgi-uvicorn-nginx": (None, 1002, 1002, 1016, 502, 2, 502, 502, 502),
    "asgi-uvicorn-nginx-unbuffered": (None, 1002, 502, 502, 502, 2, 502, 502, 502),
}
RAN_OUT = {
    "wsgi-gunicorn-sync": {Supply.WORKERS},
    "wsgi-gunicorn-gthread": {Supply.THREADS},
    "wsgi-gunicorn-gevent": {Supply.WORKER_CONNECTIONS},
    "wsgi-uvicorn": {Supply.DESCRIPTORS, Supply.THREADS},
    "asgi-uvicorn": {Supply.DESCRIPTORS, Supply.EVENT_LOOPS},
    "asgi-uvicorn-h11": {Supply.DESCRIPTORS, Supply.EVENT_LOOPS},
    "asgi-gunicorn": {Supply.DESCRIPTORS, Supply.EVENT_LOOPS},
    "asgi-gunicorn-uvicorn": {Supply.DESCRIPTORS, Supply.EVENT_LOOPS},
    "wsgi-granian": {Supply.WORKER_CONNECTIONS, Supply.THREADS},
    "wsgi-uwsgi": {Supply.THREADS},
    "wsgi-waitress": {Supply.WORKER_CONNECTIONS, Supply.THREADS},
    "asgi-daphne": {Supply.DESCRIPTORS, Supply.EVENT_LOOPS},
    "asgi-granian": {Supply.WORKER_CONNECTIONS, Supply.EVENT_LOOPS},
    "asgi-hypercorn": {Supply.DESCRIPTORS, Supply.EVENT_LOOPS},
    "wsgi-gunicorn-sync-nginx": {
        *(None, Supply.WORKER_CONNECTIONS, Supply.DESCRIPTORS, Supply.WORKERS),
    },
    "wsgi-gunicorn-sync-nginx-unbuffered": {
        *(None, Supply.WORKER_CONNECTIONS, Supply.WORKERS),
    },
    "asgi-uvicorn-nginx": {
        *(None, Supply.WORKER_CONNECTIONS, Supply.DESCRIPTORS, Supply.EVENT_LOOPS),
    },
    "asgi-uvicorn-nginx-unbuffered": {
        *(None, Supply.WORKER_CONNECTIONS, Supply.EVENT_LOOPS),
    },
}
