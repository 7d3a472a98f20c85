"""Quality by the codes of GB/T 36344, from what was measured; and the grade over it.

The codes are a table, since the standard's text was not read here: they are those that open implementations
list, and no conformity is claimed. An indicator that lacks what it needs says so with a reason; it is never
counted as kept. Every figure is a numerator over a denominator, both whole and exact.
"""

from collections.abc import Iterable, Mapping
from fractions import Fraction
from typing import Any, Final

from market.i18n import lazy

INDICATORS: Final = {
    "0101": lazy("follows its data standard: type, format, length"),
    "0102": lazy("follows its data model: columns and keys"),
    "0103": lazy("its columns are described"),
    "0104": lazy("keeps its business rules"),
    "0105": lazy("keeps to authoritative code lists"),
    "0106": lazy("personal data are declared"),
    "0201": lazy("cells are filled"),
    "0202": lazy("rows are complete"),
    "0301": lazy("contents are correct: checksums and ranges"),
    "0302": lazy("cells have one format"),
    "0303": lazy("rows do not repeat"),
    "0304": lazy("keys are unique"),
    "0305": lazy("cells are clean"),
    "0401": lazy("agrees with its other copies"),
    "0402": lazy("agrees within itself"),
    "0501": lazy("is correct over its period"),
    "0502": lazy("is timely"),
    "0503": lazy("keeps its sequence"),
    "0601": lazy("could be fetched"),
    "0602": lazy("could be opened and used"),
}
"""What each indicator tells, by its code."""

REASONS: Final = {
    "undeclared": lazy("the provider declared nothing to hold it against"),
    "unsaid": lazy("the declaration says nothing that this could be held against"),
    "no_column": lazy("the file lacks a column that the declaration names for it"),
    "no_cells": lazy("there is no filled cell to look at"),
    "no_format": lazy("free text has no format"),
    "no_checksum": lazy("no column holds values with a checksum or a declared range"),
    "no_personal": lazy("no personal data were found or declared"),
    "no_other_copy": lazy("there is no earlier revision to compare with"),
    "no_rule": lazy("no rule of this kind was declared"),
    "no_deliveries": lazy("only deliveries show it, not the file"),
}
"""Why an indicator cannot be assessed."""

WEIGHTS: Final = {
    "0101": 3, "0102": 2, "0103": 1, "0104": 3, "0105": 2, "0106": 2, "0201": 3, "0202": 2, "0301": 3, "0302": 2,
    "0303": 3, "0304": 3, "0305": 3, "0401": 1, "0402": 2, "0501": 1, "0502": 1, "0503": 1,
}  # fmt: skip
"""How much each indicator of the whole file counts in the grade; those of deliveries do not."""

_LETTERS = (("A", Fraction(98, 100)), ("B", Fraction(90, 100)), ("C", Fraction(75, 100)), ("D", Fraction(0)))
_DIGITS = 4


def figure(code: str, column: str | None, numerator: int, denominator: int) -> dict[str, Any]:
    """Return a measured figure of the report."""
    return {
        "code": code, "column": column, "numerator": numerator, "denominator": denominator,
        "method": "exact", "by": "measured",
    }  # fmt: skip


def unassessed(code: str, reason: str, column: str | None = None) -> dict[str, Any]:
    """Return that an indicator cannot be assessed, and why.

    Args:
        code: of the indicator.
        reason: one of :data:`REASONS`.
        column: the column it is about; None for the whole file.
    """
    return {"code": code, "column": column, "reason": reason}


def summed(code: str, parts: Iterable[Mapping[str, Any]], reason: str) -> dict[str, Any]:
    """Return the figure of the whole file out of those of its columns; why there is none when there are none."""
    counted = [part for part in parts if part["code"] == code and "numerator" in part]
    numerator = sum(part["numerator"] for part in counted)
    denominator = sum(part["denominator"] for part in counted)
    return figure(code, None, numerator, denominator) if denominator else unassessed(code, reason)


def grade(quality: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """Return the grade: the weighted mean of what could be assessed of the whole file.

    Args:
        quality: figures of the report.

    Returns:
        ``weights`` of the indicators that were assessed, ``score`` (decimal text, four digits, rounded down)
        and ``letter`` (A from 0.98, B from 0.90, C from 0.75, else D), and ``assessed``, the share of all
        weights that stand behind it.
    """
    assessed = {
        one["code"]: Fraction(one["numerator"], one["denominator"])
        for one in quality
        if one["column"] is None and "numerator" in one and one["code"] in WEIGHTS
    }
    weights = {code: WEIGHTS[code] for code in sorted(assessed)}
    total = sum(weights.values())
    score = sum((assessed[code] * weight for code, weight in weights.items()), Fraction(0)) / total
    letter = next(letter for letter, least in _LETTERS if score >= least)
    behind = Fraction(total, sum(WEIGHTS.values()))
    return {"weights": weights, "score": shown(score), "letter": letter, "assessed": shown(behind)}


def shown(share: Fraction) -> str:
    """Write a share with four digits, rounded down."""
    scaled = share.numerator * 10**_DIGITS // share.denominator
    return f"{scaled // 10**_DIGITS}.{scaled % 10**_DIGITS:0{_DIGITS}d}"
