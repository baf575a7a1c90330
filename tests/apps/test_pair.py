"""The two applications are a pair: what differs between them is the subject."""

import ast
import inspect
import sys
from pathlib import Path
from types import ModuleType

import pytest

import asgi_app.beyond
import asgi_app.interface
import asgi_app.main
import asgi_app.records
import asgi_app.rules
import asgi_app.trace
import wsgi_app.beyond
import wsgi_app.interface
import wsgi_app.main
import wsgi_app.records
import wsgi_app.rules
import wsgi_app.trace

ROOT = Path(__file__).resolve().parents[2]
FOLDERS = ("wsgi_app", "asgi_app")
FILES = sorted(path for folder in FOLDERS for path in (ROOT / folder).glob("*.py"))
PAIRS = [
    (wsgi_app.interface, asgi_app.interface),
    (wsgi_app.main, asgi_app.main),
    (wsgi_app.beyond, asgi_app.beyond),
    (wsgi_app.rules, asgi_app.rules),
    (wsgi_app.trace, asgi_app.trace),
    (wsgi_app.records, asgi_app.records),
]
# What one side has no word for. All of it stands at the end of its file.
ASGI_ONLY = {
    "asgi_app.main": ["while_connected", "disconnect"],
    "asgi_app.beyond": [
        *("websocket", "admit", "pushed", "push", "echo"),
        *("lifespan", "startup", "shutdown"),
    ],
    "asgi_app.trace": ["task_name"],
}
WSGI_ONLY = {"wsgi_app.trace": ["traced_body"]}
ASGI_TYPES = {"Scope", "Event", "Receive", "Send", "Handler"}
# How much to read is the app's to say under WSGI, and the server's under ASGI.
WSGI_CONSTANTS = {"PIECE", "MAX_UPLOAD"}
# Beyond a request there is something to answer, and a loop turns, under ASGI only.
ASGI_CONSTANTS = {
    "asgi_app.beyond": {"SUBPROTOCOL", "MOST_PUSHED", "FINISHED", "TEXT"},
    "asgi_app.trace": {"TURN_S", "BLOCKED_S"},
}

FILE_NAMES = {
    *("__init__.py", "interface.py", "main.py", "beyond.py"),
    *("rules.py", "trace.py", "records.py"),
}

Function = ast.FunctionDef | ast.AsyncFunctionDef


def functions(module: ModuleType) -> list[str]:
    tree = ast.parse(inspect.getsource(module))
    return [node.name for node in tree.body if isinstance(node, Function)]


def constants(module: ModuleType) -> dict[str, object]:
    return {
        name: value.decode() if isinstance(value, bytes) else value
        for name, value in vars(module).items()
        if name.isupper() and name != "ROUTES"
    }


def imported(path: Path) -> set[str]:
    names = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.module
            assert not node.level
            names.add(node.module.partition(".")[0])
    return names


def test_pair_has_the_same_files() -> None:
    names = [{p.name for p in FILES if p.parent.name == folder} for folder in FOLDERS]
    assert names[0] == names[1] == FILE_NAMES


@pytest.mark.parametrize(("wsgi", "asgi"), PAIRS)
def test_pair_has_the_same_functions_in_the_same_order(
    wsgi: ModuleType, asgi: ModuleType
) -> None:
    ours, theirs = functions(wsgi), functions(asgi)
    both = [name for name in ours if name in theirs]
    assert ours == both + WSGI_ONLY.get(wsgi.__name__, [])
    assert theirs == both + ASGI_ONLY.get(asgi.__name__, [])


def test_pair_has_the_same_routes() -> None:
    wsgi, asgi = (
        [(path, handler.__name__, methods) for path, (handler, methods) in routes]
        for routes in (wsgi_app.main.ROUTES.items(), asgi_app.main.ROUTES.items())
    )
    assert wsgi == asgi


def test_pair_has_a_handler_named_as_its_path() -> None:
    for path, (handler, _) in wsgi_app.main.ROUTES.items():
        assert path == f"/{handler.__name__}"


@pytest.mark.parametrize(("wsgi", "asgi"), PAIRS)
def test_pair_has_the_same_constants(wsgi: ModuleType, asgi: ModuleType) -> None:
    ours, theirs = constants(wsgi), constants(asgi)
    for name in WSGI_CONSTANTS if wsgi is wsgi_app.main else ():
        del ours[name]
    for name in ASGI_CONSTANTS.get(asgi.__name__, ()):
        del theirs[name]
    assert ours == theirs


@pytest.mark.parametrize("name", ["rules.py", "records.py"])
def test_pair_has_the_same_file_twice(name: str) -> None:
    wsgi, asgi = (ROOT / folder / name for folder in FOLDERS)
    assert wsgi.read_bytes() == asgi.read_bytes()


def test_asgi_app_spells_out_its_five_types() -> None:
    assert set(vars(asgi_app.interface)) >= ASGI_TYPES


@pytest.mark.parametrize(
    "path", FILES, ids=lambda path: f"{path.parent.name}/{path.name}"
)
def test_app_imports_the_standard_library_and_itself_only(path: Path) -> None:
    assert imported(path) <= sys.stdlib_module_names | {path.parent.name}


@pytest.mark.parametrize("app", FOLDERS)
def test_app_imports_itself_in_one_direction(app: str) -> None:
    """No circle, not even one for the type checker only."""
    left = {path.stem: within(path) for path in FILES if path.parent.name == app}
    while left:
        leaves = [name for name, names in left.items() if not names & left.keys()]
        assert leaves, f"a circle among {sorted(left)}"
        for name in leaves:
            del left[name]


def within(path: Path) -> set[str]:
    """The files of its own app that a file imports, by `import` anywhere in it."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module:
            top, _, file = node.module.partition(".")
            if top == path.parent.name:
                names |= {file} if file else {alias.name for alias in node.names}
    return names


@pytest.mark.parametrize(
    "path", FILES, ids=lambda path: f"{path.parent.name}/{path.name}"
)
def test_app_is_short(path: Path) -> None:
    text = path.read_text()
    assert len(text.splitlines()) <= 260
    assert max(map(len, text.splitlines())) <= 88
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, Function):
            assert node.end_lineno is not None
            length = node.end_lineno - node.lineno + 1
            assert length <= 25, f"{node.name} has {length} lines"
