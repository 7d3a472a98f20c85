"""The form of the common operations stands for a recipe, and each fault for a field."""

import json
from typing import Any

import pytest

from market.errors import Invalid
from market.inspection.cleaning.recipe import CSV, PARQUET
from market.registry.cleaning_form import recipe_of
from market.registry.cleaning_words import said

COLUMNS = {f"columns.{place}.name": name for place, name in enumerate(("手机号", "日期", "金额"))}
EVERYTHING = {
    "invisible": "yes", "width": "yes", "trim": "yes", "duplicates": "yes", "empty": "N/A，无, N/A",
    "otherwise": "empty", "output": PARQUET,
    "columns.0.hide": "mobile", "columns.0.filled": "yes", "columns.0.rename": "电话",
    "columns.1.dates": "YYYY年M月D日", "columns.1.hide": "drop", "columns.1.rename": "day",
    "columns.2.cast": "decimal", "columns.2.hide": "stars",
}  # fmt: skip


def operations(form: dict[str, str]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = recipe_of(COLUMNS | form).to_json()["operations"]
    return found


def test_what_is_chosen_is_done_in_a_fixed_order() -> None:
    assert operations(EVERYTHING) == [
        {"operation": "invisible", "columns": None},
        {"operation": "width", "columns": None},
        {"operation": "trim", "columns": None},
        {"operation": "empty", "columns": None, "words": ("N/A", "无")},
        {"operation": "dates", "columns": ("日期",), "patterns": ("YYYY年M月D日",), "otherwise": "empty"},
        {"operation": "cast", "column": "金额", "type": "decimal", "otherwise": "empty", "places": 2},
        {"operation": "drop_rows", "columns": ("手机号",)},
        {"operation": "drop_duplicates"},
        {"operation": "mask", "column": "手机号", "class": "mobile"},
        {"operation": "mask", "column": "金额", "first": 0, "last": 0},
        {"operation": "drop_columns", "columns": ("日期",)},
        {"operation": "rename", "column": "手机号", "name": "电话"},
    ]
    assert recipe_of(COLUMNS | EVERYTHING).output == PARQUET


def test_nothing_chosen_still_writes_the_file_anew() -> None:
    with pytest.raises(Invalid) as raised:  # not even what kind of file
        recipe_of(COLUMNS)
    assert list(raised.value.fields) == ["output"]
    assert recipe_of(COLUMNS | {"output": CSV}).to_json() == {"version": 1, "output": CSV, "operations": []}


def test_json_counts_instead_of_what_is_chosen() -> None:
    text = json.dumps({"version": 1, "operations": [{"operation": "drop_duplicates"}]})
    assert operations({"trim": "yes", "recipe": text}) == [{"operation": "drop_duplicates"}]


@pytest.mark.parametrize(
    ("form", "fields"),
    [
        ({"columns.1.dates": "the day"}, ["columns.1.dates"]),
        ({"trim": "yes", "columns.2.cast": "money"}, ["columns.2.cast"]),
        ({"columns.2.cast": "decimal", "columns.2.places": "many"}, ["columns.2.cast"]),
        (
            {"columns.0.hide": "secret", "columns.1.rename": "a\u0000b"},
            ["columns.0.hide", "columns.1.rename"],
        ),
        ({"output": "text/html"}, ["output"]),
        ({"trim": "on\u0000", "columns.1.filled": "x"}, ["trim", "columns.1.filled"]),
        ({"recipe": "no JSON"}, ["recipe"]),
        ({"recipe": '{"version": 1, "operations": [{"operation": "hash"}]}'}, ["recipe"]),
    ],
)
def test_each_fault_stands_at_its_field(form: dict[str, str], fields: list[str]) -> None:
    with pytest.raises(Invalid) as raised:
        recipe_of(COLUMNS | form)
    assert raised.value.code == "cleaning.invalid"
    assert list(raised.value.fields) == fields


@pytest.mark.usefixtures("exchange")
def test_every_operation_can_be_said() -> None:
    sentences = [said(one) for one in recipe_of(COLUMNS | EVERYTHING).operations]
    assert len(set(sentences)) == len(EVERYTHING) - 3  # otherwise, output, and a name for what is left out
