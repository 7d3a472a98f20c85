"""Open Data Contract Standard 3.0 and 3.1, its schema and quality, read and written.

Source: https://bitol-io.github.io/open-data-contract-standard/. YAML is read with all scalars but null, true
and false as the text they are, and without aliases: a small document cannot unfold into a large one.
"""

import re
from decimal import Decimal
from functools import cache
from typing import Any

from market.inspection.declared import foreign
from market.inspection.declared.faults import Fault, Invalid
from market.inspection.declared.foreign import Taken, left
from market.inspection.declared.model import RULE_CODES, Declared, DeclaredColumn

_TYPES = {
    "string": "text",
    "integer": "integer",
    "number": "decimal",
    "boolean": "boolean",
    "date": "date",
    "timestamp": "timestamp",
    "time": "time",
}
_WRITTEN = {
    "text": ("string", "TEXT"),
    "binary": ("string", "BINARY"),
    "integer": ("integer", "BIGINT"),
    "decimal": ("number", "DECIMAL"),
    "float": ("number", "DOUBLE"),
    "boolean": ("boolean", "BOOLEAN"),
    "date": ("date", "DATE"),
    "timestamp": ("timestamp", "TIMESTAMP"),
    "time": ("time", "TIME"),
}
_OPTIONS = ("minimum", "maximum", "pattern", "maxLength")
_OWN = ("personal", "quasi", "unit")
_ROWS = re.compile(
    r"\s*SELECT\s+COUNT\(\*\)\s+FROM\s+(?:\{object\}|\$\{object\}|\w+)\s+WHERE\s+NOT\s*\((.+)\)\s*;?\s*",
    re.IGNORECASE | re.DOTALL,
)


def read(text: str) -> Taken:
    """Read a data contract in YAML or JSON.

    Raises:
        Invalid: it is none, holds more than one table, or too much of it is wrong.
    """
    document = foreign.parsed(text) if text.lstrip().startswith("{") else _yaml(text)
    if document.get("kind") != "DataContract" or not str(document.get("apiVersion", "")).startswith("v3."):
        raise Invalid(Fault("apiVersion", "declared.odcs_version"))
    tables = foreign.objects(document.get("schema"), "schema")
    if len(tables) != 1:
        raise Invalid(Fault("schema", "declared.one_table"))
    table = tables[0]
    notes: list[Fault] = []
    rules: list[dict[str, Any]] = []
    known = ("apiVersion", "kind", "id", "name", "version", "status", "schema", "description")
    notes += foreign.rest(document, known, "")
    known = (
        "name",
        "logicalType",
        "physicalType",
        "properties",
        "quality",
        "description",
        "businessName",
        "id",
    )
    notes += foreign.rest(table, known, "schema.0")
    columns, keys = [], []
    for place, given in enumerate(foreign.objects(table.get("properties"), "schema.0.properties")):
        path = f"schema.0.properties.{place}"
        columns.append(_column(given, path, rules, notes))
        if given.get("primaryKey") is True:
            keys.append((foreign.whole(given.get("primaryKeyPosition")) or 0, place, given.get("name")))
    _quality(table, "schema.0", {}, rules, notes)
    made = {
        "columns": columns,
        "key": [name for _position, _place, name in sorted(keys, key=lambda key: key[:2])],
        "rules": rules,
        "description": table.get("description") or "",
    }
    return foreign.settle(made, notes)


def _column(given: dict[str, Any], path: str, rules: list[Any], notes: list[Fault]) -> dict[str, Any]:
    kind = str(given.get("logicalType") or "string")
    physical = str(given.get("physicalType") or "").upper()
    exact = {pair: name for name, pair in _WRITTEN.items()}
    if kind not in _TYPES:
        notes.append(left(f"{path}.logicalType"))
    options = given.get("logicalTypeOptions") or {}
    if not isinstance(options, dict):
        raise Invalid(Fault(f"{path}.logicalTypeOptions", "declared.shape"))
    known = ("name", "logicalType", "physicalType", "logicalTypeOptions", "required", "unique", "primaryKey",
             "primaryKeyPosition", "description", "businessName", "quality", "customProperties", "id")  # fmt: skip
    notes += foreign.rest(given, known, path) + foreign.rest(options, _OPTIONS, f"{path}.logicalTypeOptions")
    column = {
        "name": given.get("name"),
        "type": exact.get((kind, physical)) or _TYPES.get(kind, "text"),
        "description": given.get("description") or given.get("businessName") or "",
        "required": given.get("required") is True,
        "unique": given.get("unique") is True,
        "minimum": foreign.written(options.get("minimum")),
        "maximum": foreign.written(options.get("maximum")),
        "pattern": options.get("pattern"),
        "longest": foreign.whole(options.get("maxLength")),
    }
    for place, own in enumerate(foreign.objects(given.get("customProperties"), f"{path}.customProperties")):
        name, value = own.get("property"), own.get("value")
        if name in _OWN and isinstance(value, bool if name == "quasi" else str):
            column[str(name)] = value
        else:
            notes.append(left(f"{path}.customProperties.{place}"))
    _quality(given, path, column, rules, notes)
    return column


def _quality(
    given: dict[str, Any], path: str, column: dict[str, Any], rules: list[Any], notes: list[Fault]
) -> None:
    """Take over the checks that can be; ``column`` is empty where they are about the table."""
    for place, check in enumerate(foreign.objects(given.get("quality"), f"{path}.quality")):
        none = foreign.whole(check.get("mustBe")) == 0
        rows = _ROWS.fullmatch(check["query"]) if isinstance(check.get("query"), str) else None
        if none and rows is not None:
            rules.append(_rule(check, rows[1]))
        elif not (none and column and _library(check, column)):
            notes.append(left(f"{path}.quality.{place}"))


