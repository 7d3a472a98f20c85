"""Rows weighed against each other, held against counting them by hand."""

import tempfile
from collections import Counter
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from market.inspection.balance import Balance, Weighed

WORDS = [0, 1, 2**56 - 1, 2**56, 2**63, 2**64 - 1]

Row = tuple[int, int]
batches = st.lists(
    st.tuples(st.sampled_from([-1, 1]), st.lists(st.tuples(st.sampled_from(WORDS), st.sampled_from(WORDS)))),
    max_size=8,
)


@settings(max_examples=150, deadline=None)
@given(batches, st.sampled_from([1, 4, 1000]))
def test_what_is_left_is_what_counting_by_hand_leaves(
    batches: list[tuple[int, list[Row]]], most: int
) -> None:
    by_hand: Counter[Row] = Counter()
    with tempfile.TemporaryDirectory() as scratch:
        balance = Balance(Path(scratch), most)
        for step, rows in batches:
            high, low = (pl.Series([row[word] for row in rows], dtype=pl.UInt64) for word in (0, 1))
            balance.count(high, low, step)
            for row in rows:
                by_hand[row] += step
        assert balance.weigh() == Weighed((+by_hand).total(), (-by_hand).total())


@pytest.mark.parametrize(("different", "filed"), [(1, False), (1000, True)])
def test_only_different_rows_take_room(tmp_path: Path, different: int, filed: bool) -> None:
    balance = Balance(tmp_path, 100)
    for start in range(0, 1000, 50):
        places = pl.Series(range(start, start + 50), dtype=pl.UInt64)
        balance.count(places % different, places % different, 1)
    assert any(tmp_path.iterdir()) == filed
    assert balance.weigh() == Weighed(1000, 0)
