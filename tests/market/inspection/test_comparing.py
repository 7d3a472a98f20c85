"""Two files compared, held against counting their rows by hand."""

import csv
import hashlib
import tempfile
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from random import Random

import polars as pl
import pyarrow
import pyarrow.parquet
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from market.inspection import comparison, reading
from market.inspection.comparing import FEW, compare, distance, hashed
from market.inspection.comparison import Comparison, Distance, Rows, Share
from market.inspection.formats import CSV, PARQUET
from market.inspection.limits import MIB, Limits
from market.inspection.refusal import Refusal
from tests.market.inspection import reference

AMPLE = 1024 * MIB
NAMES = ("a", "b", "c", "名")


@dataclass(frozen=True)
class Table:
    """A table, and the format it is written in."""

    names: tuple[str, ...]
    rows: Sequence[tuple[str, ...]]
    media_type: str = CSV

    def cells(self, names: Sequence[str]) -> list[tuple[str | None, ...]]:
        places = [self.names.index(name) for name in names]
        return [tuple(reference.cell(row[place]) for place in places) for row in self.rows]

    def column(self, name: str) -> list[str | None]:
        return [row[0] for row in self.cells([name])]

    def write(self, path: Path) -> None:
        if self.media_type == CSV:
            with path.open("w", encoding="utf-8", newline="") as file:
                csv.writer(file, quoting=csv.QUOTE_ALL).writerows([self.names, *self.rows])
        else:
            columns = {name: [row[place] for row in self.rows] for place, name in enumerate(self.names)}
            pyarrow.parquet.write_table(pyarrow.table(columns), path)


cells = st.sampled_from(["x", "y", "1", "1.0", "-2", "2020/1/2", "2020-01-02", "", "1:", "a\nb", "无"])


@st.composite
def tables(draw: st.DrawFn) -> Table:
    names = tuple(draw(st.lists(st.sampled_from(NAMES), min_size=1, max_size=4, unique=True)))
    rows = draw(st.lists(st.tuples(*[cells for _ in names]), min_size=1, max_size=12))
    return Table(names, rows, draw(st.sampled_from([CSV, PARQUET])))


def compared(old: Table, new: Table, memory: int = AMPLE) -> Comparison:
    return compared_and_filed(old, new, memory)[0]


def compared_and_filed(old: Table, new: Table, memory: int) -> tuple[Comparison, int]:
    """Return the comparison, and how many files it needed."""
    with tempfile.TemporaryDirectory() as folder:
        sources = []
        for name, table in (("old", old), ("new", new)):
            table.write(Path(folder) / name)
            sources.append(reading.open_source(Path(folder) / name, table.media_type, Limits()))
        scratch = Path(folder) / "scratch"
        scratch.mkdir()
        found = compare(sources[0], sources[1], scratch, memory)
        return found, len(list(scratch.iterdir()))


def by_hand(old: Table, new: Table) -> Rows:
    kept = [name for name in new.names if name in old.names]
    if not kept:
        return Rows(len(old.rows), len(new.rows), len(new.rows), len(old.rows), 0)
    before, after = Counter(old.cells(kept)), Counter(new.cells(kept))
    return Rows(
        len(old.rows),
        len(new.rows),
        (after - before).total(),
        (before - after).total(),
        (before & after).total(),
    )


def variation(old: Table, new: Table, name: str) -> Fraction:
    before, after = Counter(old.column(name)), Counter(new.column(name))
    return sum(
        (
            abs(Fraction(before[value], len(old.rows)) - Fraction(after[value], len(new.rows)))
            for value in before | after
        ),
        Fraction(),
    ) / 2  # fmt: skip


def fraction(distance: Distance) -> Fraction:
    assert distance.value is not None
    return Fraction(distance.value.numerator, distance.value.denominator)


def measured(found: Comparison, name: str, measure: str) -> Fraction:
    (one,) = (one for one in found.distances if (one.column, one.measure) == (name, measure))
    return fraction(one)


