"""The file of an invoice: taken up if it is what its name says, stored by its digest, and never shown by us."""

import io
import zipfile
from dataclasses import dataclass
from enum import StrEnum

from werkzeug.datastructures import FileStorage

from market import storage
from market.errors import Invalid, TooLarge
from market.i18n import _, size
from market.rules import book
from market.storage import Blob


class FileFormat(StrEnum):
    """Formats in which fully digital invoices are handed out."""

    PDF = "pdf"
    OFD = "ofd"
    XML = "xml"


@dataclass(frozen=True)
class InvoiceFile:
    """A file that is stored."""

    blob: Blob
    format: FileFormat


ENDINGS = ",".join(f".{one.value}" for one in FileFormat)
"""What the field of a form accepts."""


def most() -> int:
    """Return the largest size of a file, bytes."""
    return book().value("invoice.max_bytes")


def store(file: FileStorage | None) -> InvoiceFile:
    """Store the file of an invoice; call it outside any transaction.

    Args:
        file: what the form carried, if anything. Of its name only the ending is looked at.

    Raises:
        Invalid: ``file.missing``, ``file.empty``, or ``invoice.wrong_file``: it is no PDF, OFD or XML, or is not
            what its ending says.
        TooLarge: it is over the rule book's ``invoice.max_bytes``.
    """
    if file is None or not file.filename:
        raise Invalid("file.missing", _("Choose a file."), fields={"file": [_("Choose a file.")]})
    cap = most()
    content = file.stream.read(cap + 1)
    if len(content) > cap:
        raise TooLarge("file.too_large", _("The file is larger than %(most)s.", most=size(cap)))
    if not content:
        raise Invalid("file.empty", _("The file is empty."), fields={"file": [_("The file is empty.")]})
    found = sniffed(content)
    if found is None or not file.filename.lower().endswith(f".{found.value}"):
        sentence = _("Send the invoice as PDF, OFD or XML, in a file whose name ends in what it is.")
        raise Invalid("invoice.wrong_file", sentence, fields={"file": [sentence]})
    return InvoiceFile(storage.current().put(content), found)


def sniffed(content: bytes) -> FileFormat | None:
    """Return which of the formats some bytes are, by what they begin with and hold; None for none of them."""
    if content.startswith(b"%PDF-"):
        return FileFormat.PDF
    if content.startswith(b"PK\x03\x04"):
        return FileFormat.OFD if _is_ofd(content) else None
    return FileFormat.XML if _is_xml(content) else None


def _is_ofd(content: bytes) -> bool:
    """Tell whether an archive is an OFD document, which has its entry file at the top (GB/T 33190)."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            return "OFD.xml" in archive.namelist()
    except (zipfile.BadZipFile, ValueError, NotImplementedError):
        return False


def _is_xml(content: bytes) -> bool:
    """Tell whether bytes are text that declares itself as XML; it is not parsed."""
    try:
        return content.decode("utf-8-sig").startswith("<?xml")
    except UnicodeDecodeError:
        return False
