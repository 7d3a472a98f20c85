"""A table measured in parts, in batches of any size and as a whole, held against counting it by hand."""

import json
import tempfile
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from market.inspection import hashes, writing
from market.inspection.hashes import Kept
from market.inspection.spread import BARS, Spread
from market.inspection.table import Table, Whole
from tests.market.inspection import reference
from tests.market.inspection.test_cells import some

Rows = list[list[str | None]]

few = st.sampled_from(["a", "b", "1", "1.0", "2020/1/2", "2020-01-02", None, "N/A", " a", "-3.50", "无"])
tables = st.integers(1, 4).flatmap(
    lambda width: st.lists(
        st.lists((few | some).map(lambda text: text or None), min_size=width, max_size=width),
        min_size=1,
        max_size=9,
    )
)


def measured(rows: Rows, cuts: Sequence[int], memory: int = 1 << 20, scratch: Path | None = None) -> Table:
    names = [f"n{place}" for place in range(len(rows[0]))]
    with tempfile.TemporaryDirectory() as other, ThreadPoolExecutor(1) as workers:
        table = Table(names, ["text"] * len(names), scratch or Path(other), memory)
        for start, end in zip([0, *cuts], [*cuts, len(rows)], strict=True):
            if part := rows[start:end]:
                frame = pl.DataFrame(
                    {f"c{place}": [row[place] for row in part] for place in range(len(names))},
                    schema={f"c{place}": pl.String for place in range(len(names))},
                )
                table.update(frame, workers)
    return table


def closed(table: Table) -> Whole:
    with ThreadPoolExecutor(1) as workers:
        return table.close(workers)


def told(whole: Whole) -> str:
    """Everything that is told of a table, as one text."""
    facts: dict[str, Any] = writing.table(whole)
    facts["values"] = writing.values(whole)
    facts["lowest"] = [whole.lowest.tolist(), *(one.lowest.tolist() for one in whole.columns)]
    return json.dumps(facts)


@given(tables)
def test_what_is_counted_is_what_counting_by_hand_gives(rows: Rows) -> None:
    whole = closed(measured(rows, []))
    plain = [[reference.cell(text) for text in row] for row in rows]
    assert whole.rows == len(rows)
    assert whole.distinct_rows == len({tuple(row) for row in plain})
    names = [column.column.name for column in whole.columns]
    assert whole.content_digest == reference.content_digest(names, rows)
    for place, column in enumerate(whole.columns):
        cells = [row[place] for row in plain if row[place] is not None]
        assert column.column.counts.filled == len(cells)
        assert column.distinct == len(set(cells))
        assert column.digest == reference.column_digest([row[place] for row in rows])
        often = {text: count for text, count in Counter(cells).items() if count * 64 >= len(cells)}
        assert column.frequent == often
        lengths = [len(cell) for cell in cells if cell is not None]
        assert (column.column.shortest, column.column.longest) == (
            (min(lengths), max(lengths)) if lengths else (None, None)
        )
        if column.type == "text":
            assert column.extremes == ((min(cells), max(cells)) if cells else (None, None))  # type: ignore[type-var]
        elif column.type in {"integer", "decimal"}:
            ordered = sorted((float(cell or ""), cell) for cell in cells)
            assert column.extremes == (ordered[0][1], ordered[-1][1])


def test_looking_for_sensitive_data_leaves_the_cells_alone() -> None:
    """A cedilla alone and full-width figures: the search reads them in another form (NFKC), on its own copy."""
    for text in ("\u00b8", "１３８", "①"):
        assert closed(measured([[text]], [])).columns[0].digest == reference.column_digest([text])


@settings(max_examples=50)
@given(tables, st.data())
def test_parts_of_any_size_give_what_the_whole_gives(rows: Rows, data: st.DataObject) -> None:
    cut = data.draw(st.lists(st.integers(0, len(rows)), max_size=3).map(sorted))
    assert told(closed(measured(rows, cut))) == told(closed(measured(rows, [])))


@settings(max_examples=50)
@given(tables, st.data())
def test_merged_parts_are_the_whole(rows: Rows, data: st.DataObject) -> None:
    cut = data.draw(st.integers(1, len(rows)))
    left = measured(rows[:cut], [])
    if rows[cut:]:
        left.merge(measured(rows[cut:], []))
    assert told(closed(left)) == told(closed(measured(rows, [])))


