"""The finished description: what the schemas give, completed by the table of operations.

What it says is what the exchange does: no answer that is not listed, no scope that is not asked for.
"""

import re
from collections.abc import Iterator
from typing import Any

from market.openapi.examples import EXAMPLES
from market.openapi.operations import OPERATIONS, Operation
from market.problems import HTTP_CODES

Json = dict[str, Any]

METHODS = ("get", "post", "put", "patch", "delete")
_SCHEMA = "#/components/schemas/"
_PROBLEM = {"application/problem+json": {"schema": {"$ref": f"{_SCHEMA}Problem"}}}
_HEADERS: dict[int, Json] = {
    401: {"WWW-Authenticate": {"schema": {"type": "string"}}},
    416: {"Content-Range": {"schema": {"type": "string"}, "description": "bytes */<size of the file>"}},
    429: {"Retry-After": {"schema": {"type": "integer"}, "description": "seconds"}},
}
_KEY: Json = {
    "in": "header",
    "name": "Idempotency-Key",
    "description": "The same key with the same input gives the answer made first; with other input 409.",
    "schema": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[\\x21-\\x7e]+$"},
}
_NONE_MATCH: Json = {
    "in": "header",
    "name": "If-None-Match",
    "description": "An ETag seen before; 304 when it is still the file's.",
    "schema": {"type": "string"},
}
_RANGE: Json = {
    "in": "header",
    "name": "Range",
    "description": "One range of bytes, for example bytes=0-1048575; anything else is ignored.",
    "schema": {"type": "string"},
}
_IF_RANGE: Json = {
    **_RANGE,
    "name": "If-Range",
    "description": "Send the part only if the file has this ETag.",
}
_ETAG: Json = {"ETag": {"schema": {"type": "string"}, "description": "SHA-256 of the file, quoted"}}
_RANGED: Json = {
    **_ETAG,
    "Accept-Ranges": {"schema": {"const": "bytes"}},
    "Repr-Digest": {"schema": {"type": "string"}, "description": "SHA-256 of the whole file (RFC 9530)"},
}


def complete(spec: Json) -> Json:
    """Return a description with every answer, scope, header and example.

    Args:
        spec: what the schemas and the routes give.
    """
    schemas: Json = spec["components"]["schemas"]
    schemas.pop("Flask_smorestPaginationMetadata", None)
    spec["components"]["responses"] = {f"Problem{status}": _refusal(status) for status in sorted(HTTP_CODES)}
    schemas["Problem"] = schemas.pop("OpenapiProblem")
    for tag in spec["tags"]:
        tag["name"] = tag["name"].removesuffix("_api")
    files = {
        one["multipart/form-data"]["schema"].get("$ref")
        for one in _every(spec["paths"])
        if "multipart/form-data" in one
    }
    for path, item in spec["paths"].items():
        for method in METHODS:
            if method in item:
                key = f"{method.upper()} {path}"
                _finish(spec, item[method], [*item.get("parameters", [])], OPERATIONS[key])
    for schema in _every(spec):
        if "pattern" in schema and isinstance(schema["pattern"], str):
            schema["pattern"] = _portable(schema["pattern"])
    used = {str(one.get("$ref")) for one in _every(spec["paths"])}
    for name in files - {None} - used:  # its fields stand in the bodies now
        del schemas[name.removeprefix(_SCHEMA)]
    for name in list(spec["components"]["responses"]):
        if f"#/components/responses/{name}" not in used:
            del spec["components"]["responses"][name]
    for name in _answered(spec):
        schemas[name]["required"] = sorted(schemas[name]["properties"])
    return spec


def _finish(spec: Json, stated: Json, above: list[Json], operation: Operation) -> None:
    stated["operationId"] = operation.id
    stated["tags"] = [tag.removesuffix("_api") for tag in stated["tags"]]
    stated["security"] = [{"bearer": [scope.value]} for scope in operation.scopes]
    if operation.open:
        stated["security"].insert(0, {})
    parameters = _merge_form(spec, stated)
    if operation.keyed:
        parameters.append(_KEY)
    if operation.file:
        parameters.append(_NONE_MATCH)
    if operation.ranged:
        parameters += [_RANGE, _IF_RANGE]
    if parameters:
        stated["parameters"] = parameters
    else:
        stated.pop("parameters", None)
    _exemplify(stated)
    good = {status: said for status, said in stated["responses"].items() if status[0] == "2"}
    if operation.file:
        _describe_file(good, operation)
    bad = _refusals(stated, [*above, *parameters], operation)
    stated["responses"] = good | {
        str(status): {"$ref": f"#/components/responses/Problem{status}"} for status in sorted(bad)
    }


