"""Looks at an app from inside: which interface, versions and wheels. Run by its Python.

    python look_at_app.py <result> <app> <package> ...

Writes JSON to the file `result`. With an empty <app> it looks at versions alone.
Standard library only, and it runs on Pythons older than ours, because an app brings its
own. A module that does not import ends this with its traceback.
"""

from __future__ import annotations

import importlib
import inspect
import json
import os
import platform
import sys
from importlib.metadata import PackageNotFoundError, distribution, version
from typing import Any, Dict, Iterable, Optional  # noqa: UP035  # older Pythons

USUAL = ("application", "app")  # where nothing but a module is named
_OF_WSGI, _OF_ASGI = 2, 3  # how many arguments (PEP 3333; ASGI 3)
# What parses, or runs the loop, under some of the servers.
_PARTS = ("h11", "wsproto", "httptools", "uvloop", "websockets")


def main() -> None:
    result, named, *packages = sys.argv[1:]
    sys.path[0] = os.getcwd()  # as servers have it, not the folder of this file
    answer = {
        **_looked_at(named),
        "python": platform.python_version(),
        "versions": {name: _version(name) for name in packages},
        "wheels": wheels(packages),
    }
    with open(result, "w", encoding="utf-8") as file:
        json.dump(answer, file)


def _looked_at(named: str) -> Dict[str, Any]:  # noqa: UP006  # older Pythons
    if not named:
        return {"app": "", "interface": "", "factory": False}
    module, _, attribute = named.partition(":")
    attribute, called = attribute.rstrip("()"), attribute.endswith("()")
    loaded = importlib.import_module(module)
    attribute = attribute or _usual(loaded)
    found: Any = loaded
    for name in attribute.split("."):
        found = getattr(found, name)
    factory = called or interface_of(found) == "factory"
    return {
        "app": f"{module}:{attribute}",
        "interface": interface_of(found() if factory else found),
        "factory": factory,
    }


def _usual(module: Any) -> str:
    for name in USUAL:
        if hasattr(module, name):
            return name
    listed = " or ".join(USUAL)
    raise SystemExit(f"{module.__name__} has no {listed}: name it as module:attribute")


def interface_of(app: Any) -> str:
    """`wsgi`, `asgi` or `factory`; empty where looking does not tell."""
    if not callable(app):
        raise SystemExit(f"{type(app).__name__} is no app: it cannot be called")
    call = app if inspect.isroutine(app) or inspect.isclass(app) else app.__call__
    if inspect.iscoroutinefunction(call):
        return "asgi"
    needed = _needed(call)
    return {0: "factory", _OF_WSGI: "wsgi", _OF_ASGI: "asgi"}.get(needed, "")


def _needed(call: Any) -> int:
    """How many positional arguments it must have; -1 where it takes any."""
    try:
        parameters = inspect.signature(call).parameters.values()
    except (TypeError, ValueError):
        return -1
    if any(p.kind is p.VAR_POSITIONAL for p in parameters):
        return -1
    places = (
        inspect.Parameter.POSITIONAL_ONLY,
        inspect.Parameter.POSITIONAL_OR_KEYWORD,
    )
    return sum(p.kind in places and p.default is p.empty for p in parameters)


def _version(package: str) -> Optional[str]:  # noqa: UP045  # older Pythons
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def wheels(packages: Iterable[str]) -> Dict[str, Dict[str, str]]:  # noqa: UP006
    """Version and tag of each that came as a wheel, and of what parses for servers."""
    found = {}
    for name in dict.fromkeys((*packages, *_PARTS)):
        try:
            installed = distribution(name)
        except PackageNotFoundError:
            continue
        tag = _tag(installed.read_text("WHEEL") or "")
        if tag:
            found[name] = {"version": installed.version, "tag": tag}
    return found


def _tag(text: str) -> str:
    """Of several tags as in a wheel's name, with the first platform alone."""
    lines = (line.partition("Tag: ") for line in text.splitlines())
    tags = [tag.strip().split("-") for before, _, tag in lines if tag and not before]
    if not tags or any(len(tag) != 3 for tag in tags):
        return ""
    parts = zip(*tags)  # noqa: B905  # older Pythons
    pythons, abis, platforms = (list(dict.fromkeys(part)) for part in parts)
    return "-".join([".".join(pythons), ".".join(abis), platforms[0]])


if __name__ == "__main__":
    main()
