"""The line of a row, held against the standard library's reader."""

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from market.inspection.reading import line

ROWS = st.lists(
    st.lists(st.text(st.sampled_from('a济1," \n\r'), max_size=4), min_size=2, max_size=2), min_size=1
)


@pytest.mark.parametrize("chunk", [1, 3, line.CHUNK])
@given(ROWS, st.sampled_from(["\n", "\r\n", "\r"]), st.data())
def test_the_line_of_a_row_is_found(chunk: int, rows: list[list[str]], end: str, data: st.DataObject) -> None:
    written, begins, lengths = "", [], []
    for row in rows:
        written += end * data.draw(st.integers(0, 2))
        begins.append(len(io.StringIO(written, newline=None).readlines()) + 1)
        text = io.StringIO(newline="")
        csv.writer(text, lineterminator=end, quoting=csv.QUOTE_ALL).writerow(row)
        lengths.append(len(text.getvalue().encode()))
        written += text.getvalue()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(line, "CHUNK", chunk)
        found = [line.line_of(row, io.BytesIO(written.encode())) for row in range(1, len(rows) + 1)]
        assert found == begins
        most = max(lengths) - 1
        first = begins[next(place for place, length in enumerate(lengths) if length > most)]
        assert line.line_of_long(most, io.BytesIO(written.encode())) == first
