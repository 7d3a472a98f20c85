"""The first draft of a declaration."""

from typing import Any

from market.inspection.declared import drafting, model


def report(**more: Any) -> dict[str, Any]:
    columns = [
        {"name": "id", "type": "integer", "nulls": 0, "distinct": 6},
        {"name": "kind", "type": "text", "nulls": 1, "distinct": 2},
        {"name": "phone", "type": "text", "nulls": 0, "distinct": 2},
    ]
    return {"rows": 6, "columns": columns} | more


PREVIEW = {
    "columns": [
        {"minimum": "1", "maximum": "6", "frequent": []},
        {
            "minimum": "a",
            "maximum": "b",
            "frequent": [{"value": "b", "count": 2}, {"value": "a", "count": 3}],
        },
        {
            "minimum": "1",
            "maximum": "2",
            "frequent": [{"value": "1", "count": 3}, {"value": "2", "count": 3}],
        },
    ]
}


def test_a_draft_says_what_was_measured() -> None:
    sensitive = {"columns": [{"name": "phone", "class": "phone"}]}
    first, second, third = drafting.draft(report(sensitive=sensitive), PREVIEW).columns
    assert first == model.DeclaredColumn(
        "id", "integer", required=True, unique=True, minimum="1", maximum="6"
    )
    assert second == model.DeclaredColumn("kind", allowed=("a", "b"))
    assert third == model.DeclaredColumn("phone", required=True)


def test_without_the_values_nothing_of_them_is_drafted() -> None:
    drafted = drafting.draft(report())
    assert all(column.minimum is None and column.allowed is None for column in drafted.columns)
    model.validate(drafted)
