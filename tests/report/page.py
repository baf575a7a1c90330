"""A page as a reader has it: its structure, and how a real browser shows it."""

from __future__ import annotations

import contextlib
import json
import shutil
import subprocess
import urllib.request
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import axe_core_python
import websocket

AXE = Path(axe_core_python.__file__).with_name("axe.min.js")
ALIKE = ["svg[role=img] > *", ".figures tbody ~ tbody", ".figures tr:nth-child(n + 3)"]
VOID = {"meta", "link", "br", "hr", "img", "input"}
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
OPTIONS = (
    "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run "
    "--disable-sync --disable-background-networking --disable-component-update "
    "--hide-scrollbars --remote-debugging-port=0"
).split()


class Structure(HTMLParser):
    """Ids, links and words of a page; what is opened must be closed, in order."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.feed(page)
        self.close()
        assert not self.open, f"never closed: {self.open}"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open, f"</{tag}> of nothing"
        assert self.open.pop() == tag, f"</{tag}> at {self.getpos()}"

    def handle_data(self, data: str) -> None:
        if "style" not in self.open:
            self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())

    def values(self, attribute: str, of: str = "") -> list[str]:
        """The values of an attribute, in the order of the page."""
        return [
            value
            for tag, attributes in self.tags
            if (not of or tag == of) and (value := attributes.get(attribute))
        ]

    def count(self, tag: str) -> int:
        return sum(name == tag for name, _ in self.tags)


class Browser:
    """A tab of a browser, driven over the DevTools protocol."""

    def __init__(self, socket: websocket.WebSocket) -> None:
        self._socket = socket
        self._number = 0
        self.events: list[dict[str, Any]] = []
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(f"{domain}.enable")

    def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        """The result of one command; what the page reports meanwhile is kept."""
        self._number += 1
        command = {"id": self._number, "method": method, "params": parameters}
        self._socket.send(json.dumps(command))
        while (answer := self._next()).get("id") != self._number:
            pass
        result: dict[str, Any] = answer["result"]
        return result

    def _next(self) -> dict[str, Any]:
        message: dict[str, Any] = json.loads(self._socket.recv())
        if "method" in message:
            self.events.append(message)
        return message

    def of(self, *methods: str) -> list[dict[str, Any]]:
        """What was reported, of these kinds."""
        return [e["params"] for e in self.events if e["method"] in methods]

    def open(self, path: Path) -> None:
        self.events.clear()
        self.call("Page.navigate", url=path.as_uri())
        while not self.of("Page.loadEventFired"):
            self._next()

    def show(self, width: int, scheme: str) -> None:
        """A window of that width, for a reader who likes it light or dark."""
        self.call(
            "Emulation.setDeviceMetricsOverride",
            **{"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": False},
        )
        wanted = {"name": "prefers-color-scheme", "value": scheme}
        self.call("Emulation.setEmulatedMedia", features=[wanted])

    def evaluate(self, expression: str) -> Any:
        """The value of an expression; what it promises is waited for."""
        found = self.call(
            "Runtime.evaluate",
            **{"expression": expression, "returnByValue": True, "awaitPromise": True},
        )
        assert "exceptionDetails" not in found, found
        return found["result"].get("value")


def violations(tab: Browser) -> list[str]:
    """What axe finds wrong with the page as it is shown: how bad, which rule, where.

    It comes over DevTools, as the page allows no script. Left out is what would take it
    most of its time: the inside of charts, each of which is one image to those who use
    it without eyes, and the rows of a table that are as those before them.
    """
    tab.evaluate(f"{AXE.read_text(encoding='utf-8')}; undefined")
    found = tab.evaluate(
        f"axe.run({{exclude: {ALIKE}}}, {{resultTypes: ['violations']}})"
        ".then(found => found.violations.map(v => [v.impact, v.id, "
        "...v.nodes.slice(0, 3).map(n => n.target.join(' '))].join(' ')))"
    )
    assert isinstance(found, list)
    return found


def installed() -> str | None:
    """The browser of this machine, if there is one."""
    return next(filter(None, map(shutil.which, BROWSERS)), None)


@contextlib.contextmanager
def browser(executable: str, folder: Path) -> Iterator[Browser]:
    """A browser without a window, and with a profile of its own."""
    process = subprocess.Popen(
        [executable, *OPTIONS, f"--user-data-dir={folder}", "about:blank"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        with contextlib.closing(_tab(folder, process)) as socket:
            yield Browser(socket)
    finally:
        process.terminate()
        process.wait(10)


def _tab(folder: Path, process: subprocess.Popen[bytes]) -> websocket.WebSocket:
    port_file = folder / "DevToolsActivePort"
    while not port_file.exists() or not port_file.read_text().count("\n"):
        assert process.poll() is None, "the browser ended by itself"
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(0.05)
    port = port_file.read_text().split()[0]
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/json", timeout=10) as answer:
        tabs = json.load(answer)
    (address,) = [t["webSocketDebuggerUrl"] for t in tabs if t["type"] == "page"]
    return websocket.create_connection(address, timeout=300, suppress_origin=True)
