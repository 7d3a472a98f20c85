"""Parquet: every stored type as text, and what is refused."""

import io
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow
import pyarrow.parquet
import pytest
from hypothesis import given
from hypothesis import strategies as st

from market.inspection.formats import PARQUET
from market.inspection.limits import Limits
from market.inspection.reading import BATCH_ROWS, open_source
from market.inspection.refusal import Refusal


def stored(array: Any, **options: Any) -> bytes:
    sink = io.BytesIO()
    pyarrow.parquet.write_table(pyarrow.table({"a": array}), sink, **options)
    return sink.getvalue()


def read(path: Path, content: bytes, limits: Limits | None = None) -> list[str | None]:
    path.write_bytes(content)
    source = open_source(path, PARQUET, limits or Limits())
    return [row[0] for batch in source.batches for row in batch.cells.rows()]


def refused(path: Path, content: bytes, limits: Limits | None = None) -> Refusal:
    with pytest.raises(Refusal) as caught:
        read(path, content, limits)
    return caught.value


def of_decimal(value: Decimal) -> str:
    return format(value, "f")


def of_moment(value: datetime) -> str:
    return value.replace(tzinfo=None).isoformat(" ", "microseconds")


MOMENTS = st.datetimes(datetime(1000, 1, 1), datetime(9999, 12, 31))  # noqa: DTZ001 a moment without a zone
KINDS: list[tuple[Any, st.SearchStrategy[Any], Callable[[Any], str]]] = [
    (pyarrow.bool_(), st.booleans(), lambda value: str(value).lower()),
    (pyarrow.int64(), st.integers(-(2**63), 2**63 - 1), str),
    (pyarrow.uint64(), st.integers(0, 2**64 - 1), str),
    (pyarrow.decimal128(38, 9), st.decimals(-(10**28), 10**28, places=9), of_decimal),
    (pyarrow.date32(), st.dates(date(1000, 1, 1)), date.isoformat),
    (pyarrow.time64("us"), st.times(), lambda value: value.isoformat("microseconds")),
    (pyarrow.timestamp("us"), MOMENTS, of_moment),
    (pyarrow.timestamp("us", "Asia/Shanghai"), MOMENTS.map(lambda value: value.replace(tzinfo=UTC)),
     lambda value: of_moment(value) + "Z"),
    (pyarrow.binary(), st.binary(min_size=1), lambda value: value.hex().upper()),
    (pyarrow.binary(3), st.binary(min_size=3, max_size=3), lambda value: value.hex().upper()),
    (pyarrow.string(), st.text(st.characters(codec="utf-8"), min_size=1), str),
    (pyarrow.dictionary(pyarrow.int32(), pyarrow.string()), st.sampled_from(["x", "济南"]), str),
]  # fmt: skip


@pytest.mark.parametrize("place", range(len(KINDS)), ids=[str(kind) for kind, _values, _text in KINDS])
def test_a_value_is_written_as_python_writes_it(tmp_path_factory: pytest.TempPathFactory, place: int) -> None:
    kind, values, text = KINDS[place]

    @given(st.lists(st.none() | values, min_size=1, max_size=20))
    def holds(given_values: list[Any]) -> None:
        path = tmp_path_factory.mktemp("p") / "f"
        expected = [None if value is None else text(value) for value in given_values]
        assert read(path, stored(pyarrow.array(given_values, kind))) == expected

    holds()


@pytest.mark.parametrize("width", [32, 64])
def test_a_float_is_written_shortest_and_exact(tmp_path_factory: pytest.TempPathFactory, width: int) -> None:
    kind = pyarrow.float32() if width == 32 else pyarrow.float64()

    @given(st.lists(st.floats(width=width, allow_nan=False), min_size=1, max_size=20))  # type: ignore[arg-type]
    def holds(values: list[float]) -> None:
        texts = read(tmp_path_factory.mktemp("p") / "f", stored(pyarrow.array(values, kind)))
        assert pyarrow.array([float(text or "") for text in texts], kind).to_pylist() == values
        if width == 64:
            for text, value in zip(texts, values, strict=True):
                digits, shortest = (
                    Decimal(number).normalize().as_tuple() for number in (text or "", repr(value))
                )
                assert digits == shortest

    holds()


def test_other_units_of_time_are_the_same_moments(tmp_path: Path) -> None:
    moment = datetime(2024, 2, 29, 23, 5, 9, tzinfo=timezone(timedelta(hours=8)))
    for unit, fraction in (("s", ""), ("ms", ".000"), ("us", ".000000"), ("ns", ".000000")):
        column = pyarrow.array([moment], pyarrow.timestamp(unit, "+08:00"))
        assert read(tmp_path / "f", stored(column)) in (
            [f"2024-02-29 15:05:09{fraction}Z"],
            ["2024-02-29 15:05:09.000Z"],
        )
    assert read(tmp_path / "f", stored(pyarrow.array([time(1, 2)], pyarrow.time32("s"))))[0] in (
        "01:02:00",
        "01:02:00.000",
    )


def test_empty_text_is_nothing_and_batches_are_small(tmp_path: Path) -> None:
    assert read(tmp_path / "f", stored(["", "x", None])) == [None, "x", None]
    path = tmp_path / "f"
    path.write_bytes(stored(["x"] * (BATCH_ROWS + 1)))
    heights = [batch.cells.height for batch in open_source(path, PARQUET, Limits()).batches]
    assert max(heights) <= BATCH_ROWS
    assert sum(heights) == BATCH_ROWS + 1


@pytest.mark.parametrize(
    "column",
    [
        pyarrow.array([[1]]),
        pyarrow.array([{"x": 1}]),
        pyarrow.array([[("k", 1)]], pyarrow.map_(pyarrow.string(), pyarrow.int64())),
        pyarrow.array([1], pyarrow.duration("s")),
    ],
    ids=["list", "struct", "map", "duration"],
)
def test_what_is_not_flat_is_refused_by_name(tmp_path: Path, column: Any) -> None:
    refusal = refused(tmp_path / "f", stored(column))
    assert (refusal.code, refusal.facts["column"]) == ("file.unsupported_type", "a")


def test_a_forged_number_of_rows_is_refused(tmp_path: Path) -> None:
    content = stored(pyarrow.array(range(3000)), compression="none", use_dictionary=False)
    varint = bytes([0xF0, 0x2E])  # 3000 as zigzag varint, as the footer counts rows
    start = len(content) - 8 - int.from_bytes(content[-8:-4], "little")
    assert content.count(varint, start) > 0
    place = content.index(b"\x16" + varint, start)
    for forged in (bytes([0xF0, 0x2D]), bytes([0xF0, 0x7E])):
        bad = content[: place + 1] + forged + content[place + 3 :]
        assert refused(tmp_path / "f", bad).code == "file.broken_parquet"


def test_a_page_that_expands_is_bounded(tmp_path: Path) -> None:
    """Few bytes that hold a great many equal values come in batches, never whole."""
    path = tmp_path / "f"
    path.write_bytes(stored(pyarrow.array(["x" * 1000] * 200_000)))
    assert path.stat().st_size < 100_000
    assert sum(batch.cells.height for batch in open_source(path, PARQUET, Limits()).batches) == 200_000


def test_too_many_columns_are_refused(tmp_path: Path) -> None:
    sink = io.BytesIO()
    pyarrow.parquet.write_table(pyarrow.table({f"c{n}": [1] for n in range(1001)}), sink)
    assert refused(tmp_path / "f", sink.getvalue()).code == "file.too_wide"