@settings(max_examples=50)
@given(tables, st.randoms(use_true_random=False))
def test_order_and_names_do_not_change_the_content(rows: Rows, chance: Any) -> None:
    before = closed(measured(rows, []))
    shuffled = rows[:]
    chance.shuffle(shuffled)
    assert closed(measured(shuffled, [])).content_digest == before.content_digest
    if len({column.digest for column in before.columns}) == len(before.columns):
        order = list(range(len(rows[0])))
        chance.shuffle(order)
        turned = [[row[place] for place in order] for row in shuffled]  # under the same names: so renamed too
        assert closed(measured(turned, [])).content_digest == before.content_digest


def test_columns_that_swap_places_in_a_row_change_the_content() -> None:
    """Home and away: each column holds the same cells before and after, and so does each row."""
    before = [["A", "B", "3"], ["B", "A", "5"]]
    after = [["B", "A", "3"], ["A", "B", "5"]]
    digests = [closed(measured(rows, [])).content_digest for rows in (before, after)]  # type: ignore[arg-type]
    assert digests[0] != digests[1]


numbers = st.lists(st.floats(allow_nan=False, width=64) | st.integers(-1000, 1000).map(float), max_size=20)


@given(st.lists(numbers, max_size=4))
def test_bars_depend_on_the_numbers_alone(parts: list[list[float]]) -> None:
    whole, merged, streamed = Spread(), Spread(), Spread()
    whole.update(np.array([number for part in parts for number in part], np.float64))
    for part in parts:
        other = Spread()
        other.update(np.array(part, np.float64))
        merged.merge(other)
        streamed.update(np.array(part, np.float64))
    assert whole.facts() == merged.facts() == streamed.facts()
    facts = whole.facts()
    counted = [
        0.0 if abs(number) < 2.0**-40 else number for part in parts for number in part if np.isfinite(number)
    ]
    assert sum(facts["counts"] if facts else []) == len(counted)
    if facts:
        width = 2.0 ** facts["power"]
        assert len(facts["counts"]) <= BARS
        assert facts["low"] == min(int(np.floor(number / width)) for number in counted)


@given(
    st.integers(0, 1000), st.sampled_from([1, 3, 2**64]), st.sampled_from([0, 5, 10_000]), st.integers(2, 99)
)
def test_kept_values_come_back_in_order_and_counted(rows: int, different: int, most: int, block: int) -> None:
    """However little is in memory, and whether values stand once or crowd together."""
    chance = np.random.default_rng(rows)
    values = chance.integers(0, different, rows, dtype=np.uint64, endpoint=different < 2**64)
    values[::10] = 0
    with tempfile.TemporaryDirectory() as scratch:
        kept = Kept(Path(scratch, "values"), most, block)
        for start in range(0, rows, 7):
            kept.append(values[start : start + 7])
        assert len(kept) == rows
        assert [value for part in kept.blocks(13) for value in part.tolist()] == values.tolist()
        parts = list(kept.tallies())
        assert {path.name for path in Path(scratch).iterdir()} <= {"values"}
    counted = [
        pair for part in parts for pair in zip(part.values.tolist(), part.counts.tolist(), strict=True)
    ]
    assert counted == sorted(Counter(values[values != 0].tolist()).items())
    written = [piece for part in parts for piece in part.written(block)]
    assert all(len(piece) <= max(block, len(part)) for part in parts for piece in part.written(block))
    assert (
        b"".join(piece.tobytes() for piece in written) == np.sort(values[values != 0]).astype(">u8").tobytes()
    )


@settings(max_examples=50)
@given(tables, st.lists(st.integers(0, 9), max_size=30), st.data())
def test_memory_changes_nothing_but_where_values_are_kept(
    rows: Rows, again: list[int], data: st.DataObject
) -> None:
    """With no memory at all, every value goes through files, two at a time."""
    more = [*rows, *(rows[place % len(rows)] for place in again)]
    cut = data.draw(st.lists(st.integers(0, len(more)), max_size=3).map(sorted))
    with tempfile.TemporaryDirectory() as scratch:
        little = measured(more, cut, memory=0, scratch=Path(scratch))
        spilled = {path.name for path in Path(scratch).iterdir()}
        assert spilled == {f"values-{place}" for place in range(len(rows[0]))}
        assert told(closed(little)) == told(closed(measured(more, cut)))


@given(st.lists(st.integers(1, 6), max_size=30), st.integers(2, 8))
def test_no_value_that_is_often_is_missed(values: list[int], share: int) -> None:
    found = hashes.often(np.array(values, np.uint64), share).tolist()
    counts = Counter(values)
    assert sorted(found) == sorted(value for value, count in counts.items() if count * share >= len(values))
