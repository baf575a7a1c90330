"""What `make load` is to measure instead of our apps: an app, a command or a URL.

Each of the three has options of its own, and only one of them can be measured.
"""

from __future__ import annotations

import argparse

from loadtests import UserError
from loadtests.commands import options

INTERFACES = ("wsgi", "asgi")
KINDS = ("app", "cmd", "url")
# For which of them each option is, and those that all others take too.
_ABOUT = {
    "app_dir": ("app", "cmd"),
    "app_python": ("app",),
    "interface": ("app",),
    "pid": ("url",),
    "allow_remote": ("url",),
    **dict.fromkeys(("healthy", "upload", "download", "wait_path", "headers"), KINDS),
}
_NOT_BESIDE = {
    **dict.fromkeys(
        ("stacks", "workers", "threads", "options", "sweep"), ("cmd", "url")
    ),
    "nofile": ("url",),
}
_USUAL = {"app_dir": ".", "healthy": "/"}
_SHOWN = {"wait_path": "WAIT={}", "options": "WITH="}
process = options.number("a process", 1, 2**22)


def add_options(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("your own app")
    group.add_argument("--app", default="", metavar="MODULE:ATTRIBUTE")
    group.add_argument("--cmd", default="", metavar="COMMAND")
    group.add_argument("--url", default="", metavar="http://HOST:PORT")
    group.add_argument("--app-dir", default=".", metavar="FOLDER")
    group.add_argument("--app-python", default="", metavar="PYTHON")
    group.add_argument("--interface", default="", choices=("", *INTERFACES))
    group.add_argument("--healthy", default="/", metavar="/PATH")
    group.add_argument("--upload", default="", metavar="'POST /PATH'")
    group.add_argument("--download", default="", metavar="/PATH")
    group.add_argument("--wait-path", default="", metavar="/PATH")
    group.add_argument("--headers", default="", metavar="'NAME: VALUE'|@FILE")
    group.add_argument("--pid", type=process, metavar="NUMBER")
    group.add_argument("--allow-remote", default="", metavar="HOST")


def see_that_they_go_together(arguments: argparse.Namespace) -> None:
    """UserError for two of the three, and for an option of another one."""
    kinds = [kind for kind in KINDS if getattr(arguments, kind)]
    if len(kinds) > 1:
        named = " and ".join(f"{kind.upper()}=" for kind in kinds)
        raise UserError(f"{named}: name one of them, what is to be measured")
    [kind] = kinds or [""]
    for name, about in _ABOUT.items():
        if kind not in about and _is_given(arguments, name):
            raise UserError(_not_for(arguments, name, kind, about))
    for name, without in _NOT_BESIDE.items():
        if kind in without and _is_given(arguments, name):
            raise UserError(
                f"{kind.upper()}= is measured as it is: leave "
                f"{_SHOWN.get(name, f'{name.upper()}=')} out"
            )


def _is_given(arguments: argparse.Namespace, name: str) -> bool:
    given = getattr(arguments, name)
    return bool(given) and given != _USUAL.get(name)


def _not_for(
    arguments: argparse.Namespace, name: str, kind: str, about: tuple[str, ...]
) -> str:
    shown = _SHOWN.get(name, f"{name.upper()}=").format(getattr(arguments, name))
    listed = " or ".join(f"{one.upper()}=" for one in about)
    if kind:
        return f"{shown} is for {listed}: leave it out beside {kind.upper()}="
    if "app" in about:
        return f"{shown} is about an app of yours: add {listed}"
    return f"{shown} is about a server that runs: add {listed}"
