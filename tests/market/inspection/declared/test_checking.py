"""The counts, held against the obvious way to count, a row at a time."""

import re
from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from market.inspection import content
from market.inspection.declared import model
from market.inspection.declared.checking import Checker, Count

DECLARED = model.build(
    {
        "columns": [
            {"name": "n", "type": "decimal", "minimum": "-1.5", "maximum": "10", "required": True},
            {"name": "d", "type": "date", "minimum": "2024-02-29", "maximum": "2026-01-05"},
            {"name": "m", "type": "timestamp", "minimum": "2026-01-05 10:00:00"},
            {
                "name": "t",
                "pattern": r"[a-c]\w?|1",
                "longest": 2,
                "allowed": ["a", "ab", "1"],
                "required": True,
            },
            {"name": "gone", "required": True},
        ],
        "rules": [
            {"expression": '"n" * "n" > 2'},
            {"expression": '"d" <= "m"', "code": "0503"},
            {"expression": 'coalesce("n", 0) = 0 or "t" is null or length("t") = 1'},
            {"expression": "\"gone\" = 'x'"},
        ],
    }
)
NAMES = ("t", "n", "d", "m", "extra")
CELLS = {
    "t": ["a", "ab", "b", "1", "abc", "中", "a\n", "a "],
    "n": ["0", "-0", "1.50", "-1.50", "-1.51", "10.00", "10.01", "-1", "007", "x", "1e3", "9" * 38, "-" + "9" * 38,
          "0." + "0" * 37 + "1", "-0.5", "1."],
    "d": ["2024-02-29", "2024/2/29", "2023-02-29", "2026-1-5", "2026-01-06", "2026-1/5", "x", "2026-01-05\n"],
    "m": ["2026-01-05 10:00:00", "2026-1-5T09:59:59.999999Z", "2026-01-05 10:00:60", "2026-01-05 24:00:00",
          "2024-02-29 00:00:00", "2026-01-05"],
    "extra": ["x"],
}  # fmt: skip

Row = dict[str, str | None]


def rows(most: int = 30) -> st.SearchStrategy[list[Row]]:
    cells = {name: st.none() | st.sampled_from(values) for name, values in CELLS.items()}
    return st.lists(st.fixed_dictionaries(cells), min_size=1, max_size=most)


def frame(given_rows: list[Row]) -> pl.DataFrame:
    columns = {f"c{place}": [row[name] for row in given_rows] for place, name in enumerate(NAMES)}
    return pl.DataFrame(columns, schema=dict.fromkeys(columns, pl.String))


def number(cell: str | None) -> Decimal | None:
    return Decimal(cell) if cell is not None and re.fullmatch(content.NUMBER, cell) else None


def day(cell: str | None) -> date | None:
    if cell is None or not re.fullmatch(content.DATE, cell):
        return None
    try:
        return date(*map(int, re.split("[-/]", cell)))
    except ValueError:
        return None


def moment(cell: str | None) -> datetime | None:
    if cell is None or not re.fullmatch(content.MOMENT, cell):
        return None
    whole, _point, fraction = cell.rstrip("Z").partition(".")
    year, month, day_of, hour, minute, second = map(int, re.split(r"[-: T]", whole))
    try:
        return datetime(year, month, day_of, hour, minute, second, int(fraction.ljust(6, "0")))  # noqa: DTZ001
    except ValueError:
        return None


def counted(answers: list[bool | None]) -> Count:
    known = [answer for answer in answers if answer is not None]
    return Count(len(known), sum(known), len(answers) - len(known))


def asked(cells: list[str | None], keeps: Callable[[str], object]) -> Count:
    filled = [cell for cell in cells if cell is not None]
    return Count(len(filled), sum(bool(keeps(cell)) for cell in filled))


def small(cell: str | None) -> Decimal | None:
    """The numbers that rules compute with: 18 digits, 8 places."""
    fits = cell is not None and re.fullmatch(r"-?(0|[1-9]\d{0,17})(\.\d{1,8})?", cell)
    return Decimal(cell) if fits and cell is not None else None


def first_rule(row: Row) -> bool | None:
    value = small(row["n"])
    return None if value is None else value * value > 2


def second_rule(row: Row) -> bool | None:
    left, right = day(row["d"]), moment(row["m"])
    return None if left is None or right is None else datetime(left.year, left.month, left.day) <= right  # noqa: DTZ001


def third_rule(row: Row) -> bool | None:
    value = Decimal(0) if row["n"] is None else small(row["n"])
    if value == 0 or row["t"] is None or len(row["t"]) == 1:
        return True
    return None if value is None else False


@settings(max_examples=30, deadline=None)
@given(rows())
def test_counts_are_those_of_counting_row_by_row(given_rows: list[Row]) -> None:
    checker = Checker(DECLARED, NAMES)
    checker.update(frame(given_rows))
    found = checker.counts()
    texts, numbers, days, moments = ([row[name] for row in given_rows] for name in ("t", "n", "d", "m"))
    low, high = Decimal("-1.5"), Decimal(10)
    assert found.columns["n"] == {
        "required": Count(len(numbers), sum(cell is not None for cell in numbers)),
        "type": asked(numbers, lambda cell: number(cell) is not None),
        "range": asked(numbers, lambda cell: (value := number(cell)) is not None and low <= value <= high),
    }
    assert found.columns["d"] == {
        "type": asked(days, day),
        "range": asked(days, lambda cell: (v := day(cell)) and date(2024, 2, 29) <= v <= date(2026, 1, 5)),
    }
    assert found.columns["m"] == {
        "type": asked(moments, moment),
        "range": asked(moments, lambda cell: (v := moment(cell)) and v >= datetime(2026, 1, 5, 10)),  # noqa: DTZ001
    }
    assert found.columns["t"] == {
        "required": Count(len(texts), sum(cell is not None for cell in texts)),
        "longest": asked(texts, lambda cell: len(cell) <= 2),
        "pattern": asked(texts, lambda cell: re.fullmatch(r"[a-c]\w?|1", cell, re.ASCII)),
        "allowed": asked(texts, lambda cell: cell in {"a", "ab", "1"}),
    }
    full = sum(row["n"] is not None and row["t"] is not None for row in given_rows)
    assert found.records == Count(len(given_rows), full)
    assert found.rules[0] == counted([first_rule(row) for row in given_rows])
    assert found.rules[1] == counted([second_rule(row) for row in given_rows])
    assert found.rules[2] == counted([third_rule(row) for row in given_rows])
    assert found.rules[3] == Count(unknown=len(given_rows))
    assert (found.missing, found.undeclared) == (("gone",), ("extra",))


@settings(max_examples=8, deadline=None)
@given(rows(), rows())
def test_parts_merged_are_the_whole(first: list[Row], second: list[Row]) -> None:
    whole, left, right = (Checker(DECLARED, NAMES) for _ in range(3))
    whole.update(frame(first + second))
    left.update(frame(first))
    right.update(frame(second))
    left.merge(right)
    assert left.counts() == whole.counts()


def test_numbers_too_large_to_compute_with_leave_a_rule_open() -> None:
    declared = model.build(
        {"columns": [{"name": "n", "type": "decimal"}], "rules": [{"expression": '"n" * "n" * "n" > 1'}]}
    )
    checker = Checker(declared, ["n"])
    checker.update(pl.DataFrame({"c0": ["9" * 18, "2"]}))
    assert checker.counts().rules == (Count(1, 1, 1),)
