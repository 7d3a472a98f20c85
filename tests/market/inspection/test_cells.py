"""Reading cells by the column, held against reading them one by one."""

import polars as pl
import pytest
import xxhash
from hypothesis import example, given
from hypothesis import strategies as st

from market.inspection import cells, dirt, hashes
from market.inspection.flat import Flat
from tests.market.inspection import reference

figures = st.text("0123456789.-/ :TZ", max_size=28)
written_dates = st.builds(
    "{:04}{}{}{}{}".format,
    st.integers(900, 10_000), st.sampled_from("-/"), st.integers(0, 14).map(str) | st.just("02"),
    st.sampled_from("-/"), st.integers(0, 32).map(lambda day: f"{day:02}"),
)  # fmt: skip
written_moments = st.builds(
    "{}{}{:02}:{:02}:{:02}{}".format,
    written_dates, st.sampled_from(" T"), st.integers(0, 25), st.integers(0, 61), st.integers(0, 61),
    st.sampled_from(["", "Z", ".5", ".500", ".000000", ".1234567", ".120Z"]),
)  # fmt: skip
numbers = st.builds(
    "{}{}{}".format, st.sampled_from(["", "-", "0", "-0"]), st.integers(0, 10**39),
    st.sampled_from(["", ".", ".0", ".10", ".001", ".500"]),
)  # fmt: skip
texts = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=12)
some = (
    st.none()
    | figures
    | written_dates
    | written_moments
    | numbers
    | texts
    | st.sampled_from(["true", "false"])
)


def read(column: list[str | None]) -> cells.Cells:
    series = pl.Series(column, dtype=pl.String)
    flat = Flat(series)
    return cells.read(series, flat, dirt.suspects(series, flat) if len(flat) else None)


@given(st.lists(some.map(lambda text: text or None), min_size=1, max_size=12))
@example(
    ["1", None, "2020-01-02", "2020/1/2", "2020-01-02 03:04:05", "2020-01-02T03:04:05.50Z", "e\u0301", "-0"]
)
@example(["2020-02-29", "2019-02-29", "1900-02-29", "2000-02-29", "2020/12/31", "2020-1-1"])
@example(["2020-02-29 23:59:60", "2020-02-29 23:59:59", "2020-02-29 24:00:00"])
@example(["1.10", "10", "1.", ".0", "0.0", "-0.00", "100"])
def test_a_column_is_read_as_its_cells_are(column: list[str | None]) -> None:
    found = read(column)
    assert found.text.to_list() == [reference.cell(text) for text in column]
    filled = [text for text in column if text]
    assert found.filled == len(filled)
    assert found.numbers == sum(reference.NUMBER.fullmatch(text) is not None for text in filled)
    assert found.integers == sum(
        reference.NUMBER.fullmatch(text) is not None and "." not in text for text in filled
    )
    kinds = [reference.kind(text) for text in filled]
    assert (found.dates, found.moments) == (kinds.count("date"), kinds.count("moment"))
    assert found.booleans == sum(text in {"true", "false"} for text in filled)


@given(st.lists(texts.map(lambda text: text or None), min_size=1, max_size=9))
def test_cell_values_are_those_of_xxh3(column: list[str | None]) -> None:
    found = hashes.values(pl.Series(column, dtype=pl.String)).tolist()
    assert found == [0 if text is None else xxhash.xxh3_64_intdigest(text.encode()) for text in column]


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        (" a", ["blank"]), ("a ", ["blank"]), ("a\u3000", ["blank"]), ("a\tb", []), ("a\x01", ["control"]),
        ("a\x7fb", ["control"]), ("a\x85b", ["control"]), ("a\u200bb", ["invisible"]), ("\ufeffa", ["invisible"]),
        ("锟斤拷", ["broken"]), ("cafÃ©", ["broken"]), ("\ufffd", ["broken"]), ("café", []), ("价格，合理。", []),
        ("ａ１", []), ("a\nb", []), ("\u200b ", ["blank", "invisible"]), ("Âge", []),
    ],
)  # fmt: skip
def test_dirt_has_its_kinds(text: str, kinds: list[str]) -> None:
    series = pl.Series([text, "fine", None], dtype=pl.String)
    found = dirt.count(series, dirt.suspects(series, Flat(series)))
    assert [kind for kind in dirt.KINDS if found[kind]] == kinds
    assert found["any"] == bool(kinds)
