"""CSV: what is read, and what is refused."""

import bz2
import csv
import gzip
import io
import lzma
from collections.abc import Callable
from pathlib import Path

import pyarrow
import pytest
from hypothesis import given
from hypothesis import strategies as st

from market.inspection.formats import CSV
from market.inspection.limits import Limits
from market.inspection.reading import open_source, pieces, quoting
from market.inspection.refusal import Refusal

CELLS = st.text(st.sampled_from('a济1," \n\r;'), max_size=4)
ENCODINGS = ("utf-8", "utf-8-sig", "gb18030", "utf-16")


def zstd(content: bytes) -> bytes:
    packed: bytes = pyarrow.compress(content, "zstd", asbytes=True)
    return packed


def read(
    path: Path, content: bytes, limits: Limits | None = None
) -> tuple[tuple[str, ...], list[tuple[object, ...]]]:
    path.write_bytes(content)
    source = open_source(path, CSV, limits or Limits())
    return source.names, [row for batch in source.batches for row in batch.cells.rows()]


def refused(path: Path, content: bytes, limits: Limits | None = None) -> Refusal:
    with pytest.raises(Refusal) as caught:
        read(path, content, limits)
    return caught.value


@given(st.lists(st.tuples(CELLS, CELLS), min_size=1), st.sampled_from(ENCODINGS), st.sampled_from(",;\t|"))
def test_reading_is_what_was_written(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[str, str]], encoding: str, delimiter: str
) -> None:
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=delimiter, lineterminator="\r\n").writerows([("名", "b"), *rows])
    found = read(tmp_path_factory.mktemp("c") / "f", text.getvalue().encode(encoding))
    assert found == (("名", "b"), [(a or None, b or None) for a, b in rows])


@given(st.text(st.sampled_from('a",\n'), max_size=12), st.integers(1, 4))
def test_a_quotation_mark_stands_where_a_slow_reader_allows_it(text: str, chunk: int) -> None:
    def allowed() -> bool:
        place = 0
        while place < len(text):
            if text[place] == '"':
                place += 1
                while text[place : place + 1] != '"' or text[place : place + 2] == '""':
                    if place >= len(text):
                        return False
                    place += 2 if text[place] == '"' else 1
                place += 1
            else:
                while place < len(text) and text[place] not in ',\n"':
                    place += 1
            if text[place : place + 1] not in {"", ",", "\n"}:
                return False
            place += 1
        return True

    class Slow(io.BytesIO):
        def read(self, _size: int | None = -1, /) -> bytes:
            return super().read(chunk)

    stream = quoting.Strict(Slow(text.encode()), "utf-8", ",")
    if allowed():
        assert stream.read() == text.encode()
    else:
        with pytest.raises(Refusal, match=r"file\.broken_csv"):
            stream.read()


@pytest.mark.parametrize("pack", [gzip.compress, bz2.compress, lzma.compress, zstd])
def test_packed_text_is_what_it_was(tmp_path: Path, pack: Callable[[bytes], bytes]) -> None:
    content = b"a,b\n" + b"1,x\n" * 50_000
    assert read(tmp_path / "f", pack(content)) == (("a", "b"), [("1", "x")] * 50_000)
    assert refused(tmp_path / "f", pack(content)[:-9]).code == "file.broken_packing"
    assert refused(tmp_path / "f", pack(content), Limits(expanded=100_000)).code == "file.expands"


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r"])
def test_any_line_end_will_do(tmp_path: Path, end: bytes) -> None:
    content = end.join([b"", b"a,b", b"", b"1,2", b'"x', b'y",', b"3,4"])
    line = "\n" if end == b"\n" else end.decode()
    assert read(tmp_path / "f", content)[1] == [("1", "2"), (f"x{line}y", None), ("3", "4")]


