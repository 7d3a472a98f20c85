"""A declaration as a value, and its one way to be written."""

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from datetime import date, datetime
from typing import Any
from unicodedata import category

from market.inspection import content
from market.inspection.declared import lists, patterns
from market.inspection.declared.faults import Fault, Invalid
from market.inspection.report import TYPE_LABELS, canonical

COLUMNS, RULES, ALLOWED = 1000, 200, 1000
"""Most columns, row rules and allowed values of one column."""
SIZE = 4 * 1024 * 1024
"""Longest document that is read, in characters."""
NAME, TEXT, EXPRESSION = 200, 2000, 2000
"""Longest name, description and rule, in characters."""
_UNSEEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn"})
"""Categories of characters that nobody sees: control, format, surrogate, private and unassigned ones."""
RULE_CODES = ("0104", "0402", "0503")
"""What a row rule may stand for in GB/T 36344: a rule of business, agreement of columns, before and after."""
_NUMBERS = ("integer", "decimal", "float")


@dataclass(frozen=True)
class DeclaredColumn:
    """What is declared of one column.

    Attributes:
        name: as in the file's header, trimmed.
        type: a word of :data:`market.inspection.report.TYPE_LABELS`.
        description: what it holds.
        required: no cell may be empty.
        unique: no two filled cells may be the same.
        minimum: smallest value, written as a cell; numbers, dates and moments alone.
        maximum: largest value, likewise.
        pattern: what every filled cell must be, see :mod:`market.inspection.declared.patterns`.
        allowed: the values a cell may have, or the name of a list of :mod:`market.inspection.declared.lists`.
        longest: most characters of a cell.
        personal: class of sensitive data it holds; None when none is declared.
        quasi: helps to tell who a row is about.
        unit: of measure.
    """

    name: str
    type: str = "text"
    description: str = ""
    required: bool = False
    unique: bool = False
    minimum: str | None = None
    maximum: str | None = None
    pattern: str | None = None
    allowed: tuple[str, ...] | str | None = None
    longest: int | None = None
    personal: str | None = None
    quasi: bool = False
    unit: str = ""


@dataclass(frozen=True)
class Rule:
    """Something that must be true of every row.

    Attributes:
        expression: see :mod:`market.inspection.declared.rules`.
        code: one of :data:`RULE_CODES`.
        description: in words.
    """

    expression: str
    code: str = "0104"
    description: str = ""


@dataclass(frozen=True)
class Period:
    """The time the rows are about.

    Attributes:
        column: holds the time of a row; a date or a moment.
        start: first day, ``YYYY-MM-DD``; None when open.
        end: last day, likewise.
        every_days: a new row is due at least so often; None when nothing is declared.
    """

    column: str
    start: str | None = None
    end: str | None = None
    every_days: int | None = None


@dataclass(frozen=True)
class Declared:
    """What is declared of a table.

    Attributes:
        columns: in any order.
        key: names of columns that together tell rows apart.
        rules: of rows.
        period: the time the rows are about.
        description: of the table.
    """

    columns: tuple[DeclaredColumn, ...]
    key: tuple[str, ...] = ()
    rules: tuple[Rule, ...] = ()
    period: Period | None = None
    description: str = ""

    def to_json(self) -> str:
        """Return its canonical text."""
        return canonical({"version": 1} | asdict(self))

    @property
    def digest(self) -> str:
        """SHA-256 of its canonical text, hex."""
        return hashlib.sha256(self.to_json().encode()).hexdigest()


def from_json(text: str) -> Declared:
    """Read a declaration.

    Raises:
        Invalid: with all that is wrong.
    """
    if len(text) > SIZE:
        raise Invalid(Fault("", "declared.size", {"most": SIZE}))
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise Invalid(Fault("", "declared.json")) from error
    return build(document)


