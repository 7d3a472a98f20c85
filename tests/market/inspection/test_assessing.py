"""Indicators out of the bytes and a declaration: what each counts, and that parts add up."""

import re
import tempfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from market.inspection import assessing, grading
from market.inspection.assessing import Holding
from market.inspection.declared.model import Declared, DeclaredColumn, Period, Rule
from market.inspection.service import document
from market.inspection.table import Table
from tests.market.inspection import reference

NAMES = ("code", "day", "low", "high", "city")
DECLARED = Declared(
    columns=(
        DeclaredColumn(
            "code", "text", description="of the station", required=True, unique=True, pattern="[A-Z][0-9]"
        ),
        DeclaredColumn("day", "date", required=True),
        DeclaredColumn("low", "decimal", minimum="-50", maximum="50"),
        DeclaredColumn("high", "decimal", description="of the day"),
        DeclaredColumn("gone", "text"),
    ),
    key=("code", "day"),
    rules=(Rule('"low" <= "high"'), Rule('"high" < 100', code="0402")),
    period=Period("day", "2020-01-01", "2020-12-31"),
)
ROWS: list[list[str | None]] = [
    ["A1", "2020-01-02", "1.5", "9", "济南"],
    ["A2", "2020/1/3", "60", "7", "青岛"],
    ["b3", "2021-02-03", None, "8", None],
    ["A1", "2020-01-02", "x", "200", "济南"],
]


def assessed(
    parts: list[list[list[str | None]]], declared: Declared | None
) -> dict[tuple[str, str | None], Any]:
    with tempfile.TemporaryDirectory() as scratch, ThreadPoolExecutor(1) as workers:
        made = []
        for place, part in enumerate(parts):
            folder = Path(scratch) / str(place)
            folder.mkdir()
            table, holding = Table(NAMES, ["text"] * 5, folder, 1 << 20), Holding(declared, NAMES)
            columns = {f"c{at}": [row[at] for row in part] for at in range(5)}
            frame = pl.DataFrame(columns, schema=dict.fromkeys(columns, pl.String))
            table.update(frame, workers)
            holding.update(frame)
            made.append((table, holding))
        (table, holding), *rest = made
        for further, held in rest:
            table.merge(further)
            holding.merge(held)
        found = assessing.quality(table.close(workers), table, holding)
    return {(one["code"], one["column"]): one for one in found}


def shares(found: dict[tuple[str, str | None], Any]) -> dict[str, Any]:
    return {
        code: one.get("reason") or (one["numerator"], one["denominator"])
        for (code, column), one in found.items()
        if column is None
    }


def test_each_indicator_counts_what_it_says() -> None:
    assert shares(assessed([ROWS], DECLARED)) == {
        "0101": (3 + 4 + 2 + 4, 4 + 4 + 3 + 4),  # the pattern, which b3 has not; types, which x has not
        "0102": (4, 6), "0103": (2, 5), "0104": (1, 2), "0105": "unsaid", "0106": "no_personal", "0201": (18, 20),
        "0202": (4, 4), "0301": (1, 3), "0302": (10, 11), "0303": (4, 4), "0304": (3, 4), "0305": (18, 18),
        "0401": "no_other_copy", "0402": (3, 4), "0501": (3, 4), "0502": "unsaid", "0503": "no_rule",
        "0601": "no_deliveries", "0602": "no_deliveries",
    }  # fmt: skip


def test_without_a_declaration_nothing_is_taken_for_kept() -> None:
    found = shares(assessed([ROWS], None))
    undeclared = ("0101", "0102", "0103", "0104", "0105", "0202", "0304", "0402", "0501", "0502", "0503")
    assert {found[code] for code in undeclared} == {"undeclared"}
    assert found["0201"] == (18, 20)
    graded = grading.grade(
        [{"code": code, "column": None, "numerator": 1, "denominator": 1} for code in ("0201",)]
    )
    assert (graded["score"], graded["letter"]) == ("1.0000", "A")
    assert float(graded["assessed"]) < 0.1


def test_keys_are_counted_where_they_are_filled_and_time_by_the_declared_end() -> None:
    rows: list[list[str | None]] = [
        ["A1", "2020-01-02", None, None, None],
        [None, "2020-01-09", None, None, None],
    ]
    rows += [["A1", "2020-01-02", None, None, None], ["A2", None, None, None, None]]
    period = Period("day", end="2020-01-10", every_days=1)
    found = shares(assessed([rows], replace(DECLARED, key=("code",), period=period)))
    assert (found["0304"], found["0502"]) == ((2, 3), (1, 1))
    late = replace(DECLARED, key=("gone",), period=replace(period, end="2020-02-10"))
    found = shares(assessed([rows], late))
    assert (found["0304"], found["0502"]) == ("no_column", (0, 1))


