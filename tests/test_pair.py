"""The two applications are a pair: what differs between them is the subject."""

import ast
import inspect
import sys
from pathlib import Path
from types import ModuleType

import pytest

import asgi_app.main
import asgi_app.rules
import wsgi_app.main
import wsgi_app.rules

ROOT = Path(__file__).resolve().parent.parent
FOLDERS = ("wsgi_app", "asgi_app")
FILES = sorted(path for folder in FOLDERS for path in (ROOT / folder).glob("*.py"))
PAIRS = [
    (wsgi_app.main, asgi_app.main),
    (wsgi_app.rules, asgi_app.rules),
]
# What one side has no word for. All of it stands at the end of its file.
ASGI_ONLY = ["while_connected", "disconnect", "lifespan", "startup", "shutdown"]
ASGI_TYPES = {"Scope", "Event", "Receive", "Send", "Handler"}
# How much to read is the app's to say under WSGI, and the server's under ASGI.
WSGI_CONSTANTS = {"PIECE", "MAX_UPLOAD"}

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
    assert names[0] == names[1] == {"__init__.py", "main.py", "rules.py"}


@pytest.mark.parametrize(("wsgi", "asgi"), PAIRS)
def test_pair_has_the_same_functions_in_the_same_order(
    wsgi: ModuleType, asgi: ModuleType
) -> None:
    only = ASGI_ONLY if asgi is asgi_app.main else []
    assert [*functions(wsgi), *only] == functions(asgi)


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
    ours = constants(wsgi)
    if wsgi is wsgi_app.main:
        for name in WSGI_CONSTANTS:
            del ours[name]
    assert ours == constants(asgi)


def test_pair_has_the_same_rules() -> None:
    wsgi, asgi = (ROOT / folder / "rules.py" for folder in FOLDERS)
    assert wsgi.read_bytes() == asgi.read_bytes()


def test_asgi_app_spells_out_its_five_types() -> None:
    assert set(vars(asgi_app.main)) >= ASGI_TYPES


@pytest.mark.parametrize(
    "path", FILES, ids=lambda path: f"{path.parent.name}/{path.name}"
)
def test_app_imports_the_standard_library_and_itself_only(path: Path) -> None:
    assert imported(path) <= sys.stdlib_module_names | {path.parent.name}


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
