"""Frictionless Table Schema (and a Data Package with one resource), read and written.

Source: https://datapackage.org/standard/table-schema/.
"""

from typing import Any

from market.inspection.declared import foreign
from market.inspection.declared.faults import Fault, Invalid
from market.inspection.declared.foreign import Taken, left
from market.inspection.declared.model import Declared, DeclaredColumn

_TYPES = {
    "string": "text",
    "any": "text",
    "integer": "integer",
    "year": "integer",
    "number": "decimal",
    "boolean": "boolean",
    "date": "date",
    "datetime": "timestamp",
    "time": "time",
}
_WRITTEN = {
    "text": "string",
    "binary": "string",
    "integer": "integer",
    "decimal": "number",
    "float": "number",
    "boolean": "boolean",
    "date": "date",
    "timestamp": "datetime",
    "time": "time",
}
_OWN = ("personal", "quasi", "unit")
_CONSTRAINTS = ("required", "unique", "minimum", "maximum", "pattern", "enum", "maxLength")


def read(text: str) -> Taken:
    """Read a Table Schema or a Data Package in JSON.

    Raises:
        Invalid: it is neither, or too much of it is wrong.
    """
    document = foreign.parsed(text)
    if "resources" in document:
        resources = foreign.objects(document["resources"], "resources")
        if len(resources) != 1:
            raise Invalid(Fault("resources", "declared.one_table"))
        document = resources[0].get("schema") or {}
    if not isinstance(document, dict) or "fields" not in document:
        raise Invalid(Fault("schema", "declared.shape"))
    notes = foreign.rest(document, ("fields", "primaryKey", "description", "title", "$schema"), "schema")
    notes = [
        note for note in notes if document.get("missingValues") != [""] or "missingValues" not in note.path
    ]
    columns = []
    for place, field in enumerate(foreign.objects(document["fields"], "fields")):
        columns.append(_column(field, f"fields.{place}", notes))
    key = document.get("primaryKey") or []
    return foreign.settle(
        {
            "columns": columns,
            "key": [key] if isinstance(key, str) else key,
            "description": document.get("description") or document.get("title") or "",
        },
        notes,
    )


def _column(field: dict[str, Any], path: str, notes: list[Fault]) -> dict[str, Any]:
    kind = field.get("type") or "string"
    if not isinstance(kind, str) or kind not in _TYPES:
        notes.append(left(f"{path}.type"))
    if field.get("format") not in {None, "default"}:
        notes.append(left(f"{path}.format"))
    limits = field.get("constraints") or {}
    if not isinstance(limits, dict):
        raise Invalid(Fault(f"{path}.constraints", "declared.shape"))
    known = ("name", "type", "format", "title", "description", "constraints", *_OWN)
    notes += foreign.rest(field, known, path) + foreign.rest(limits, _CONSTRAINTS, f"{path}.constraints")
    column = {
        "name": field.get("name"),
        "type": _TYPES.get(str(kind), "text"),
        "description": field.get("description") or field.get("title") or "",
        "required": limits.get("required") is True,
        "unique": limits.get("unique") is True,
        "minimum": foreign.written(limits.get("minimum")),
        "maximum": foreign.written(limits.get("maximum")),
        "pattern": limits.get("pattern"),
        "longest": foreign.whole(limits.get("maxLength")),
    } | {name: field[name] for name in _OWN if field.get(name)}
    if isinstance(limits.get("enum"), list):
        column["allowed"] = [foreign.written(value) or "" for value in limits["enum"]]
    return column


def write(declared: Declared) -> dict[str, Any]:
    """Return a declaration as a Table Schema; row rules, the period and named code lists have no place in it."""
    schema: dict[str, Any] = {
        "$schema": "https://datapackage.org/profiles/2.0/tableschema.json",
        "fields": [_field(column) for column in declared.columns],
    }
    if declared.key:
        schema["primaryKey"] = list(declared.key)
    if declared.description:
        schema["description"] = declared.description
    return schema


def _field(column: DeclaredColumn) -> dict[str, Any]:
    limits = {
        "required": column.required,
        "unique": column.unique,
        "minimum": column.minimum,
        "maximum": column.maximum,
        "pattern": column.pattern,
        "enum": list(column.allowed) if isinstance(column.allowed, tuple) else None,
        "maxLength": column.longest,
    }
    field = {
        "name": column.name,
        "type": _WRITTEN[column.type],
        "description": column.description,
        "constraints": {name: value for name, value in limits.items() if value not in (None, False)},
        "personal": column.personal,
        "quasi": column.quasi,
        "unit": column.unit,
    }
    return {name: value for name, value in field.items() if value}