NUMBERS = st.sampled_from(
    [None, "-60", "-50", "-0", "1.5", "1.50", "7", "50", "50.01", "99.99", "100", "x", "1e3"]
)
TABLES = st.lists(
    st.tuples(
        st.sampled_from([None, "A1", "A2", "Z9", "b3", "A12", "济1"]),
        st.sampled_from([None, "2020-01-02", "2020/1/2", "2020-12-31", "2021-01-01", "2020-02-30", "x"]),
        NUMBERS,
        NUMBERS,
        st.sampled_from([None, "济南", "青岛"]),
    ).map(list),
    min_size=1,
    max_size=12,
)


@settings(max_examples=60, deadline=None)
@given(TABLES)
def test_any_table_is_assessed_as_slowly(rows: list[Any]) -> None:
    found = shares(assessed([rows], DECLARED))
    expected = slowly(rows)
    assert {code: found[code] for code in expected} == expected


@settings(max_examples=40, deadline=None)
@given(TABLES, st.data())
def test_merged_parts_are_assessed_as_the_whole(rows: list[Any], data: st.DataObject) -> None:
    cuts = sorted(data.draw(st.lists(st.integers(0, len(rows)), max_size=3)))
    parts = [rows[begin:end] for begin, end in pairwise([0, *cuts, len(rows)]) if begin < end]
    assert assessed(parts, DECLARED) == assessed([rows], DECLARED)


def slowly(rows: list[list[str | None]]) -> dict[str, Any]:
    """Return what :data:`DECLARED` asks of a table, counted cell by cell; the other indicators are left out."""
    codes, days, lows, highs, _cities = (list(cells) for cells in zip(*rows, strict=True))
    both = [(low, high) for low, high in zip(map(number, lows), map(number, highs), strict=True)]
    compared = [low <= high for low, high in both if low is not None and high is not None]
    highest = [high < 100 for _low, high in both if high is not None]
    kinds = [number(text) is not None for text in (*lows, *highs) if text is not None]
    kinds += [day(text) is not None for text in days if text is not None]
    kinds += [re.fullmatch("[A-Z][0-9]", text) is not None for text in codes if text is not None]
    ranged = [(found := number(text)) is not None and -50 <= found <= 50 for text in lows if text is not None]
    dated = [(when := day(text)) is not None and when.year == 2020 for text in days if text is not None]
    keys = [(reference.cell(code), reference.cell(text)) for code, text in zip(codes, days, strict=True)]
    keyed = [key for key in keys if None not in key]
    filled = [text is not None for row in rows for text in row]
    told = {
        "0101": (kinds, "unsaid"),
        "0104": (compared, "no_cells"),
        "0201": (filled, "no_cells"),
        "0202": ([None not in key for key in keys], "unsaid"),
        "0301": (ranged, "no_checksum"),
        "0402": (highest, "no_cells"),
        "0501": (dated, "no_cells"),
    }
    different = {tuple(map(reference.cell, row)) for row in rows}
    return {
        **{code: (sum(kept), len(kept)) if kept else reason for code, (kept, reason) in told.items()},
        "0303": (len(different), len(rows)),
        "0304": (len(set(keyed)), len(keyed)) if keyed else "no_cells",
    }


def number(text: str | None) -> Fraction | None:
    return Fraction(text) if text is not None and reference.NUMBER.fullmatch(text) else None


def day(text: str | None) -> date | None:
    written = reference.cell(text)
    return date.fromisoformat(written) if written is not None and reference.kind(written) == "date" else None


@pytest.mark.parametrize(
    ("said", "share"), [("resident_id", (1, 1)), ("email", (1, 1)), ("plate", (0, 1)), (None, (0, 1))]
)
def test_personal_data_are_declared_only_as_what_is_as_sensitive(
    tmp_path: Path, said: str | None, share: tuple[int, int]
) -> None:
    path = tmp_path / "calls.csv"
    path.write_text(
        "\n".join(["手机号", *(f"13{place * 7919 % 10**9:09}" for place in range(40)), ""]), "utf-8"
    )
    report = document(path, declared=Declared((DeclaredColumn("手机号", personal=said),)))
    assert shares({(one["code"], one["column"]): one for one in report["quality"]})["0106"] == share


def test_the_child_is_told_and_the_report_names_it(tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    lines = [",".join(NAMES), *(",".join(cell or "" for cell in row) for row in ROWS)]
    path.write_text("\n".join(lines) + "\n", "utf-8")
    found = document(path, declared=DECLARED)
    assert found["declared"] == {"digest": DECLARED.digest}
    assert found["report_digest"] != document(path)["report_digest"]
    figures: Any = found["quality"]
    told = {(one["code"], one["column"]): one for one in figures}
    assert told == assessed([ROWS], DECLARED)


@pytest.mark.parametrize("code", sorted({*grading.WEIGHTS, "0601", "0602"}))
def test_every_indicator_has_its_words(code: str) -> None:
    assert str(grading.INDICATORS[code])
