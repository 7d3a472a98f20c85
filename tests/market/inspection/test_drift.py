"""Two reports compared, and what a comparison says in words."""

import json
from pathlib import Path
from typing import Any

import pytest

from market.inspection import comparison
from market.inspection.changes import sentences
from market.inspection.comparison import Comparison, Distance, Empty, Rows, Share, Typed
from market.inspection.drift import drift
from market.inspection.formats import CSV
from market.inspection.service import inspect_file

OLD = b"key,size,note\nk1,1,\nk2,2,\nk2,2,\n"
NEW = b"size,key,more\n1.5,k1,x\n,k2,y\n"


def report(folder: Path, content: bytes) -> str:
    path = folder / "upload"
    path.write_bytes(content)
    return inspect_file(path, CSV).report


def share(numerator: int, denominator: int) -> dict[str, int]:
    return {"numerator": numerator, "denominator": denominator}


def test_what_two_reports_tell(tmp_path: Path) -> None:
    found = drift(report(tmp_path, OLD), report(tmp_path, NEW))
    assert found == {
        "method": "exact",
        "same": False,
        "columns": {
            "added": [{"name": "more", "type": "text"}],
            "removed": [{"name": "note", "type": "text"}],
            "kept": ["size", "key"],
            "retyped": [{"name": "size", "before": "integer", "after": "decimal"}],
            "reordered": True,
        },
        "duplicates": {"before": share(1, 3), "after": share(0, 2)},
        "kept": [
            {
                "column": "size",
                "same": False,
                "empty": {"before": share(0, 3), "after": share(1, 2)},
                "distinct": {"before": share(2, 3), "after": share(1, 1)},
            },
            {
                "column": "key",
                "same": False,
                "empty": {"before": share(0, 3), "after": share(0, 2)},
                "distinct": {"before": share(2, 3), "after": share(2, 2)},
            },
        ],
    }


def test_a_shuffled_copy_has_the_same_cells(tmp_path: Path) -> None:
    found = drift(report(tmp_path, OLD), report(tmp_path, b"note,size,key\n,2,k2\n,1,k1\n,2,k2\n"))
    assert found["same"]
    assert [one["same"] for one in found["kept"]] == [True, True, True]
    assert found["kept"][0]["distinct"] == {"before": None, "after": None}


@pytest.mark.parametrize("rule", ["method", "content_rule"])
def test_reports_by_different_rules_are_not_compared(tmp_path: Path, rule: str) -> None:
    old = report(tmp_path, OLD)
    other: dict[str, Any] = json.loads(old) | {rule: "another"}
    with pytest.raises(ValueError, match="different rules"):
        drift(old, json.dumps(other))


def test_what_changed_in_words() -> None:
    schema = comparison.schema(
        [Typed("a", "text"), Typed("b", "integer"), Typed("c", "date")],
        [Typed("b", "decimal"), Typed("a", "text"), Typed("d", "boolean")],
    )
    found = Comparison(
        schema,
        Rows(1200, 1300, 150, 50, 1150),
        (Empty("b", Share(0, 1200), Share(13, 1300)), Empty("a", Share(1, 1200), Share(1, 1300))),
        (
            Distance("b", comparison.TOTAL_VARIATION, Share(1, 8), comparison.EXACT, None),
            Distance("b", comparison.KOLMOGOROV_SMIRNOV, Share(1, 16), comparison.SKETCH, None),
            Distance("a", comparison.TOTAL_VARIATION, Share(1, 2000), comparison.EXACT, None),
            Distance("a", None, None, None, comparison.MANY_VALUES),
        ),
    )
    assert list(sentences(found)) == [
        "150 rows were added, 50 removed and 1,150 kept.",
        "Column d was added (yes or no).",
        "Column c was removed (date).",
        "Column b was of type whole number and is now of type decimal number.",
        "The columns stand in another order.",
        "Column b: 0% of its cells were empty, now 1% are.",
        "Column b: 12.5% of its cells moved from some values to others.",
        "Column b: its values moved up or down, in at least 6.2% of its cells.",
    ]


def test_no_change_in_words() -> None:
    same = comparison.schema([Typed("a", "text")], [Typed("a", "text")])
    assert list(sentences(Comparison(same, Rows(1, 1, 0, 0, 1), (), ()))) == [
        "0 rows were added, 0 removed and 1 kept.",
        "The columns are the same.",
    ]
