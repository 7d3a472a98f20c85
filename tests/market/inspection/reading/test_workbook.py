"""XLSX: what is read, and what is refused."""

import io
import zipfile
import zlib
from pathlib import Path

import pytest

from market.inspection.formats import XLSX
from market.inspection.limits import Limits
from market.inspection.reading import open_source
from market.inspection.refusal import Refusal

_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"


def workbook(*rows: str, declared: int | None = None) -> bytes:
    members = {
        "[Content_Types].xml": f'<Types xmlns="{_PACKAGE}/content-types"/>',
        "_rels/.rels": f'<Relationships xmlns="{_PACKAGE}/relationships"><Relationship Id="rId1" '
        f'Type="{_OFFICE}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'<workbook xmlns="{_MAIN}" xmlns:r="{_OFFICE}"><sheets>'
        '<sheet name="S" sheetId="1" r:id="rId1"/></sheets></workbook>',
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{_PACKAGE}/relationships"><Relationship Id="rId1" '
        f'Type="{_OFFICE}/worksheet" Target="worksheets/sheet1.xml"/>'
        f'<Relationship Id="rId2" Type="{_OFFICE}/styles" Target="styles.xml"/></Relationships>',
        "xl/styles.xml": f'<styleSheet xmlns="{_MAIN}"><cellXfs><xf numFmtId="0"/><xf numFmtId="14"/></cellXfs>'
        "</styleSheet>",
        "xl/worksheets/sheet1.xml": f'<worksheet xmlns="{_MAIN}"><sheetData>'
        + "".join(f"<row>{row}</row>" for row in rows)
        + "</sheetData></worksheet>",
    }
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in members.items():
            archive.writestr(name, text)
        if declared is not None:
            sheet = archive.getinfo("xl/worksheets/sheet1.xml")
            sheet.file_size = declared
            sheet.CRC = zlib.crc32(members[sheet.filename].encode()[: declared + 1])
    return sink.getvalue()


def words(*cells: str) -> str:
    return "".join(f'<c t="inlineStr"><is><t>{cell}</t></is></c>' for cell in cells)


def read(
    path: Path, content: bytes, limits: Limits | None = None
) -> tuple[tuple[str, ...], list[tuple[object, ...]]]:
    path.write_bytes(content)
    source = open_source(path, XLSX, limits or Limits())
    return source.names, [row for batch in source.batches for row in batch.cells.rows()]


def test_every_cell_is_text(tmp_path: Path) -> None:
    row = '<c><v>7</v></c><c><v>1.5</v></c><c t="b"><v>1</v></c><c s="1"><v>45000</v></c><c/>'
    content = workbook(words("a", "b", "c", "d", "e"), row, words("济南", "", "x", "007", "y"))
    names, rows = read(tmp_path / "f", content)
    assert names == ("a", "b", "c", "d", "e")
    assert rows == [("7", "1.5", "true", "2023-03-15", None), ("济南", None, "x", "007", "y")]


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "file.empty"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"x" * 600, "file.wrong_type"),
        (b"PK\x03\x04" + b"x" * 100, "file.broken_workbook"),
        (workbook(words("a"))[:-30], "file.broken_workbook"),
        (workbook(words("a", "a")), "file.no_header"),
        (workbook(words("a"), words("x" * 9000), declared=10), "file.expands"),
    ],
)
def test_a_bad_file_is_refused(tmp_path: Path, content: bytes, code: str) -> None:
    with pytest.raises(Refusal) as caught:
        read(tmp_path / "f", content)
    assert caught.value.code == code


def test_a_bomb_is_refused_before_it_is_parsed(tmp_path: Path) -> None:
    with pytest.raises(Refusal) as caught:
        read(tmp_path / "f", workbook(words("a"), words("x" * 2_000_000)), Limits(expanded=1_000_000))
    assert caught.value.code == "file.expands"
