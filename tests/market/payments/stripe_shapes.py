"""Whether an object looks as Stripe's official description says: what is there, of which type, and nothing else."""

import json
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from tests.market.payments.stripe_spec import KEPT

_TYPES: Mapping[str, type] = {"string": str, "integer": int, "boolean": bool, "array": list, "object": dict}
Json = Mapping[str, Any]


@cache
def shapes() -> Mapping[str, Json]:
    """Return the description of every object, by its kind."""
    found: Mapping[str, Json] = json.loads(KEPT.read_bytes())["components"]["schemas"]
    return found


def faults(data: Json) -> list[str]:
    """Return what is not as described of an object, by its ``object`` kind."""
    return list(_look(shapes()[data["object"]], data, str(data["object"])))


def _look(shape: Json, value: Any, name: str) -> Iterator[str]:
    if "$ref" in shape:
        shape = shapes()[shape["$ref"].rpartition("/")[2]]
    if value is None:
        if not shape.get("nullable"):
            yield f"{name}: null"
    elif "anyOf" in shape:
        yield from min((list(_look(one, value, name)) for one in shape["anyOf"]), key=len)
    elif type(value) is not _TYPES.get(shape.get("type", ""), type(value)):
        yield f"{name}: {shape.get('type')} expected"
    elif value not in shape.get("enum", [value]):
        yield f"{name}: {value!r} is not foreseen"
    elif isinstance(value, list):
        for inner in value:
            yield from _look(shape["items"], inner, f"{name}[]")
    elif isinstance(value, dict):
        yield from _members(shape, value, name)


def _members(shape: Json, value: Json, name: str) -> Iterator[str]:
    known = shape.get("properties", {})
    for missing in set(shape.get("required", ())) - set(value):
        yield f"{name}.{missing}: missing"
    for key, inner in value.items():
        if key in known:
            yield from _look(known[key], inner, f"{name}.{key}")
        elif known and not shape.get("additionalProperties"):
            yield f"{name}.{key}: unknown"