@pytest.mark.parametrize(
    ("content", "code", "line"),
    [
        (b"a,b\n1,2\n3\n", "file.ragged", 3),
        (b"\n\na,b\n1,2\n\n\n3\n", "file.ragged", 7),
        (b'a,b\n"1\n\n",2\n3\n', "file.ragged", 5),
        (b"a,b\r1,2\r\r3\r", "file.ragged", 4),
        ("a,b\n1,2\n\n3\n".encode("utf-16"), "file.ragged", 4),
        (gzip.compress(b"a,b\n1,2\n\n3\n"), "file.ragged", 4),
        (b'a,b\r1,2\r"3"x,4\r', "file.broken_csv", 3),
        (b'a,b\r\n1,2\r\n"3"x,4\r\n', "file.broken_csv", 3),
        (b'a,b\n1,"2\n3,4\n', "file.broken_csv", 2),
        (b'a,b\n1,2\n"3"x,4\n', "file.broken_csv", 3),
        (b'a,b\n1,2\n3,4"\n', "file.broken_csv", 3),
        (b"a,b\n1," + b"x" * 20_000_000, "file.line_too_long", 2),
        (b"a,b\n\n" + b"1,2\n" * 3_000_000 + b"1," + b"x" * 20_000_000, "file.line_too_long", 3_000_003),
        (b'a,b\n"1\n\n",2\n\n3,"' + b"4\n" * 10_000_000 + b'"\n', "file.line_too_long", 6),
        (b'a,b\r\n"1\r\n",2\r\n3,"' + b"4\r\n" * 7_000_000 + b'"\r\n', "file.line_too_long", 4),
        (("a,b\n\n1," + "济" * 8_000_000).encode("gb18030"), "file.line_too_long", 3),
        (b"a" * 20_000_000, "file.line_too_long", 1),
        (b"a\n" + "济".encode() * 101 + "济".encode("gb18030") + b"\n", "file.undecodable", None),
        (b"a\n" + "济".encode("gb18030") + b"\xff\n", "file.undecodable", None),
    ],
)
def test_a_fault_is_told_with_its_line(tmp_path: Path, content: bytes, code: str, line: int | None) -> None:
    refusal = refused(tmp_path / "f", content)
    assert (refusal.code, refusal.facts.get("line")) == (code, line)


@given(st.text(st.sampled_from('a1,"\n\r'), max_size=40), st.integers(1, 5))
def test_pieces_are_whole_rows_and_together_the_text(text: str, size: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pieces, "PIECE", size)
        found = list(pieces.pieces(io.BytesIO(text.encode()).read))
    assert b"".join(found) == text.encode()
    before = b""
    for piece in found[:-1]:
        before += piece
        assert before.count(b'"') % 2 == 0
        assert before.endswith((b"\n", b"\r"))
        assert not (before.endswith(b"\r") and text.encode()[len(before) :].startswith(b"\n"))


@pytest.mark.parametrize("rows", [1, 2])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_rows_come_whole_however_little_is_read_at_a_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, end: str, rows: int
) -> None:
    """Each row of its own, a mark at the beginning of one, a line end in a cell, empty lines at the front."""
    monkeypatch.setattr(pieces, "PIECE", 7 * rows)
    text = end.join(["", "a,b", "1,2", "", "\ufeff3,4", f'"x{end}{end}y",5', "6,7"])
    read_rows = read(tmp_path / "f", text.encode())[1]
    assert read_rows == [("1", "2"), ("\ufeff3", "4"), (f"x{end}{end}y", "5"), ("6", "7")]
    assert refused(tmp_path / "f", text.encode() + end.encode() + b"8").facts["line"] == 10


def test_a_row_is_as_long_as_it_may_be(tmp_path: Path) -> None:
    longest = b"1," + b"x" * (pieces.ROW - 3)
    assert read(tmp_path / "f", b"a,b\n" + longest + b"\n3,4\n")[1][1] == ("3", "4")
    refusal = refused(tmp_path / "f", b"a,b\n3,4\n" + longest + b"xx" + b"y" * pieces.PIECE)
    assert (refusal.code, refusal.facts) == ("file.line_too_long", {"line": 3})


def test_a_mark_within_the_text_is_data(tmp_path: Path) -> None:
    assert read(tmp_path / "f", b"a,b\n\xef\xbb\xbf1,2\n")[1] == [("\ufeff1", "2")]