@settings(max_examples=150, deadline=None)
@given(tables(), tables(), st.sampled_from([1, 4 * 1024, AMPLE]))
def test_what_is_found_is_what_counting_by_hand_gives(old: Table, new: Table, memory: int) -> None:
    found = compared(old, new, memory)
    kept = [name for name in new.names if name in old.names]
    assert found.rows == by_hand(old, new)
    assert list(found.schema.kept) == kept
    assert [one.name for one in found.schema.added] == [name for name in new.names if name not in kept]
    assert [one.name for one in found.schema.removed] == [name for name in old.names if name not in kept]
    assert found.schema.reordered == (kept != [name for name in old.names if name in kept])
    assert [one.column for one in found.empty] == kept
    for one in found.empty:
        assert one.before == Share(old.column(one.column).count(None), len(old.rows))
        assert one.after == Share(new.column(one.column).count(None), len(new.rows))
    for name in kept:
        assert measured(found, name, comparison.TOTAL_VARIATION) == variation(old, new, name)
    assert comparison.from_document(found.document()) == found


@settings(max_examples=60, deadline=None)
@given(tables(), st.randoms(use_true_random=False), st.sampled_from([CSV, PARQUET]))
def test_a_shuffled_copy_in_any_format_is_the_same(table: Table, lot: Random, media_type: str) -> None:
    order = list(table.names)
    lot.shuffle(order)
    rows = [tuple(row[table.names.index(name)] for name in order) for row in table.rows]
    lot.shuffle(rows)
    found = compared(table, Table(tuple(order), rows, media_type))
    assert found.rows == Rows(len(rows), len(rows), 0, 0, len(rows))
    assert (found.schema.added, found.schema.removed, found.schema.retyped) == ((), (), ())
    assert {fraction(one) for one in found.distances} == {Fraction()}


numbers = st.lists(st.integers(-30, 30), min_size=1, max_size=20)


@settings(max_examples=60, deadline=None)
@given(numbers, numbers)
def test_whole_numbers_near_each_other_have_their_true_distance(old: list[int], new: list[int]) -> None:
    old_table, new_table = (Table(("n",), [(str(number),) for number in side]) for side in (old, new))
    found = compared(old_table, new_table)
    assert measured(found, "n", comparison.KOLMOGOROV_SMIRNOV) == _smirnov(old, new)


anything = st.lists(st.floats(-1e12, 1e12).map(lambda number: f"{number:.3f}"), min_size=1, max_size=20)


@settings(max_examples=60, deadline=None)
@given(anything, anything)
def test_other_numbers_are_at_least_so_far_apart(old: list[str], new: list[str]) -> None:
    old_table, new_table = (Table(("n",), [(number,) for number in side]) for side in (old, new))
    found = compared(old_table, new_table)
    true = _smirnov([float(number) for number in old], [float(number) for number in new])
    assert measured(found, "n", comparison.KOLMOGOROV_SMIRNOV) <= true


def _smirnov(old: Sequence[float], new: Sequence[float]) -> Fraction:
    return max(
        abs(
            Fraction(sum(number <= bound for number in old), len(old))
            - Fraction(sum(number <= bound for number in new), len(new))
        )
        for bound in (*old, *new)
    )


def test_a_renamed_column_is_one_removed_and_one_added() -> None:
    old = Table(("key", "price"), [("k1", "1"), ("k2", "2")])
    found = compared(old, Table(("key", "cost"), [("k1", "1.5"), ("k2", "2")]))
    assert [(one.name, one.type) for one in found.schema.removed] == [("price", "integer")]
    assert [(one.name, one.type) for one in found.schema.added] == [("cost", "decimal")]
    assert found.rows == Rows(2, 2, 0, 0, 2)


def test_equal_rows_count_as_often_as_they_stand() -> None:
    old = Table(("a",), [("x",)] * 3 + [("y",)])
    found = compared(old, Table(("a",), [("x",)] * 5))
    assert found.rows == Rows(4, 5, 2, 1, 3)


def test_a_row_is_a_hash_of_its_cells_and_their_lengths() -> None:
    high, low = hashed([pl.Series(["x", None]), pl.Series(["济南", "1"])])
    expected = [hashlib.sha256(row.encode()).digest() for row in ("1:x6:济南", "0:1:1")]
    assert high.to_list() == [int.from_bytes(digest[:8], "big") for digest in expected]
    assert low.to_list() == [int.from_bytes(digest[8:16], "big") for digest in expected]


@pytest.mark.parametrize(
    ("old", "new"), [(("ab", "c"), ("a", "bc")), ((":", ""), ("", ":")), (("1:a", ""), ("1", "a"))]
)
def test_cells_that_run_into_each_other_are_told_apart(old: tuple[str, str], new: tuple[str, str]) -> None:
    found = compared(Table(("a", "b"), [old]), Table(("a", "b"), [new]))
    assert found.rows == Rows(1, 1, 1, 1, 0)