def build(document: Any) -> Declared:
    """Make a declaration from plain values.

    Raises:
        Invalid: with all that is wrong.
    """
    if not isinstance(document, dict) or document.get("version", 1) != 1:
        raise Invalid(Fault("", "declared.shape"))
    faults: list[Fault] = []
    columns = _parts(document, "columns", DeclaredColumn, COLUMNS, faults)
    rules = _parts(document, "rules", Rule, RULES, faults)
    period = document.get("period")
    periods = _parts({"period": [] if period is None else [period]}, "period", Period, 1, faults)
    key = document.get("key") or ()
    _unknown(document, {"version", *(field.name for field in fields(Declared))}, "", faults)
    if not isinstance(key, (list, tuple)) or not all(isinstance(name, str) for name in key):
        faults.append(Fault("key", "declared.shape"))
    if not isinstance(document.get("description", ""), str):
        faults.append(Fault("description", "declared.shape"))
    if faults:
        raise Invalid(*faults)
    declared = Declared(
        tuple(columns),
        tuple(key),
        tuple(rules),
        periods[0] if periods else None,
        document.get("description", ""),
    )
    validate(declared)
    return declared


def validate(declared: Declared) -> None:
    """Hold a declaration against its bounds.

    Raises:
        Invalid: with all that is wrong.
    """
    from market.inspection.declared import rules

    faults: list[Fault] = []
    names = [column.name for column in declared.columns]
    if not names:
        faults.append(Fault("columns", "declared.no_columns"))
    if len(set(names)) < len(names):
        faults.append(Fault("columns", "declared.name_twice"))
    _text(declared.description, "description", TEXT, faults, lines=True)
    for place, column in enumerate(declared.columns):
        _column(column, f"columns.{place}", faults)
    if len(set(declared.key)) < len(declared.key) or not set(declared.key) <= set(names):
        faults.append(Fault("key", "declared.key"))
    if declared.period is not None:
        _period(declared.period, {column.name: column.type for column in declared.columns}, faults)
    if faults:
        raise Invalid(*faults)
    types = {column.name: column.type for column in declared.columns}
    for place, rule in enumerate(declared.rules):
        path = f"rules.{place}"
        _text(rule.description, f"{path}.description", TEXT, faults, lines=True)
        if rule.code not in RULE_CODES:
            faults.append(Fault(f"{path}.code", "declared.rule_code"))
        try:
            rules.parse(rule.expression, types)
        except rules.Denied as error:
            faults.append(Fault(f"{path}.expression", error.code, error.facts))
    if faults:
        raise Invalid(*faults)


def fits(kind: str, value: str) -> bool:
    """Tell whether a value, written as a cell, is of a type; exact forms only."""
    match kind:
        case "boolean":
            return value in {"true", "false"}
        case "integer":
            return re.fullmatch(content.INTEGER, value) is not None
        case "decimal" | "float":
            return re.fullmatch(content.NUMBER, value) is not None
        case "date":
            return re.fullmatch(r"[1-9][0-9]{3}-[0-9]{2}-[0-9]{2}", value) is not None and _is(date, value)
        case "timestamp":
            form = r"[1-9][0-9]{3}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}"
            return re.fullmatch(form, value) is not None and _is(datetime, value)
    return True


def _is(kind: type[date], value: str) -> bool:
    try:
        kind.fromisoformat(value)
    except ValueError:
        return False
    return True


