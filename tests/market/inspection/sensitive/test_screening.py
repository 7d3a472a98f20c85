import itertools
import random

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from market.inspection.sensitive.classes import LABELS, LEVEL_LABELS, Level, Sensitive, level
from market.inspection.sensitive.screen import EXAMPLES, Finding, Screen
from tests.market.inspection.sensitive import made
from tests.market.inspection.sensitive.corpus import Planted, planted


def screened(name: str, cells: list[str | None], cuts: list[int] | None = None) -> Finding | None:
    screen = Screen(name)
    edges = [0, *sorted(cuts or []), len(cells)]
    for start, end in itertools.pairwise(edges):
        screen.update(pl.Series(cells[start:end], dtype=pl.String))
    return screen.finding()


@pytest.fixture(scope="module")
def corpus() -> list[tuple[Planted, Finding | None]]:
    return [(column, screened(column.name, column.cells)) for column in planted()]


def test_the_corpus_is_large(corpus: list[tuple[Planted, Finding | None]]) -> None:
    assert len(corpus) >= 150


def test_nearly_every_finding_is_right(corpus: list[tuple[Planted, Finding | None]]) -> None:
    wrong = [
        (column.name, column.truth, found)
        for column, found in corpus
        if found is not None and found.kind != column.truth
    ]
    right = sum(found is not None and found.kind == column.truth for column, found in corpus)
    assert right / (right + len(wrong)) >= 0.99, wrong


def test_every_planted_column_is_found(corpus: list[tuple[Planted, Finding | None]]) -> None:
    missed = [(column.truth, column.name) for column, found in corpus if column.truth and found is None]
    assert not missed


def test_every_checked_number_is_found(corpus: list[tuple[Planted, Finding | None]]) -> None:
    for column, found in corpus:
        if column.valid:
            assert found is not None
            assert found.valid == column.valid, column.name


def test_examples_hide_the_value(corpus: list[tuple[Planted, Finding | None]]) -> None:
    for column, found in corpus:
        if found is None:
            continue
        assert 0 < len(found.examples) <= EXAMPLES, column.name
        raw = {cell for cell in column.cells if cell}
        assert not raw & set(found.examples)
        assert all("*" in example for example in found.examples)


@settings(max_examples=25, deadline=None)
@given(st.data())
def test_batches_make_no_difference(data: st.DataObject) -> None:
    column = data.draw(st.sampled_from(COLUMNS))
    cut = data.draw(st.lists(st.integers(0, 400), max_size=4))
    whole = screened(column.name, column.cells)
    assert screened(column.name, column.cells, cut) == whole
    at = data.draw(st.integers(0, 400))
    first, second = Screen(column.name), Screen(column.name)
    first.update(pl.Series(column.cells[:at], dtype=pl.String))
    second.update(pl.Series(column.cells[at:], dtype=pl.String))
    first.merge(second)
    assert first.finding() == whole


COLUMNS = [column for column in planted() if column.truth]


def test_one_number_in_a_million_rows_is_found() -> None:
    number = made.resident(random.Random(1))
    screen = Screen("remark")
    for start in range(0, 1_000_000, 50_000):
        cells = pl.Series(["价格合理，会再来"]).new_from_index(0, 50_000)
        if start == 900_000:
            cells = cells.scatter(1, f"请核对{number}，谢谢")
        screen.update(cells)
    found = screen.finding()
    assert found == Finding(
        Sensitive.RESIDENT_ID, 1, 1_000_000, 1, ("checksum", "pattern", "text"),
        (f"{number[:6]}**********{number[-2:]}",),
    )  # fmt: skip


def test_every_class_has_words_and_a_level() -> None:
    assert set(LABELS) == set(Sensitive)
    assert set(LEVEL_LABELS) == set(Level)
    assert level(Sensitive.RESIDENT_ID) == Level.SENSITIVE_PERSONAL
    assert level(Sensitive.MOBILE) == Level.PERSONAL
    assert level(Sensitive.CREDIT_CODE) == Level.NOT_PERSONAL
