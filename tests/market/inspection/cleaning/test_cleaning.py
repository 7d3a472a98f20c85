"""Recipes followed by batches, held against the obvious way."""

import itertools
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import polars as pl
import pyarrow.parquet
import pytest
from hypothesis import given
from hypothesis import strategies as st

from market.inspection.cleaning import output, steps
from market.inspection.cleaning.cleaning import clean
from market.inspection.cleaning.parsing import parse
from market.inspection.cleaning.recipe import (
    CSV,
    PARQUET,
    Cast,
    Dates,
    DropColumns,
    DropDuplicates,
    DropRows,
    Empty,
    Invisible,
    Kind,
    Mask,
    Operation,
    Otherwise,
    Recipe,
    Rename,
    Trim,
    Width,
)
from market.inspection.limits import Limits
from market.inspection.reading import Batch, Source
from market.inspection.refusal import Refusal
from market.inspection.sensitive.classes import Sensitive
from tests.market.inspection.cleaning import reference
from tests.market.inspection.cleaning.reference import Cell, Row, Stopped

NAMES = ["a", "日期", "c,d"]
BITS = [
    "2020", "-", "/", "年", "月", "日", "1", "02", "31", ".", " ", "\u3000", "T", "08:05", ":09", "24:00",
    "Z", ",", "234",
    "0", "+", "true", "是", "N/A", "\u200b", "\ufeff", "\x01", "\t", "\n", "\r",
    '"', "１", "Ａ", "，", "张三", "e\u0301", "𝕏", "\x1f",
]  # fmt: skip
LIKELY = [
    "2020-01-31", "2020-02-30", "2020年1月2日", "31.12.1999 23:59",
    "2021-3-4 05:06:07.120Z", "2021-3-4T05:06:07", "0999-01-01",
    "1,234.50", "-0.00", "007", "9223372036854775807", "9223372036854775808",
    "-9223372036854775808", "1" * 38, "1" * 39,
    "0.000001", "12.", "1,23",
    "true", "false", "是", "否", "N/A", " x ", "13812345678", "２０２０", "2020-01-31 23:59:60",
]  # fmt: skip

cells = (
    st.none() | st.sampled_from(LIKELY) | st.lists(st.sampled_from(BITS), min_size=1, max_size=5).map("".join)
)
tables = st.lists(st.tuples(*[cells] * len(NAMES)), min_size=1, max_size=12)
some = st.lists(st.sampled_from(NAMES), min_size=1, max_size=3, unique=True).map(tuple)
one = st.sampled_from(NAMES)
patterns = st.lists(
    st.sampled_from(["YYYY年M月D日", "DD.MM.YYYY hh:mm", "YYYY/M/D", "M/D/YYYY", "YYYYMMDD", "DThh:mm:ss YYYY年MM"]),
    max_size=3, unique=True,
).map(tuple)  # fmt: skip
operations = st.one_of(
    st.builds(Trim, st.none() | some),
    st.builds(Width, st.none() | some),
    st.builds(Invisible, st.none() | some),
    st.builds(Empty, st.none() | some, st.sampled_from([("N/A",), ("0", "是", " ")])),
    st.builds(Dates, some, patterns, st.sampled_from([Otherwise.KEEP, Otherwise.EMPTY])),
    st.builds(
        Cast, one, st.sampled_from([kind for kind in Kind if kind not in {Kind.DECIMAL, Kind.BOOLEAN}]),
        st.sampled_from(Otherwise),
    ),
    st.builds(Cast, one, st.just(Kind.DECIMAL), st.sampled_from(Otherwise), st.integers(0, 18)),
    st.builds(
        Cast, one, st.just(Kind.BOOLEAN), st.sampled_from(Otherwise), st.just(0), st.just(("是",)), st.just(("否",)),
    ),
    st.builds(Mask, one, st.none(), st.integers(0, 4), st.integers(0, 4)),
    st.builds(Mask, one, st.sampled_from([Sensitive.MOBILE, Sensitive.NAME])),
    st.builds(DropDuplicates),
    st.builds(DropRows, some),
)  # fmt: skip
recipes = st.lists(operations, max_size=4).map(lambda found: Recipe(tuple(found)))


def source(rows: Sequence[Sequence[Cell]], cuts: Sequence[int] = (), names: Sequence[str] = NAMES) -> Source:
    def batches() -> Iterator[Batch]:
        for start, end in itertools.pairwise([0, *sorted(set(cuts)), len(rows)]):
            if rows[start:end]:
                cells = [f"c{place}" for place in range(len(names))]
                frame = pl.DataFrame(rows[start:end], schema=dict.fromkeys(cells, pl.String), orient="row")
                yield Batch(frame, end)

    return Source(tuple(names), ("text",) * len(names), {}, len(rows), batches())