def _column(column: DeclaredColumn, path: str, faults: list[Fault]) -> None:
    if not column.name or column.name != column.name.strip():
        faults.append(Fault(f"{path}.name", "declared.name"))
    for name in ("name", "unit", "personal"):
        _text(getattr(column, name) or "", f"{path}.{name}", NAME, faults)
    _text(column.description, f"{path}.description", TEXT, faults, lines=True)
    if column.type not in TYPE_LABELS:
        faults.append(Fault(f"{path}.type", "declared.type"))
    for name in ("minimum", "maximum"):
        bound = getattr(column, name)
        if bound is not None and not (
            column.type in (*_NUMBERS, "date", "timestamp") and fits(column.type, bound)
        ):
            faults.append(Fault(f"{path}.{name}", "declared.bound"))
    if column.pattern is not None:
        try:
            patterns.portable(column.pattern)
        except ValueError:
            faults.append(Fault(f"{path}.pattern", "declared.pattern"))
    if column.longest is not None and not 1 <= column.longest <= 1_000_000:
        faults.append(Fault(f"{path}.longest", "declared.longest"))
    if isinstance(column.allowed, str) and column.allowed not in lists.NAMES:
        faults.append(Fault(f"{path}.allowed", "declared.list"))
    if isinstance(column.allowed, tuple):
        if not 1 <= len(column.allowed) <= ALLOWED:
            faults.append(Fault(f"{path}.allowed", "declared.allowed", {"most": ALLOWED}))
        if not all(map(str.strip, column.allowed)):
            faults.append(Fault(f"{path}.allowed", "declared.blank"))
        for value in column.allowed:
            _text(value, f"{path}.allowed", NAME, faults)


def _period(period: Period, types: Mapping[str, str], faults: list[Fault]) -> None:
    if types.get(period.column) not in {"date", "timestamp"}:
        faults.append(Fault("period.column", "declared.period_column"))
    for name in ("start", "end"):
        if getattr(period, name) is not None and not fits("date", getattr(period, name)):
            faults.append(Fault(f"period.{name}", "declared.bound"))
    if period.every_days is not None and not 1 <= period.every_days <= 36_600:
        faults.append(Fault("period.every_days", "declared.every_days"))


def visible(value: str) -> bool:
    """Tell whether every character of a line can be seen, blanks included."""
    return all(category(char) not in _UNSEEN for char in value)


def _text(value: str, path: str, most: int, faults: list[Fault], *, lines: bool = False) -> None:
    if len(value) > most:
        faults.append(Fault(path, "declared.long", {"most": most}))
    if not visible(value.replace("\n", "") if lines else value):
        faults.append(Fault(path, "declared.unseen"))


def _parts(document: dict[str, Any], name: str, kind: Any, most: int, faults: list[Fault]) -> list[Any]:
    """Read a list of objects of one kind; what does not fit becomes a fault."""
    given = document.get(name) or []
    if not isinstance(given, list):
        faults.append(Fault(name, "declared.shape"))
        return []
    if len(given) > most:
        faults.append(Fault(name, "declared.many", {"most": most}))
        return []
    made = []
    for place, values in enumerate(given):
        path = f"{name}.{place}"
        found = len(faults)
        if not isinstance(values, dict):
            faults.append(Fault(path, "declared.shape"))
            continue
        _unknown(values, set(kind.__annotations__), path, faults)
        taken = {key: tuple(value) if isinstance(value, list) else value for key, value in values.items()}
        for field in fields(kind):
            missing = field.name not in taken and field.name in {"name", "expression", "column"}
            if missing or (field.name in taken and not _shaped(field.type, taken[field.name])):
                faults.append(Fault(f"{path}.{field.name}", "declared.shape"))
        if len(faults) == found:
            made.append(kind(**taken))
    return made


def _shaped(kind: Any, value: Any) -> bool:
    """Tell whether a value is of the type a field is declared with."""
    if isinstance(value, tuple):
        return "tuple" in str(kind) and all(isinstance(one, str) for one in value)
    if value is None:
        return "None" in str(kind)
    words = {bool: "bool", int: "int", str: "str"}
    bare = (kind.__name__ if isinstance(kind, type) else str(kind)).replace("tuple[str, ...]", "")
    return type(value) in words and words[type(value)] in bare


def _unknown(values: dict[str, Any], known: set[str], path: str, faults: list[Fault]) -> None:
    for name in sorted(set(values) - known, key=str):
        faults.append(Fault(path, "declared.unknown", {"name": str(name)[:NAME]}))
