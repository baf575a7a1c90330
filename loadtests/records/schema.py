"""The JSON Schema of `run.json`, made from the records themselves.

`python -m loadtests.records.schema > docs/run.schema.json` writes it anew. Fields that
it does not name are allowed: a newer version of the same format may have more.
"""

from __future__ import annotations

import dataclasses
import inspect
import json
import types
import typing
from typing import Any

from loadtests.records.run import FORMAT, Run

DIALECT = "https://json-schema.org/draft/2020-12/schema"
_PLAIN = {str: "string", int: "integer", float: "number", bool: "boolean"}

Schema = dict[str, Any]


def schema() -> Schema:
    """The schema of a run of today's format."""
    kinds: dict[str, Schema] = {}
    run = _of(Run, kinds)
    kinds["Run"]["properties"]["format"] = {"const": FORMAT}
    title = "A run of slow clients against server stacks"
    return {"$schema": DIALECT, "title": title, **run, "$defs": kinds}


def _of(kind: Any, kinds: dict[str, Schema]) -> Schema:
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if dataclasses.is_dataclass(kind):
        return _of_record(typing.cast(type, kind), kinds)
    if origin is types.UnionType:
        return {"anyOf": [_of(one, kinds) for one in arguments]}
    if origin is list:
        return {"type": "array", "items": _of(arguments[0], kinds)}
    if origin is dict:
        return {"type": "object", "additionalProperties": _of(arguments[1], kinds)}
    return {"type": "null" if kind is types.NoneType else _PLAIN[kind]}


def _of_record(kind: type, kinds: dict[str, Schema]) -> Schema:
    name = kind.__name__
    if name not in kinds:
        kinds[name] = {}  # a record may hold its own kind
        hints = typing.get_type_hints(kind)
        fields = dataclasses.fields(kind)
        kinds[name] |= {
            "description": inspect.cleandoc(kind.__doc__ or ""),
            "type": "object",
            "properties": {f.name: _of(hints[f.name], kinds) for f in fields},
            "required": [f.name for f in fields if _must_be_there(f)],
        }
    return {"$ref": f"#/$defs/{name}"}


def _must_be_there(field: dataclasses.Field[Any]) -> bool:
    return field.default is field.default_factory is dataclasses.MISSING


if __name__ == "__main__":
    print(json.dumps(schema(), indent=1))