def _rule(check: dict[str, Any], expression: str) -> dict[str, Any]:
    code = str(check.get("name") or "").removeprefix("GB/T 36344 ")
    description = check.get("description")
    return {
        "expression": expression,
        "code": code if code in RULE_CODES else "0104",
        "description": description if isinstance(description, str) else "",
    }


def _library(check: dict[str, Any], column: dict[str, Any]) -> bool:
    """Take over a check of the standard's own library that asks for no exception."""
    arguments = check.get("arguments") or {}
    if not isinstance(arguments, dict):
        return False
    match check.get("metric") or check.get("rule"):
        case "nullValues" | "nullCheck":
            column["required"] = True
        case "duplicateValues" | "duplicateCount" | "uniqueCheck" if not arguments:
            column["unique"] = True
        case "invalidValues" if set(arguments) == {"validValues"} and isinstance(
            arguments["validValues"], list
        ):
            column["allowed"] = [foreign.written(one) or "" for one in arguments["validValues"]]
        case "invalidValues" if set(arguments) == {"pattern"}:
            column["pattern"] = arguments["pattern"]
        case _:
            return False
    return True


@cache
def _loader() -> Any:
    import yaml

    class Loader(yaml.SafeLoader):
        def compose_node(self, parent: Any, index: Any) -> Any:
            if self.check_event(yaml.AliasEvent):
                raise yaml.YAMLError("aliases are not read")
            return super().compose_node(parent, index)

    Loader.yaml_implicit_resolvers = {}
    Loader.add_implicit_resolver(
        "tag:yaml.org,2002:null", re.compile(r"^(?:~|null|Null|NULL|)$"), ["~", "n", "N", ""]
    )
    Loader.add_implicit_resolver(
        "tag:yaml.org,2002:bool", re.compile(r"^(?:true|false|True|False)$"), list("tfTF")
    )
    return Loader


def _yaml(text: str) -> dict[str, Any]:
    import yaml

    if len(text) > foreign.SIZE:
        raise Invalid(Fault("", "declared.size", {"most": foreign.SIZE}))
    try:
        document = yaml.load(text, Loader=_loader())  # noqa: S506 - a stricter SafeLoader
    except (yaml.YAMLError, RecursionError, ValueError, TypeError) as error:
        raise Invalid(Fault("", "declared.yaml")) from error
    if not isinstance(document, dict):
        raise Invalid(Fault("", "declared.shape"))
    return document


def write(declared: Declared, identifier: str, version: str) -> dict[str, Any]:
    """Return a declaration as a data contract; the period and named code lists have no place in it.

    Args:
        declared: the declaration.
        identifier: of the contract.
        version: of the contract.
    """
    table = {
        "name": "data",
        "logicalType": "object",
        "description": declared.description or None,
        "properties": [_property(column, declared.key) for column in declared.columns],
        "quality": [
            {
                "type": "sql",
                "name": f"GB/T 36344 {rule.code}",
                "description": rule.description or None,
                "query": f"SELECT COUNT(*) FROM {{object}} WHERE NOT ({rule.expression})",  # noqa: S608 - a text
                "mustBe": 0,
            }
            for rule in declared.rules
        ],
    }
    contract: dict[str, Any] = _filled(
        {
            "apiVersion": "v3.1.0",
            "kind": "DataContract",
            "id": identifier,
            "version": version,
            "status": "active",
            "schema": [table],
        }
    )
    return contract


def _property(column: DeclaredColumn, key: tuple[str, ...]) -> dict[str, Any]:
    logical, physical = _WRITTEN[column.type]
    options = {name: _bound(column, getattr(column, name)) for name in ("minimum", "maximum")}
    own = [(name, getattr(column, name)) for name in _OWN if getattr(column, name)]
    allowed = list(column.allowed) if isinstance(column.allowed, tuple) else None
    valid = {"type": "library", "metric": "invalidValues", "arguments": {"validValues": allowed}, "mustBe": 0}
    return {
        "name": column.name,
        "logicalType": logical,
        "physicalType": physical,
        "description": column.description or None,
        "required": column.required or None,
        "unique": column.unique or None,
        "primaryKey": column.name in key or None,
        "primaryKeyPosition": key.index(column.name) + 1 if column.name in key else None,
        "classification": "restricted" if column.personal else None,
        "logicalTypeOptions": options | {"pattern": column.pattern, "maxLength": column.longest},
        "quality": [valid] if allowed else None,
        "customProperties": [{"property": name, "value": value} for name, value in own],
    }


def _bound(column: DeclaredColumn, bound: str | None) -> str | int | float | None:
    """Return a bound of numbers as the number the standard wants, or as text where that would not be exact."""
    if bound is None or column.type not in {"integer", "decimal", "float"}:
        return bound
    if "." not in bound:
        return int(bound)
    number = float(bound)
    return number if Decimal(repr(number)) == Decimal(bound) and "e" not in repr(number) else bound


def _filled(value: Any) -> Any:
    """Leave out members that hold nothing; zero and false are something."""
    if isinstance(value, dict):
        kept = {name: _filled(one) for name, one in value.items()}
        return {name: one for name, one in kept.items() if one is not None and one not in ({}, [])}
    return [_filled(one) for one in value] if isinstance(value, list) else value
