"""Files of invoices: PDF, OFD or XML by their bytes, and nothing else, whatever they are called."""

import io
import zipfile

import pytest
from flask import Flask
from werkzeug.datastructures import FileStorage

from market import storage
from market.errors import Invalid, TooLarge
from market.invoicing.files import FileFormat, most, sniffed, store
from tests.invoices import PDF, XML


def archive(*names: str) -> bytes:
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w") as made:
        for name in names:
            made.writestr(name, "<x/>")
    return written.getvalue()


def sent(content: bytes, name: str) -> FileStorage:
    return FileStorage(io.BytesIO(content), filename=name)


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (PDF, FileFormat.PDF),
        (XML, FileFormat.XML),
        (b"\xef\xbb\xbf" + XML, FileFormat.XML),
        (archive("OFD.xml", "Doc_0/Document.xml"), FileFormat.OFD),
        (archive("word/document.xml"), None),
        (b"PK\x03\x04 but no archive", None),
        (b"<!doctype html><script>alert(1)</script>", None),
        (b"<html/>", None),
        (b"MZ\x90\x00", None),
        (b"\xff\xfe<\x00?\x00", None),
        (b"trade,amount\n", None),
    ],
)
def test_bytes_say_what_they_are(content: bytes, found: FileFormat | None) -> None:
    assert sniffed(content) is found


def test_a_file_is_kept_by_its_digest(exchange: Flask) -> None:
    kept = store(sent(PDF, "发票.PDF"))
    assert (kept.format, kept.blob.size) == (FileFormat.PDF, len(PDF))
    assert storage.current().read(kept.blob.digest) == PDF


@pytest.mark.parametrize(
    ("content", "name", "code"),
    [
        (PDF, "", "file.missing"),
        (b"", "a.pdf", "file.empty"),
        (PDF, "a.xml", "invoice.wrong_file"),
        (PDF, "a.pdf.exe", "invoice.wrong_file"),
        (b"<html/>", "a.xml", "invoice.wrong_file"),
    ],
)
def test_what_is_something_else_is_refused(exchange: Flask, content: bytes, name: str, code: str) -> None:
    with pytest.raises(Invalid) as refusal:
        store(sent(content, name))
    assert refusal.value.code == code


def test_a_file_over_the_limit_is_refused(exchange: Flask) -> None:
    with pytest.raises(TooLarge):
        store(sent(PDF + b" " * most(), "a.pdf"))
