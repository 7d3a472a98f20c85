"""Whether a report that somebody else made is one of ours by its form: nothing else of it is shown to anybody.

Its figures may be others than ours, its form may not: each member is what :mod:`market.inspection.report` says, every
figure is a whole part of a whole, and the grade follows from the figures.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any, Final

from contracts.canonical import BOUND
from market.inspection import grading
from market.inspection.formats import NAMES
from market.inspection.grading import INDICATORS, REASONS, WEIGHTS
from market.inspection.limits import Limits
from market.inspection.report import TYPE_LABELS
from market.inspection.sensitive.classes import Level, Sensitive

METHODS: Final = frozenset({(2, "qilu-inspection-2", "qilu-content-2")})
"""Version, method and content rule of the reports that can be read."""
SOME: Final = 20
"""Most members of a short list or object."""
_SHORT, _NAME = 100, 10_000
"""Characters."""
_DIGEST, _SUM = re.compile(r"[0-9a-f]{64}"), re.compile(r"[0-9a-f]{32}")
_BY: Final = frozenset({"measured", "declared"})

Check = Callable[[Any], bool]


def knows(report: Mapping[str, Any]) -> bool:
    """Tell whether a report has the form of one of the known versions."""
    if not _fits(report, _REPORT):
        return False
    return (report["version"], report["method"], report["content_rule"]) in METHODS and _agrees(report)


def short(value: Any) -> bool:
    """Tell whether a value is a text of a few words."""
    return isinstance(value, str) and len(value) <= _SHORT


def _fits(value: Any, shape: Any) -> bool:
    """Tell whether a value has a shape: a check, an object with exactly these members, or a list of one shape."""
    if isinstance(shape, dict):
        return (
            isinstance(value, dict)
            and set(value) == set(shape)
            and all(_fits(value[name], inner) for name, inner in shape.items())
        )
    if isinstance(shape, list):
        return isinstance(value, list) and all(_fits(one, shape[0]) for one in value)
    return bool(shape(value))


def _count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= BOUND


def _name(value: Any) -> bool:
    return isinstance(value, str) and len(value) <= _NAME


def _hex(pattern: re.Pattern[str]) -> Check:
    return lambda value: isinstance(value, str) and pattern.fullmatch(value) is not None


def _one_of(words: Any) -> Check:
    return lambda value: isinstance(value, str) and value in words


def _maybe(shape: Any) -> Check:
    return lambda value: value is None or _fits(value, shape)


def _few(inner: Check) -> Check:
    """Accept a small object whose values pass a check."""
    return lambda value: (
        isinstance(value, dict)
        and len(value) <= SOME
        and all(map(short, value))
        and all(map(inner, value.values()))
    )


def _file(value: Any) -> bool:
    """Accept what is said of a file: always type, size and digest, and how its reader took it."""
    if not isinstance(value, dict) or not value.keys() >= {"media_type", "size", "digest"}:
        return False
    rest = {name: said for name, said in value.items() if name not in {"media_type", "size", "digest"}}
    return (
        value["media_type"] in NAMES
        and _count(value["size"])
        and _hex(_DIGEST)(value["digest"])
        and _few(lambda said: said is None or _count(said) or short(said))(rest)
    )


def _figure(value: Any) -> bool:
    common = {"code": _one_of(INDICATORS), "column": _maybe(_name)}
    if _fits(value, common | {"reason": _one_of(REASONS)}):
        return True
    counted = {"numerator": _count, "denominator": _count, "method": short, "by": _one_of(_BY)}
    return _fits(value, common | counted) and 0 < value["denominator"] >= value["numerator"]


_COLUMN: Final = {
    "name": _name, "type": _one_of(TYPE_LABELS), "stored": short, "nulls": _count, "distinct": _count,
    "digest": _hex(_SUM), "shortest": _maybe(_count), "longest": _maybe(_count), "dirty": _few(_count),
}  # fmt: skip
_FINDING: Final = {
    "name": _name, "class": _one_of(set(Sensitive)), "level": _one_of(set(Level)), "cells": _count, "filled": _count,
    "valid": _count, "basis": [short], "declared": _maybe(_one_of(set(Sensitive))),
}  # fmt: skip
_HIDDEN: Final = {"columns": [_name], "k": _count, "groups": _count, "rows_below": _count}
_REPORT: Final = {
    "version": _count, "method": short, "file": _file, "rows": _count, "duplicate_rows": _count,
    "columns": [_COLUMN], "content_digest": _hex(_DIGEST), "content_rule": short,
    "declared": _maybe({"digest": _hex(_DIGEST)}), "quality": [_figure],
    "grade": {"weights": _few(_count), "score": short, "letter": short, "assessed": short},
    "sensitive": {
        "columns": [_FINDING], "k": _maybe(_HIDDEN),
        "negative": [{"code": short, "column": _maybe(_name), "cells": _count}],
    },
}  # fmt: skip


def _agrees(report: Mapping[str, Any]) -> bool:
    """Tell whether the parts of a report agree: its figures are each of a column or the whole, and make the grade."""
    names = [column["name"] for column in report["columns"]]
    figures = [(figure["code"], figure["column"]) for figure in report["quality"]]
    if (
        not 0 < len(names) <= Limits.columns
        or len(set(names)) < len(names)
        or len(set(figures)) < len(figures)
    ):
        return False
    if any(column is not None and column not in names for _code, column in figures):
        return False
    graded = any(
        "numerator" in one and one["column"] is None and one["code"] in WEIGHTS for one in report["quality"]
    )
    return graded and bool(report["grade"] == grading.grade(report["quality"]))
