"""What a cleaned file takes over from its source: declarations and corrections that still hold, and a name."""

from typing import Any

import pytest

from market.inspection.cleaning.recipe import PARQUET
from market.inspection.declared.model import Declared, DeclaredColumn, Period, Rule, validate
from market.inspection.formats import CSV
from market.registry import cleaning, cleaning_carrying
from tests.market.registry.test_cleaning import TRIM, recipe

DECLARED = Declared(
    (DeclaredColumn("a", "integer"), DeclaredColumn("b", "integer"), DeclaredColumn("day", "date")),
    key=("a", "day"),
    rules=(Rule('"a" < "b"'), Rule('"a" > 0')),
    period=Period("day"),
)


@pytest.mark.parametrize(
    ("operations", "columns", "key", "rules", "period"),
    [
        ([TRIM], ["a", "b", "day"], ("a", "day"), 2, "day"),
        ([{"operation": "drop_columns", "columns": ["b"]}], ["a", "day"], ("a", "day"), 1, "day"),
        ([{"operation": "mask", "column": "day"}], ["a", "b"], (), 2, None),
        (
            [
                {"operation": "rename", "column": "day", "name": "date"},
                {"operation": "drop_columns", "columns": ["b"]},
                {"operation": "rename", "column": "a", "name": "b"},
            ],
            ["b", "date"], ("b", "date"), 0, "date",
        ),
    ],
)  # fmt: skip
def test_what_still_holds_of_a_declaration(
    operations: list[dict[str, Any]], columns: list[str], key: tuple[str, ...], rules: int, period: str | None
) -> None:
    left = cleaning_carrying.declared_after(DECLARED, recipe(*operations))
    assert left is not None
    validate(left)
    assert [column.name for column in left.columns] == columns
    assert (left.key, len(left.rules)) == (key, rules)
    assert (left.period.column if left.period else None) == period


def test_nothing_holds_of_columns_that_are_gone() -> None:
    gone = recipe({"operation": "drop_columns", "columns": ["a", "b", "day"]})
    assert cleaning_carrying.declared_after(DECLARED, gone) is None


@pytest.mark.parametrize(
    ("filename", "media_type", "expected"),
    [
        ("a.csv", CSV, "a-cleaned.csv"),
        ("A.JSONL.GZ", PARQUET, "A-cleaned.parquet"),
        ("a-cleaned.csv", CSV, "a-cleaned.csv"),
        ("名" * 200 + ".csv", CSV, "名" * 188 + "-cleaned.csv"),
    ],
)
def test_the_name_of_a_cleaned_file(filename: str, media_type: str, expected: str) -> None:
    assert cleaning.named(filename, media_type) == expected
