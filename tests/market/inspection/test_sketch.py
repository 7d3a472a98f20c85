"""Samples against the obvious way: a set of values, and which of them begin with so many zeros."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from market.inspection import sketch
from market.inspection.sketch import Sample
from market.inspection.table import Table
from tests import samples

SETS = st.builds(
    lambda seed, count, bits: set(np.random.default_rng(seed).integers(1, 1 << bits, count, dtype=np.uint64).tolist()),
    st.integers(0, 99), st.integers(0, 9000), st.integers(12, 63),
)  # fmt: skip


def ascending(values: set[int]) -> Any:
    return np.array(sorted(values), dtype=np.uint64)


def obvious(values: set[int]) -> tuple[int, list[int]]:
    level = 0
    while sum(value >> (64 - level) == 0 for value in values) > sketch.MOST:
        level += 1
    return level, sorted(value for value in values if value >> (64 - level) == 0)


def told(found: Sample) -> tuple[int, list[int]]:
    return found.level, found.values.tolist()


@settings(max_examples=30)
@given(SETS)
def test_a_sample_holds_every_value_with_so_many_zeros(values: set[int]) -> None:
    assert told(sketch.sample(ascending(values))) == obvious(values)
    assert told(sketch.sample(ascending(values)[: sketch.MOST + 1])) == obvious(values)


@settings(max_examples=30)
@given(SETS, SETS)
def test_samples_of_parts_make_the_sample_of_the_whole(one: set[int], other: set[int]) -> None:
    merged = sketch.merge(sketch.sample(ascending(one)), sketch.sample(ascending(other)))
    level, values = told(merged)
    wanted, _all = obvious(one | other)
    assert level == max(wanted, obvious(one)[0], obvious(other)[0]) == wanted
    assert values == obvious(one | other)[1]


@settings(max_examples=30)
@given(SETS, st.integers(1, 3000))
def test_the_lowest_of_a_stream_are_those_of_the_whole(values: set[int], size: int) -> None:
    stream = np.array([*values, *list(values)[:50], 0], dtype=np.uint64)
    blocks = (stream[start : start + size] for start in range(0, len(stream), size))
    assert sketch.lowest(blocks).tolist() == sorted(values)[: sketch.MOST + 1]


@dataclass
class Counts:
    filled: int


@dataclass
class Passed:
    counts: Counts


@dataclass
class Column:
    """As much of a measured column as is asked for."""

    type: str
    distinct: int
    filled: int
    extremes: tuple[str | None, str | None]

    @property
    def column(self) -> Passed:
        return Passed(Counts(self.filled))


@pytest.mark.parametrize(
    ("tells", "column"),
    [
        (True, Column("text", 5000, 6000, ("一", "龙"))),
        (False, Column("text", 999, 999, ("一", "龙"))),
        (False, Column("text", 2000, 4001, ("一", "龙"))),
        (False, Column("integer", 5000, 5000, ("1", "5000"))),
        (False, Column("integer", 5000, 5000, ("-2500", "2499"))),
        (False, Column("integer", 5000, 5000, ("20240001", "20245800"))),
        (True, Column("integer", 5000, 5000, ("12", "9999999999"))),
        (False, Column("text", 5000, 5000, ("ORD000001", "ORD005000"))),
        (True, Column("text", 5000, 5000, ("ORD000001", "ORD995000"))),
        (True, Column("text", 5000, 5000, ("A000001", "B005000"))),
        (False, Column("date", 1462, 1462, ("2012-01-01", "2016-01-01"))),
        (False, Column("timestamp", 1441, 1441, ("2026-01-01 00:00:00", "2026-01-02 00:00:00"))),
        (True, Column("timestamp", 1441, 1441, ("2026-01-01 00:00:00", "2026-01-02 00:00:01.5"))),
        (True, Column("decimal", 5000, 5000, ("1.5", "2.5"))),
        (False, Column("text", 0, 0, (None, None))),
    ],
)
def test_which_columns_can_tell_tables_apart(tells: bool, column: Any) -> None:
    assert sketch.tells(column) is tells


@pytest.mark.parametrize("size", [700, 5000])
def test_a_measured_table_is_sampled_as_the_obvious_way_does(tmp_path: Path, size: int) -> None:
    made = samples.made(5000, seed=1)
    frame = pl.DataFrame({f"c{place}": cells for place, cells in enumerate(made.values())})
    table = Table(list(made), ["text"] * len(made), tmp_path, 1 << 20)
    with ThreadPoolExecutor(2) as workers:
        for start in range(0, 5000, size):
            table.update(frame[start : start + size], workers)
        whole = table.close(workers)
    found = sketch.document(whole.columns, whole.lowest, whole.rows, whole.distinct_rows)
    canonical = made | {
        name: [f"{Decimal(cell).normalize():f}" for cell in made[name]] for name in ("amount", "paid")
    }
    assert found == samples.document(canonical)