def cleaned(
    rows: Sequence[Sequence[Cell]], recipe: Recipe, cuts: Sequence[int] = (), names: Sequence[str] = NAMES
) -> tuple[bytes, dict[str, Any]]:
    with TemporaryDirectory() as folder:
        out, scratch = Path(folder, "out"), Path(folder, "scratch")
        scratch.mkdir()
        found = clean(source(rows, cuts, names), recipe, out, scratch, Limits())
        return out.read_bytes(), found


def expected(rows: Sequence[Sequence[Cell]], recipe: Recipe) -> tuple[list[Row], list[dict[str, int]]]:
    return reference.clean([dict(zip(NAMES, row, strict=True)) for row in rows], recipe)


def counted(found: dict[str, Any]) -> list[dict[str, int]]:
    return [{name: count for name, count in one.items() if name != "operation"} for one in found["changes"]]


@given(tables, recipes, st.lists(st.integers(1, 11), max_size=3))
def test_it_does_what_is_obvious_however_the_rows_are_cut(
    rows: list[tuple[Cell, ...]], recipe: Recipe, cuts: list[int]
) -> None:
    cuts = [cut for cut in cuts if cut < len(rows)]
    try:
        kept, changes = expected(rows, recipe)
    except Stopped:
        with pytest.raises(Refusal, match=r"recipe\.unread"):
            cleaned(rows, recipe, cuts)
        return
    if not kept:
        with pytest.raises(Refusal, match=r"recipe\.no_rows"):
            cleaned(rows, recipe, cuts)
        return
    written, found = cleaned(rows, recipe, cuts)
    assert written == reference.as_csv(NAMES, kept)
    assert counted(found) == changes
    assert (found["rows"], found["kept"]) == (len(rows), len(kept))
    assert cleaned(rows, recipe)[0] == written


@given(tables, recipes, st.lists(st.integers(1, 11), max_size=3))
def test_parquet_holds_what_csv_holds_in_the_same_bytes_each_time(
    rows: list[tuple[Cell, ...]], recipe: Recipe, cuts: list[int]
) -> None:
    recipe = Recipe(recipe.operations, PARQUET)
    try:
        kept, _changes = expected(rows, recipe)
    except Stopped:
        return
    if not kept:
        return
    written, _found = cleaned(rows, recipe, [cut for cut in cuts if cut < len(rows)])
    assert cleaned(rows, recipe)[0] == written
    table = pyarrow.parquet.read_table(pyarrow.BufferReader(written))
    assert table.column_names == NAMES
    for name in NAMES:
        for stored, row in zip(table[name].to_pylist(), kept, strict=True):
            assert as_text(stored, table.schema.field(name).type) == row[name]


def as_text(stored: Any, kind: pyarrow.DataType) -> str | None:
    if stored is None:
        return None
    if isinstance(stored, bool):
        return str(stored).lower()
    if pyarrow.types.is_timestamp(kind):
        text = f"{stored:%Y-%m-%d %H:%M:%S.%f}".rstrip("0").rstrip(".")
        return text + ("Z" if kind.tz == "UTC" else "")
    if pyarrow.types.is_decimal(kind):
        text = f"{stored:f}"
        return text.rstrip("0").rstrip(".") if "." in text else text
    return str(stored)


def test_columns_are_typed_where_a_cast_had_the_last_word() -> None:
    def kinds(*operations: Operation) -> list[str]:
        rows = [["1", "2020-01-02", "1.5"]]
        written, _found = cleaned(rows, Recipe(operations, PARQUET))
        return [str(field.type) for field in pyarrow.parquet.read_schema(pyarrow.BufferReader(written))]

    casts = (
        Cast("a", Kind.INTEGER, Otherwise.STOP),
        Cast("日期", Kind.DATE, Otherwise.EMPTY),
        Cast("c,d", Kind.DECIMAL, Otherwise.DROP, 2),
    )
    assert kinds(*casts) == ["int64", "date32[day]", "decimal128(38, 2)"]
    assert kinds(*casts, Mask("a", None), Dates(("日期",), (), Otherwise.KEEP))[:2] == ["string", "string"]
    assert kinds(Cast("a", Kind.INTEGER, Otherwise.KEEP))[0] == "string"


