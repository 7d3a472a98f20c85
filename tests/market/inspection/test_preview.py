"""The sample of rows: fixed by the rows themselves, masked, and not moved by the order of the file."""

import json
import random
from pathlib import Path

import numpy as np
import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from market import data
from market.inspection import hashes
from market.inspection.formats import CSV
from market.inspection.preview import ROWS, Sample
from market.inspection.sensitive.classes import Sensitive
from market.inspection.service import inspect_file

ROW = st.tuples(
    *[st.sampled_from([None, "a", "b", "春"])] * 2, st.one_of(st.none(), st.integers(0, 40).map(str))
)


def sampled(rows: list[tuple[str | None, ...]]) -> Sample:
    cells = pl.DataFrame(rows, schema={"c0": pl.String, "c1": pl.String, "c2": pl.String}, orient="row")
    found = Sample()
    found.update(cells, [hashes.values(column) for column in cells.get_columns()])
    return found


def value(row: tuple[str | None, ...]) -> int:
    cells: list[int] = hashes.values(pl.Series(row, dtype=pl.String)).tolist()
    return sum(cell * (2 * place + 1) for place, cell in enumerate(cells)) % 2**64


@given(st.lists(ROW, min_size=1, max_size=120), st.integers(0, 120))
def test_the_rows_of_the_smallest_values(rows: list[tuple[str | None, ...]], cut: int) -> None:
    nothing = [None] * 3
    expected = sorted({row for row in rows if any(row)}, key=value)[:ROWS]
    assert sampled(rows).masked(nothing, [False] * 3) == [list(row) for row in expected]
    cut = min(cut, len(rows))
    if 0 < cut < len(rows):
        parts = sampled(rows[:cut])
        parts.merge(sampled(rows[cut:]))
        assert parts.masked(nothing, [False] * 3) == [list(row) for row in expected]


def test_a_row_without_cells_is_not_shown() -> None:
    found = Sample()
    found.update(pl.DataFrame({"c0": [None]}, schema={"c0": pl.String}), [np.zeros(1, np.uint64)])
    assert found.masked([None], [False]) == []


def test_cells_are_masked_by_their_column() -> None:
    found = sampled([("13812345678", "x", "y")])
    assert found.masked([Sensitive.MOBILE, None, None], [False, True, False]) == [["138****5678", None, "y"]]


def test_the_sample_of_a_file(tmp_path: Path) -> None:
    heading, *rows = data.weather().splitlines(keepends=True)
    samples = []
    for order in (rows, random.Random(3).sample(rows, len(rows))):
        path = tmp_path / "upload"
        path.write_bytes(heading + b"".join(order))
        preview = json.loads(inspect_file(path, CSV).preview)
        samples.append(preview["sample"])
        assert not any(column["uncertain"] for column in preview["columns"])
    assert samples[0] == samples[1]
    assert len(samples[0]) == ROWS
    lines = {row.decode().rstrip() for row in rows}
    assert {",".join(cell or "" for cell in row) for row in samples[0]} <= lines


def test_one_cell_that_could_be_a_person_hides_its_column(tmp_path: Path) -> None:
    path = tmp_path / "upload"
    path.write_text(
        "note,level,phone\n"
        + "".join(f"good {n},{n},138{n:08d}\n" for n in range(40))
        + "see 4.13812345678,9,\n"
    )
    measured = inspect_file(path, CSV)
    preview = json.loads(measured.preview)
    assert [column["uncertain"] for column in preview["columns"]] == [True, False, False]
    assert all(row[0] is None and row[1] for row in preview["sample"])
    assert {row[2][3:7] for row in preview["sample"] if row[2]} == {"****"}