def test_a_column_of_another_type_keeps_its_equal_cells() -> None:
    old = Table(("a", "b"), [("1", "2020-01-02"), ("2", "2020/1/3")])
    found = compared(old, Table(("a", "b"), [("1", "2020/1/2"), ("two", "2020-01-03")]))
    assert [(one.name, one.before, one.after) for one in found.schema.retyped] == [("a", "integer", "text")]
    assert found.rows == Rows(2, 2, 1, 1, 1)
    assert {(one.column, one.measure) for one in found.distances} == {
        ("a", comparison.TOTAL_VARIATION), ("b", comparison.TOTAL_VARIATION), ("b", comparison.KOLMOGOROV_SMIRNOV),
    }  # fmt: skip


def test_files_without_a_common_column_have_no_row_in_common() -> None:
    found = compared(Table(("a",), [("x",), ("y",)]), Table(("b",), [("x",)]))
    assert found.rows == Rows(2, 1, 1, 2, 0)
    assert (found.empty, found.distances) == ((), ())


def test_more_rows_than_fit_in_memory_are_counted_the_same() -> None:
    """The rows are spread over files, and one of them stands more often than a file's share."""
    old = Table(("a", "b"), [(f"r{n}", str(n % 7)) for n in range(5000)] + [("same", "1")] * 3000)
    new = Table(
        ("a", "b"), [(f"r{n}", str(n % 7)) for n in range(4900, 9000)] + [("same", "1")] * 2500, PARQUET
    )
    ample, none = compared_and_filed(old, new, AMPLE)
    tight, files = compared_and_filed(old, new, 100 * 1024)
    assert none == 0
    assert files > 200
    assert tight == ample
    assert ample.rows == Rows(8000, 6600, 4000, 5400, 2600)


def test_typed_columns_of_parquet_are_their_own_text() -> None:
    old = Table(("n", "d"), [("1", "1.50"), ("", "2.00"), ("3", "0.1")])
    with tempfile.TemporaryDirectory() as folder:
        paths = [Path(folder) / name for name in ("old", "new")]
        old.write(paths[0])
        typed = pyarrow.table({"d": [1.5, 2.0, 0.1], "n": pyarrow.array([1, None, 3], pyarrow.int32())})
        pyarrow.parquet.write_table(typed, paths[1])
        sources = [
            reading.open_source(path, kind, Limits())
            for path, kind in zip(paths, (CSV, PARQUET), strict=True)
        ]
        found = compare(sources[0], sources[1], Path(folder), AMPLE)
    assert found.rows == Rows(3, 3, 0, 0, 3)
    assert [(one.name, one.after) for one in found.schema.retyped] == [("d", "float")]
    assert measured(found, "d", comparison.KOLMOGOROV_SMIRNOV) == 0


@pytest.mark.parametrize(("different", "assessed"), [(FEW, True), (FEW + 1, False)])
def test_a_column_of_many_values_is_not_assessed_and_says_so(different: int, assessed: bool) -> None:
    many = Table(("a",), [(f"t{n}",) for n in range(different)])
    (found,) = compared(Table(("a",), [("t0",)]), many).distances
    if assessed:
        assert fraction(found) == Fraction(different - 1, different)
    else:
        assert (found.measure, found.value, found.reason) == (None, None, comparison.MANY_VALUES)


@pytest.mark.parametrize(("denominator", "reason"), [(2**53 - 1, None), (2**53, comparison.TOO_LARGE)])
def test_a_fraction_that_json_cannot_hold_is_not_assessed(denominator: int, reason: str | None) -> None:
    found = distance("a", comparison.TOTAL_VARIATION, Fraction(1, denominator), comparison.EXACT)
    assert found.reason == reason
    whole = Comparison(comparison.schema([], []), Rows(1, 1, 0, 0, 1), (), (found,))
    assert comparison.from_document(whole.document()) == whole


def test_a_document_of_another_version_is_not_read() -> None:
    document = compared(Table(("a",), [("x",)]), Table(("a",), [("x",)])).document()
    with pytest.raises(ValueError, match="another version"):
        comparison.from_document(document | {"version": 2})


@pytest.mark.parametrize("side", ["old", "new"])
def test_a_file_without_rows_is_refused_by_its_side(side: str) -> None:
    full, empty = Table(("a",), [("x",)]), Table(("a",), [], PARQUET)
    with pytest.raises(Refusal) as caught:
        compared(*((empty, full) if side == "old" else (full, empty)))
    assert (caught.value.code, caught.value.facts["file"]) == ("file.no_rows", side)