def _refusals(stated: Json, parameters: list[Json], operation: Operation) -> set[int]:
    """Return the statuses of the refusals that an operation may answer with."""
    found = {400, 503, *operation.refusals}  # any name may be refused (host.unknown), any database be away
    if operation.scopes:
        found |= {401} if operation.open else {401, 403}
    if any(one["in"] == "path" for one in parameters):
        found.add(404)
    if "requestBody" in stated:
        found |= {413, 415, 422}
    if any(one["in"] == "query" for one in parameters) or operation.keyed:
        found.add(422)
    return found


def _refusal(status: int) -> Json:
    said: Json = {"description": str(HTTP_CODES[status][1]), "content": _PROBLEM}
    if status in _HEADERS:
        said["headers"] = _HEADERS[status]
    return said


def _describe_file(good: Json, operation: Operation) -> None:
    headers = _RANGED if operation.ranged else _ETAG
    good["200"]["headers"] = headers
    if operation.ranged:
        part = {"Content-Range": {"schema": {"type": "string"}, "description": "which bytes of how many"}}
        content = good["200"]["content"]
        good["206"] = {"description": "One part of the file.", "content": content, "headers": headers | part}
    good["304"] = {"description": "The file is the one you have.", "headers": _ETAG}


def _merge_form(spec: Json, stated: Json) -> list[Json]:
    """Return the parameters; the fields beside a file go into its multipart body, where they are sent."""
    parameters = list(stated.get("parameters", []))
    fields = [one for one in parameters if one["in"] == "formData"]
    if not fields:
        return parameters
    content = stated["requestBody"]["content"]["multipart/form-data"]
    file = spec["components"]["schemas"][content["schema"]["$ref"].removeprefix(_SCHEMA)]
    described = {
        one["name"]: one["schema"] | ({"description": one["description"]} if "description" in one else {})
        for one in fields
    }
    content["schema"] = {
        "type": "object",
        "properties": described | file["properties"],
        "required": sorted([*(one["name"] for one in fields if one["required"]), *file["required"]]),
        "additionalProperties": False,
    }
    # One part a value, as forms send them; a file has its name beside it.
    content["encoding"] = {
        **{one["name"]: {"style": "form", "explode": True} for one in fields if "style" in one},
        **{name: {"headers": {"Content-Disposition": _file_name(name)}} for name in file["properties"]},
    }
    return [one for one in parameters if one["in"] != "formData"]


def _file_name(field: str) -> Json:
    """Return how a file's name is sent, which tells its kind."""
    example = f'form-data; name="{field}"; filename="weather.csv"'
    said = "The name of the file ends with .csv, .tsv, .jsonl, .ndjson, .xlsx or .parquet; text may be compressed."
    return {"schema": {"type": "string"}, "description": said, "example": example}


def _exemplify(stated: Json) -> None:
    for content in stated.get("requestBody", {}).get("content", {}).values():
        example = EXAMPLES.get(stated["operationId"])
        if example is not None:
            content["example"] = example


def _portable(pattern: str) -> str:
    """Return one of our patterns as ECMA-262 writes it: anchored at both ends."""
    return f"^(?:{pattern.removesuffix(chr(92) + 'Z')})$" if pattern.endswith("\\Z") else pattern


def _every(value: Any) -> Iterator[Json]:
    """Yield every object inside a description."""
    if isinstance(value, dict):
        yield value
    for child in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from _every(child)


def _answered(spec: Json) -> set[str]:
    """Return the schemas that stand in answers: whatever they list is always there."""
    answers = [
        response
        for item in spec["paths"].values()
        for method in METHODS
        if method in item
        for status, response in item[method]["responses"].items()
        if status[0] == "2"
    ]
    found: set[str] = set()
    wanted = _named(answers)
    while wanted:
        name = wanted.pop()
        if name not in found:
            found.add(name)
            wanted |= _named(spec["components"]["schemas"][name])
    return found


def _named(value: Any) -> set[str]:
    return {
        found.group(1)
        for one in _every(value)
        if isinstance(one.get("$ref"), str) and (found := re.fullmatch(f"{_SCHEMA}(.+)", one["$ref"]))
    }
