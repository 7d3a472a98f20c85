"""What two reports tell of how a file changed, without the files. Light.

Reports hold no values, so nothing here speaks of means, smallest or largest values; how far values moved is found by
comparing the files (:mod:`market.inspection.comparison`).
"""

import json
from typing import Any

from market.inspection import comparison
from market.inspection.comparison import EXACT, Share, Typed, plain

Facts = dict[str, Any]


def drift(old_report: str, new_report: str) -> dict[str, Any]:
    """Compare two reports.

    Args:
        old_report: that of the earlier file, as it is stored.
        new_report: that of the later one.

    Returns:
        Plain JSON values. ``same``: whether both are one table by their content digests. ``columns``: as in the
        document of a comparison. ``duplicates``: the share of rows beyond the first of each set of equal rows.
        ``kept``: for each kept column whether it holds the ``same`` cells, the share of ``empty`` cells, and the share
        of ``distinct`` values among the filled ones (null where none is). Each share has ``before`` and ``after``;
        the method is ``exact``.

    Raises:
        ValueError: the reports were made by different rules.
    """
    old, new = json.loads(old_report), json.loads(new_report)
    if any(old[rule] != new[rule] for rule in ("method", "content_rule")):
        raise ValueError("reports made by different rules cannot be compared")
    schema = comparison.schema(_types(old), _types(new))
    before, after = ({column["name"]: column for column in report["columns"]} for report in (old, new))
    return {
        "method": EXACT,
        "same": old["content_digest"] == new["content_digest"],
        "columns": plain(schema),
        "duplicates": {
            "before": _share(old["duplicate_rows"], old["rows"]),
            "after": _share(new["duplicate_rows"], new["rows"]),
        },
        "kept": [_kept(before[name], old["rows"], after[name], new["rows"]) for name in schema.kept],
    }


def _types(report: Facts) -> list[Typed]:
    return [Typed(column["name"], column["type"]) for column in report["columns"]]


def _kept(before: Facts, old_rows: int, after: Facts, new_rows: int) -> Facts:
    return {
        "column": after["name"],
        "same": before["digest"] == after["digest"],
        "empty": {"before": _share(before["nulls"], old_rows), "after": _share(after["nulls"], new_rows)},
        "distinct": {
            "before": _share(before["distinct"], old_rows - before["nulls"]),
            "after": _share(after["distinct"], new_rows - after["nulls"]),
        },
    }


def _share(numerator: int, denominator: int) -> Facts | None:
    return plain(Share(numerator, denominator)) if denominator else None