def test_names_are_followed_through_the_recipe() -> None:
    recipe = Recipe((Rename("a", "x"), DropColumns(("c,d",)), Rename("日期", "a"), Empty(("a",), ("2",))))
    written, found = cleaned([["1", "2", "3"], ["4", "5", "6"]], recipe)
    assert written == b"x,a\n1,\n4,5\n"
    assert found["columns"] == ["x", "a"]
    assert [change["columns"] for change in found["changes"]] == [1, 1, 1, 0]


def test_a_header_is_quoted_and_the_only_column_shows_its_empty_cells() -> None:
    written, _found = cleaned([["1"], [None]], Recipe(()), names=['say "a", b'])
    assert written == b'"say ""a"", b"\n1\n""\n'


@pytest.mark.parametrize(
    ("operation", "code", "column"),
    [
        (Trim(("b",)), "recipe.unknown_column", "b"),
        (Mask("b", None), "recipe.unknown_column", "b"),
        (Rename("a", "日期"), "recipe.repeated_name", "日期"),
        (DropColumns(tuple(NAMES)), "recipe.no_columns", None),
        (Cast("c,d", Kind.INTEGER, Otherwise.STOP), "recipe.unread", "c,d"),
    ],
)
def test_a_recipe_that_does_not_fit_is_refused(operation: Operation, code: str, column: str | None) -> None:
    with pytest.raises(Refusal) as refused:
        cleaned([["1", "2", "3"], ["4", "5", "x"]], Recipe((operation,)))
    assert refused.value.code == code
    assert refused.value.facts.get("column") == column
    if code == "recipe.unread":
        assert refused.value.facts["row"] == 2


def test_the_row_that_stops_it_is_told_by_its_number_in_the_source() -> None:
    rows: list[list[Cell]] = [[None, "1", "1"], ["1", "1", "1"], ["1", "1", "x"]]
    recipe = Recipe((DropRows(("a",)), DropDuplicates(), Cast("c,d", Kind.INTEGER, Otherwise.STOP)))
    with pytest.raises(Refusal) as refused:
        cleaned(rows, recipe, [1, 2])
    assert refused.value.facts == {"column": "c,d", "row": 3}


@pytest.mark.parametrize("most", [20, 64, 1000])
def test_duplicates_are_found_when_hashes_are_compared_in_parts(
    monkeypatch: pytest.MonkeyPatch, most: int
) -> None:
    monkeypatch.setattr(steps, "_MOST", most)
    rows: list[list[Cell]] = [[str(place % 17), None if place % 5 else "x", "1"] for place in range(200)]
    written, found = cleaned(rows, Recipe((DropDuplicates(),)), range(3, 200, 10))
    kept, _changes = expected(rows, Recipe((DropDuplicates(),)))
    assert written == reference.as_csv(NAMES, kept)
    assert found["changes"][0]["rows"] == 200 - len(kept)


def test_cells_that_only_look_alike_when_joined_are_no_duplicates() -> None:
    rows: list[list[Cell]] = [
        ["1", "23", None], ["12", "3", None], ["1", None, "23"], ["1:1", "-", None], ["1", "1-", None],
        ["1\0", "2", "3"],
        ["1", "\x002", "3"], ["\0", None, None], [None, "\0", None], [None, None, "\0"], ["1\0002", "3", None],
    ]  # fmt: skip
    written, _found = cleaned(rows, Recipe((DropDuplicates(),)))
    assert written.count(b"\n") == 1 + len(rows)


def test_rows_that_wait_take_no_more_room_than_allowed(tmp_path: Path) -> None:
    recipe = Recipe((DropDuplicates(),))
    with pytest.raises(Refusal, match=r"inspection\.memory"):
        clean(source([["1", "2", "3"]]), recipe, tmp_path / "out", tmp_path, Limits(scratch=10))


def test_row_groups_have_one_size(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(output, "ROWS", 4)
    rows: list[list[Cell]] = [[str(place), "x", None] for place in range(10)]
    made = {cleaned(rows, Recipe((), PARQUET), cuts)[0] for cuts in ((), (1, 2, 3), (5,), (4, 8))}
    assert len(made) == 1
    file = pyarrow.parquet.ParquetFile(pyarrow.BufferReader(made.pop()))
    assert [file.metadata.row_group(group).num_rows for group in range(file.num_row_groups)] == [4, 4, 2]


@given(recipes, st.sampled_from([CSV, PARQUET]))
def test_a_recipe_is_read_as_it_was_written(recipe: Recipe, media_type: str) -> None:
    whole = Recipe(recipe.operations, media_type)
    assert parse(whole.text) == whole
    assert parse(json.dumps(whole.to_json(), indent=2)).digest == whole.digest
