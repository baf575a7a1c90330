"""What the walk-through shows is what its commands print (walkthrough.py)."""

from __future__ import annotations

import re

import pytest

from loadtests import ROOT
from loadtests.servers.processes import Guard
from tests.apps.alike import same
from tests.apps.walkthrough import (
    PAGE,
    PORTS,
    Command,
    File,
    outputs,
    rewritten,
    steps,
)


@pytest.mark.long
def test_page_shows_what_its_commands_print(guard: Guard) -> None:
    found = steps(PAGE.read_text())
    wanted = [step for step in found if isinstance(step, Command)]
    for command, printed in zip(wanted, outputs(found, guard), strict=True):
        assert same(command.shown, printed), f"$ {command.text}\n{printed}"


def test_page_can_be_read_in_a_quarter_of_an_hour() -> None:
    prose = re.sub(r"^```.*?^```", "", PAGE.read_text(), flags=re.MULTILINE | re.DOTALL)
    assert len(prose.split()) < 2500


def test_page_uses_the_ports_that_are_replaced() -> None:
    used = re.findall(r"\b80\d\d\b", PAGE.read_text())
    assert set(used) == set(PORTS)


def test_readme_links_the_page() -> None:
    assert f"({PAGE.relative_to(ROOT)})" in (ROOT / "README.md").read_text()


PAGE_OF_TWO = """\
```python
# /tmp/walk/one.py
print(1)
```

```console
$ echo a \\
    b
a b
$ true
```

```python
not_saved = True
```
"""


def test_steps_are_the_files_and_the_commands_in_order() -> None:
    file, echo, true = steps(PAGE_OF_TWO)
    assert file == File("/tmp/walk/one.py", "# /tmp/walk/one.py\nprint(1)\n")
    assert isinstance(echo, Command)
    assert isinstance(true, Command)
    assert (echo.text, echo.shown) == ("echo a \\\n    b", "a b")
    assert (true.text, true.shown) == ("true", "")


def test_rewriting_replaces_only_what_is_no_longer_true() -> None:
    _, *wanted = steps(PAGE_OF_TWO)
    commands = [step for step in wanted if isinstance(step, Command)]
    assert rewritten(PAGE_OF_TWO, commands, ["a b  ", ""]) == PAGE_OF_TWO
    found = rewritten(PAGE_OF_TWO, commands, ["c", "d"])
    kept = PAGE_OF_TWO.replace("\na b\n", "\nc\n")
    assert found == kept.replace("$ true\n", "$ true\nd\n")


def on_axis(ms: str, left: str = "~ client leaves") -> str:
    return f"{left:35}{ms:^10}~ client leaves"


@pytest.mark.parametrize(
    ("shown", "printed"),
    [
        ("Date: Sun, 22 Nov 2026 18:14:47 GMT", "Date: Mon, 23 Nov 2026 08:00:00 GMT"),
        ("date: Sun, 22 Nov 2026 18:14:47 GMT", "date: Mon, 23 Nov 2026 08:00:00 GMT"),
        ("SERVER_SOFTWARE = 'gunicorn/27.0.1'", "SERVER_SOFTWARE = 'gunicorn/28.1'"),
        ("client = ('127.0.0.1', 47006)", "client = ('127.0.0.1', 51234)"),
        ("REMOTE_PORT = '47006'", "REMOTE_PORT = '51234'"),
        ("thread ThreadPoolExecutor-0_0 for", "thread ThreadPoolExecutor-0_1 for"),
        ("open for 152 ms: 150 in send", "open for 99 ms: 98 in send"),
        ("task Task-4 open for 152 ms", "task Task-5 open for 99 ms"),
        (on_axis("150"), on_axis("99")),
        (on_axis("301").removesuffix("~ client leaves").rstrip(), on_axis("299")[:45]),
        ("next(body) (3 times)", "next(body) (4 times)"),
        ("→ next(body): 65536 bytes (43    │", "→ next(body): 65536 bytes (44    │"),
        ("app returned <A> after 6.2 ms", "app returned <A> after 12.0 ms"),
        ("a\nthe event loop was blocked for 31.7 ms\nb", "a\nb"),
        ("a line", "a line  "),
    ],
)
def test_outputs_that_differ_as_any_two_runs_do_are_the_same(
    shown: str, printed: str
) -> None:
    assert same(shown, printed)


@pytest.mark.parametrize(
    ("shown", "printed"),
    [
        ("Hello, Ada!", "Hello, Bob!"),
        ("content-length: 30", "content-length: 31"),
        ("next(body): 20 bytes", "next(body): 21 bytes"),
        ("HTTP/1.1 200 OK", "HTTP/1.0 200 OK"),
        ("waited 600 ms", "waited 601 ms"),
        ("a\nthe event loop was blocked for 301.7 ms\nb", "a\nb"),
        ("task Task-4 open for 152 ms", "task Task-4 open for 250 ms"),
        (on_axis("150"), on_axis("300")),
        (on_axis("│", "← start_response(1"), on_axis("│", "← start_response(2")),
    ],
)
def test_outputs_that_differ_otherwise_are_not_the_same(
    shown: str, printed: str
) -> None:
    assert not same(shown, printed)
