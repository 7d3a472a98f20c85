"""Recipes that are none: each fault is named by its path."""

import json
from typing import Any

import pytest

from market.inspection.cleaning import parsing, patterns
from market.inspection.cleaning.parsing import RecipeError, parse
from market.inspection.cleaning.recipe import CSV, Cast, Kind, Otherwise, Recipe, Trim


def paths(text: str) -> list[str]:
    with pytest.raises(RecipeError) as refused:
        parse(text)
    return [fault.path for fault in refused.value.faults]


def written(*operations: Any, **members: Any) -> str:
    return json.dumps({"version": 1, "operations": list(operations)} | members)


def test_what_is_left_out_has_a_default_and_one_digest() -> None:
    short = parse(written({"operation": "trim"}, {"operation": "cast", "column": "a", "type": "integer"}))
    assert short == Recipe((Trim(None), Cast("a", Kind.INTEGER, Otherwise.STOP)), CSV)
    long = written(
        {"columns": None, "operation": "trim"},
        {"otherwise": "stop", "operation": "cast", "type": "integer", "column": "a"},
        output="text/csv",
    )
    assert parse(long).digest == short.digest
    assert short.digest == "d9dd21e5021a82df549340e6be0525ba576558fa34de18c809f4393a622d5ebe"


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", "1", "null", "NaN", '{"version": 1, "version": 1, "operations": []}', "[" * 100_000],
)
def test_no_recipe_at_all(text: str) -> None:
    assert paths(text) == [""]


def test_a_recipe_has_a_size() -> None:
    assert paths(" " * (parsing.SIZE + 1)) == [""]


@pytest.mark.parametrize(
    ("members", "path"),
    [
        ({"version": 2}, "version"),
        ({"version": "1"}, "version"),
        ({"output": "text/html"}, "output"),
        ({"output": ["text/csv"]}, "output"),
        ({"operations": {}}, "operations"),
        ({"operations": [{"operation": "trim"}] * 201}, "operations"),
        ({"more": 1}, "more"),
    ],
)
def test_the_whole(members: dict[str, Any], path: str) -> None:
    assert paths(written(**members)) == [path]


@pytest.mark.parametrize(
    ("operation", "path"),
    [
        ("trim", ""),
        ({}, "operation"),
        ({"operation": ["trim"]}, "operation"),
        ({"operation": "hash", "column": "a"}, "operation"),
        ({"operation": "trim", "columns": []}, "columns"),
        ({"operation": "trim", "columns": ["a", "a"]}, "columns"),
        ({"operation": "trim", "columns": ["a", 1]}, "columns.1"),
        ({"operation": "trim", "columns": ["a\n"]}, "columns.0"),
        ({"operation": "trim", "columns": ["\ud800"]}, "columns.0"),
        ({"operation": "trim", "column": "a"}, "column"),
        ({"operation": "drop_columns"}, "columns"),
        ({"operation": "drop_columns", "columns": None}, "columns"),
        ({"operation": "drop_rows", "columns": "a"}, "columns"),
        ({"operation": "rename", "column": "a", "name": ""}, "name"),
        ({"operation": "rename", "column": "a", "name": "n" * 201}, "name"),
        ({"operation": "empty"}, "words"),
        ({"operation": "empty", "words": ["x", "x"]}, "words"),
        ({"operation": "empty", "words": [""]}, "words.0"),
        ({"operation": "dates", "columns": ["a"], "patterns": ["YYYY"]}, "patterns.0"),
        ({"operation": "dates", "columns": ["a"], "otherwise": "drop"}, "otherwise"),
        ({"operation": "cast", "column": "a", "type": "float"}, "type"),
        ({"operation": "cast", "column": "a", "type": "integer", "places": 0}, "places"),
        ({"operation": "cast", "column": "a", "type": "decimal", "places": 19}, "places"),
        ({"operation": "cast", "column": "a", "type": "decimal", "places": True}, "places"),
        ({"operation": "cast", "column": "a", "type": "decimal", "places": 1.0}, "places"),
        ({"operation": "cast", "column": "a", "type": "date", "yes": ["是"]}, "yes"),
        ({"operation": "cast", "column": "a", "type": "boolean", "yes": ["1"], "no": ["1"]}, "no"),
        ({"operation": "cast", "column": "a", "type": "boolean", "no": ["true"]}, "no"),
        ({"operation": "mask", "column": "a", "first": -1}, "first"),
        ({"operation": "mask", "column": "a", "last": 51}, "last"),
        ({"operation": "mask", "column": "a", "class": "pet"}, "class"),
        ({"operation": "mask", "column": "a", "class": None}, "class"),
        ({"operation": "mask", "column": "a", "class": "name", "first": 1}, "first"),
        ({"operation": "drop_duplicates", "columns": ["a"]}, "columns"),
    ],
)
def test_an_operation(operation: Any, path: str) -> None:
    assert paths(written({"operation": "trim"}, operation)) == [f"operations.1.{path}".rstrip(".")]


def test_every_faulty_operation_is_named() -> None:
    assert paths(written({"operation": "x"}, {"operation": "trim"}, {"operation": "mask"})) == [
        "operations.0.operation", "operations.2.column",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "text",
    [
        "YYYYMMDD",
        "YYYY年M月D日",
        "D/M/YYYY",
        "MM-DD-YYYY",
        "YYYY.MM.DD hh:mm",
        "YYYYMMDDhhmmss",
        "YYYY-MM-DDThh:mm:ss",
    ],
)
def test_patterns(text: str) -> None:
    assert patterns.read(text) is not None


@pytest.mark.parametrize(
    "text",
    [
        "", "YYYY", "YYYY-MM", "YYYYMD", "YYYYMDD", "MDD/YYYY", "YYYY-MM-DD-DD", "YYYY-M-MM", "YY-MM-DD",
        "YYYY-MM-DD hh",
        "YYYY-MM-DD mm:ss", "YYYY-MM-DD hh:ss", "YYYY-MM-DD 1", "YYYY-MM-DDZ", "at YYYY-MM-DD",
    ],
)  # fmt: skip
def test_no_patterns(text: str) -> None:
    assert patterns.read(text) is None
