"""A small shop on Django in one file, WSGI and ASGI, with the ORM on SQLite."""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import django
from django.conf import settings
from django.core.asgi import get_asgi_application
from django.core.wsgi import get_wsgi_application
from django.db import connection, models
from django.http import HttpRequest, JsonResponse, StreamingHttpResponse
from django.urls import path
from django.views.decorators.csrf import csrf_exempt

FOLDER = tempfile.TemporaryDirectory()  # one for each process
settings.configure(
    ALLOWED_HOSTS=["*"],
    ROOT_URLCONF=__name__,
    DATABASES={
        "default": {"ENGINE": "django.db.backends.sqlite3", "NAME": f"{FOLDER.name}/db"}
    },
)
django.setup()
ROWS = 50 * "an article,its description,12.50\n"


class Item(models.Model):  # type: ignore[misc]  # of Django, which has no types
    name = models.CharField(max_length=80)

    class Meta:
        app_label = "shop"


def fill() -> None:
    with connection.schema_editor() as editor:
        editor.create_model(Item)
    Item.objects.create(name="an article")
    connection.close()  # a server may fork


# uvicorn imports an app inside its event loop, where Django's ORM refuses to work.
with ThreadPoolExecutor() as pool:
    pool.submit(fill).result()


def health(request: HttpRequest) -> JsonResponse:
    """Asks the database, as health checks do."""
    return JsonResponse({"ok": Item.objects.count() == 1})


@csrf_exempt  # type: ignore[untyped-decorator]
def items(request: HttpRequest) -> JsonResponse:
    return JsonResponse({"received": len(request.body)})


def export(request: HttpRequest) -> StreamingHttpResponse:
    rows: Iterator[str] = (ROWS for _ in range(2_000))
    return StreamingHttpResponse(rows, content_type="text/csv")


def report(request: HttpRequest) -> JsonResponse:
    time.sleep(1.5)
    return JsonResponse({"done": True})


async def report_async(request: HttpRequest) -> JsonResponse:
    await asyncio.sleep(1.5)
    return JsonResponse({"done": True})


urlpatterns = [
    path("health", health),
    path("items", items),
    path("export.csv", export),
    path("report", report),
    path("report-async", report_async),
]
application: Any = get_wsgi_application()
asgi_application: Any = get_asgi_application()
