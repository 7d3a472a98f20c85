"""A declaration as the fields of a form, there and back; what a form shows and sends back unchanged stays the same."""

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from market.inspection.declared.model import COLUMNS, RULES, Declared, DeclaredColumn, Period, Rule

Form = dict[str, Any]
BLANK = 3
"""Empty places for further rules of rows."""
_TICKS = ("required", "unique", "quasi")
_OPTIONAL = ("minimum", "maximum", "pattern", "personal")
_PERIOD = tuple(field.name for field in fields(Period))


def shown(declared: Declared) -> dict[str, str]:
    """Return the fields that show a declaration."""
    form = {
        "columns": str(len(declared.columns)),
        "rules": str(min(RULES, len(declared.rules) + BLANK)),
        "description": declared.description,
        "key": "\n".join(declared.key),
    }
    for place, column in enumerate(declared.columns):
        form |= {f"columns.{place}.{name}": text for name, text in _column_shown(column).items()}
    for place, rule in enumerate(declared.rules):
        form |= {f"rules.{place}.{name}": text for name, text in vars(rule).items()}
    if declared.period:
        form |= {f"period.{name}": _text(value) for name, value in vars(declared.period).items()}
    return form


def typed(sent: Mapping[str, str]) -> Form:
    """Return what a form says, as :func:`market.inspection.declared.model.build` takes it."""
    period = {name: _line(sent, f"period.{name}") or None for name in _PERIOD}
    return {
        "columns": [_column(sent, f"columns.{place}.") for place in range(_count(sent, "columns", COLUMNS))],
        "key": [name.strip() for name in _lines(sent, "key")],
        "rules": [
            {field.name: _area(sent, f"rules.{place}.{field.name}") for field in fields(Rule)}
            for place in filled_rules(sent)
        ],
        "period": period | {"column": period["column"] or "", "every_days": _whole(period["every_days"])}
        if any(period.values())
        else None,
        "description": _area(sent, "description"),
    }


def names(sent: Mapping[str, str]) -> list[str]:
    """Return the names of the columns that a form is about."""
    return [_line(sent, f"columns.{place}.name") for place in range(_count(sent, "columns", COLUMNS))]


def filled_rules(sent: Mapping[str, str]) -> list[int]:
    """Return the places of the form at which a rule is written, in their order."""
    places = range(_count(sent, "rules", RULES))
    return [
        place
        for place in places
        if any(sent.get(f"rules.{place}.{name}", "").strip() for name in ("expression", "description"))
    ]


def _column_shown(column: DeclaredColumn) -> dict[str, str]:
    form = {name: _text(value) for name, value in vars(column).items() if name not in _TICKS}
    form |= {name: "yes" for name in _TICKS if getattr(column, name)}
    if isinstance(column.allowed, str):
        return form | {"list": column.allowed, "allowed": ""}
    return form | {"allowed": "\n".join(column.allowed or ())}


def _column(sent: Mapping[str, str], at: str) -> Form:
    return {
        "name": _line(sent, f"{at}name"),
        "type": _line(sent, f"{at}type"),
        "description": _area(sent, f"{at}description"),
        "unit": sent.get(f"{at}unit", ""),
        **{name: f"{at}{name}" in sent for name in _TICKS},
        **{name: sent.get(f"{at}{name}") or None for name in _OPTIONAL},
        "allowed": _line(sent, f"{at}list") or _lines(sent, f"{at}allowed") or None,
        "longest": _whole(_line(sent, f"{at}longest")),
    }


def _text(value: object) -> str:
    return "" if value is None else str(value)


def _line(sent: Mapping[str, str], name: str) -> str:
    return sent.get(name, "").strip()


def _area(sent: Mapping[str, str], name: str) -> str:
    """Return several lines, their ends as a declaration has them; a browser sends CR LF."""
    return sent.get(name, "").replace("\r\n", "\n")


def _lines(sent: Mapping[str, str], name: str) -> list[str]:
    """Return the lines in which something is written, the blanks around it being a part of it."""
    return [line for line in _area(sent, name).split("\n") if line.strip()]


def _whole(text: str | None) -> int | None:
    """Return a whole number; what is none becomes 0, which no declaration takes, so that it is named as wrong."""
    if not text:
        return None
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0


def _count(sent: Mapping[str, str], name: str, most: int) -> int:
    return min(most, _whole(sent.get(name)) or 0)
