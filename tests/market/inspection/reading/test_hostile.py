"""Small files that ask for a great deal: each ends with its code, in a child that is bound to its memory."""

import bz2
import gzip
import json
import lzma
import resource
import zipfile
from collections.abc import Callable
from pathlib import Path

import pyarrow
import pyarrow.parquet
import pytest

from market.inspection.formats import CSV, JSON_LINES, PARQUET, XLSX
from market.inspection.limits import MIB, Limits
from market.inspection.refusal import Refusal
from market.inspection.service import inspect_file

BOUND = Limits(memory=2048 * MIB)


def refused(path: Path, media_type: str, limits: Limits = BOUND) -> str:
    with pytest.raises(Refusal) as caught:
        inspect_file(path, media_type, limits)
    return caught.value.code


def packed(path: Path, begins: bytes, piece: bytes, times: int) -> Path:
    with pyarrow.CompressedOutputStream(str(path), "zstd") as stream:
        stream.write(begins)
        for _ in range(times):
            stream.write(piece)
    return path


@pytest.mark.parametrize(
    ("begins", "piece", "mebibytes", "media_type"),
    [
        (b"a,b\n1,", b"x" * MIB, 1024, CSV),
        (b'a,b\n1,"', b"x\n" * (MIB // 2), 128, CSV),
        (b"a,", b"b" * MIB, 128, CSV),
        (b'{"a": "', b"x" * MIB, 128, JSON_LINES),
    ],
    ids=["line", "quote", "header", "json"],
)
def test_what_never_ends_is_refused(
    tmp_path: Path, begins: bytes, piece: bytes, mebibytes: int, media_type: str
) -> None:
    path = packed(tmp_path / "f", begins, piece, mebibytes)
    assert refused(path, media_type) in {"file.line_too_long", "file.broken_csv"}


def test_a_bomb_ends_at_the_bound(tmp_path: Path) -> None:
    path = packed(tmp_path / "f", b"a,b\n", b"1,2\n" * (MIB // 4), 300)
    assert path.stat().st_size < MIB
    assert refused(path, CSV, Limits(expanded=200 * MIB)) == "file.expands"


def test_ten_million_columns_of_text(tmp_path: Path) -> None:
    path = packed(tmp_path / "f", b"", b"abcdefg," * MIB, 10)
    assert refused(path, CSV) == "file.line_too_long"


def _varint(number: int) -> bytes:
    rest = bytearray()
    while number > 0x7F:
        rest.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes(rest) + bytes([number])


def test_ten_million_columns_of_parquet(tmp_path: Path) -> None:
    """A footer in Thrift's compact form, written by hand, whose schema is longer than is taken up."""
    columns = 10_000_000
    root = b"\x48\x01r\x15" + _varint(2 * columns) + b"\x00"
    footer = b"\x15\x02\x19\xfc" + _varint(columns + 1) + root + b"\x15\x04\x25\x02\x18\x01a\x00" * columns
    footer += b"\x16\x00\x19\x0c\x00"
    path = tmp_path / "f"
    path.write_bytes(b"PAR1" + footer + len(footer).to_bytes(4, "little") + b"PAR1")
    assert refused(path, PARQUET) == "file.broken_parquet"


def test_a_footer_that_claims_two_thousand_million_rows(tmp_path: Path) -> None:
    rows = _varint(2 * 2**31)
    root, leaf = b"\x48\x01r\x15\x02\x00", b"\x15\x04\x25\x02\x18\x01a\x00"
    footer = b"\x15\x02\x19\x2c" + root + leaf + b"\x16" + rows + b"\x19\x0c\x00"
    path = tmp_path / "f"
    path.write_bytes(b"PAR1" + footer + len(footer).to_bytes(4, "little") + b"PAR1")
    assert refused(path, PARQUET, Limits()) == "file.expands"


def test_one_value_repeated_for_millions_of_rows(tmp_path: Path) -> None:
    """A few bytes that truly are millions of rows: measured within the bounds, refused before reading beyond them."""
    path = tmp_path / "f"
    rows = 3_000_000
    table = pyarrow.table(
        {"a": pyarrow.array([7], pyarrow.int8()).take(pyarrow.array([0] * rows, pyarrow.int32()))}
    )
    pyarrow.parquet.write_table(table, path, row_group_size=rows, data_page_size=2**30)
    assert path.stat().st_size < 16 * 1024
    report = json.loads(inspect_file(path, PARQUET, Limits(memory=512 * MIB)).report)
    assert (report["rows"], report["duplicate_rows"]) == (rows, rows - 1)
    assert refused(path, PARQUET, Limits(scratch=8 * rows - 1)) == "file.expands"
    assert refused(path, PARQUET, Limits(expanded=8 * rows - 1)) == "file.expands"


@pytest.mark.parametrize("pack", [gzip.compress, bz2.compress, lzma.compress], ids=["gzip", "bz2", "xz"])
def test_a_text_packed_a_thousandfold_is_bound_by_what_it_becomes(
    tmp_path: Path, pack: Callable[[bytes], bytes]
) -> None:
    """There is no bound on the ratio: the same file is measured or refused by its bytes alone."""
    content = b"a,b\n" + b"1,2\n" * MIB
    path = tmp_path / "f"
    path.write_bytes(pack(content))
    assert len(content) > 500 * path.stat().st_size
    report = json.loads(inspect_file(path, CSV, Limits(expanded=len(content))).report)
    assert report["rows"] == MIB
    assert refused(path, CSV, Limits(expanded=len(content) - 1)) == "file.expands"


def test_a_dictionary_of_one_long_value(tmp_path: Path) -> None:
    """Sixty thousand rows that all point at one megabyte of text are sixty gigabytes when written out."""
    value = pyarrow.array(["x" * MIB])
    places = pyarrow.array([0] * 60_000, pyarrow.int32())
    column = pyarrow.DictionaryArray.from_arrays(places, value)
    path = tmp_path / "f"
    pyarrow.parquet.write_table(pyarrow.table({"a": column}), path, compression="zstd")
    assert path.stat().st_size < MIB
    assert refused(path, PARQUET) in {"inspection.memory", "file.broken_parquet"}


def test_encodings_that_change_within_the_text(tmp_path: Path) -> None:
    path = tmp_path / "f"
    path.write_bytes(b"a,b\n" + "济,1\n".encode() * 900_000 + "济南,2\n".encode("gb18030"))
    assert refused(path, CSV) == "file.undecodable"


def test_a_nul_names_the_format_that_was_expected(tmp_path: Path) -> None:
    path = tmp_path / "f"
    path.write_bytes(b'{"a": 1}\n\0\n')
    with pytest.raises(Refusal) as caught:
        inspect_file(path, JSON_LINES, BOUND)
    assert (caught.value.code, caught.value.facts) == ("file.wrong_type", {"expected": "JSON lines"})


def test_objects_in_objects_in_objects(tmp_path: Path) -> None:
    path = tmp_path / "f"
    path.write_bytes(b'{"a":' * 100_000 + b"1" + b"}" * 100_000)
    assert refused(path, JSON_LINES) == "file.broken_json"


def test_members_of_a_workbook_that_share_their_bytes(tmp_path: Path) -> None:
    """Entries of the directory that all point at one member unpack to many times what is there."""
    path = tmp_path / "f"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", b"<x/>")
        archive.writestr("xl/a.xml", b"0" * (32 * MIB))
        archive.filelist += [archive.filelist[-1]] * 60
    assert path.stat().st_size < MIB
    assert refused(path, XLSX) in {"file.expands", "file.broken_workbook"}


def test_the_server_stays_as_small_as_it_was(tmp_path: Path) -> None:
    path = packed(tmp_path / "f", b"a,b\n1,", b"x" * MIB, 256)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert refused(path, CSV) == "file.line_too_long"
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 32 * 1024
