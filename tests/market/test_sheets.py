"""Tables for spreadsheets: known as UTF-8, and nothing in them that a spreadsheet would compute."""

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from market import sheets


@pytest.mark.parametrize("text", ["=1+1", "+86 531", "-x", "@sum", "\t=1", "\r=1", "＝1", "＠x", "-1+1"])
def test_a_cell_begins_no_formula(text: str) -> None:
    assert _read(sheets.text([[text]])) == [[f"'{text}"]]


@pytest.mark.parametrize("figures", ["-1280.50", "0", "-5", "12.000"])
def test_figures_stay_figures(figures: str) -> None:
    assert _read(sheets.text([[figures]])) == [[figures]]


@given(st.lists(st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\x00\r")), min_size=1)))
def test_what_is_written_is_read_again(rows: list[list[str]]) -> None:
    written = _read(sheets.text(rows))
    assert [[cell.removeprefix("'") for cell in row] for row in written] == [
        [cell.removeprefix("'") for cell in row] or [""] for row in rows
    ]


def test_nothing_is_an_empty_cell_and_the_file_says_what_it_is() -> None:
    assert sheets.text([[None, 5, "x"]]) == "\ufeff,5,x\r\n"
    answer = sheets.attachment("\ufeffx\r\n", "some.csv")
    assert answer.data.startswith(b"\xef\xbb\xbf")
    assert answer.headers["Content-Disposition"] == 'attachment; filename="some.csv"'


def _read(text: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline="")))
