"""What an inspection says, as values.

An inspection gives one document, ``{"report", "preview", "engine"}``. The *report* holds facts and no values
(keys ASCII, integers whole, no floats; canonical with sorted keys and no spaces)::

    version         2
    method          "qilu-inspection-2": what is counted and how
    file            media_type, size (bytes), digest (SHA-256 of the uploaded bytes), and how the reader
                    took it: encoding and delimiter of CSV, compression, sheet
    rows            data rows, header not counted
    duplicate_rows  rows beyond the first of each set of equal rows
    columns         in file order: name, type (boolean integer decimal float date timestamp time text
                    binary), stored (``text``, or the type the file itself gives), nulls (empty cells, empty
                    text included), distinct (different filled cells, written canonically), digest, shortest
                    and longest (characters), dirty (cells by kind of damage)
    content_digest  by the rule content_rule, see :mod:`market.inspection.content`
    declared        null, or the digest of the declaration it was held against
    quality         figures by indicator, of columns and of the whole file: code, column, numerator, denominator,
                    method, by; or code, column and the reason why it cannot be assessed
    grade           see :func:`market.inspection.grading.grade`
    sensitive       what was found of personal and other sensitive data, by column

A column has a type other than text only if every filled cell is of it. The *preview* holds values out of the
data (smallest, largest, frequent, spread, masked rows); who sees which is decided by what was found sensitive.
``engine`` names the versions of the libraries. The report's digest is SHA-256 of its canonical text: whoever
measures the same bytes under the same declaration gets it again, with whatever versions.
"""

import hashlib
import json
from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import Any

from market.i18n import lazy

TYPE_LABELS = {
    "boolean": lazy("yes or no"),
    "integer": lazy("whole number"),
    "decimal": lazy("decimal number"),
    "float": lazy("floating-point number"),
    "date": lazy("date"),
    "timestamp": lazy("date and time"),
    "time": lazy("time of day"),
    "text": lazy("text"),
    "binary": lazy("bytes"),
}
"""What each type is called, in the order of the report's list."""


@dataclass(frozen=True)
class Column:
    """One measured column.

    Attributes:
        name: from the header, trimmed.
        type: what every filled cell is.
        nulls: number of empty cells.
        distinct: number of different filled cells.
        minimum: smallest value; None where values may not be seen or the column is empty.
        maximum: largest value, likewise.
    """

    name: str
    type: str
    nulls: int
    distinct: int
    minimum: str | None = None
    maximum: str | None = None


@dataclass(frozen=True)
class Report:
    """Measured facts about one file.

    Attributes:
        rows: number of data rows.
        duplicate_rows: rows beyond the first of each set of equal rows.
        columns: the columns in file order.
        file_digest: SHA-256 of the uploaded bytes, hex.
        content_digest: digest of the table itself, hex.
        media_type: of the file.
        encoding: of a CSV file; None for Parquet.
        size: of the file in bytes.
    """

    rows: int
    duplicate_rows: int
    columns: tuple[Column, ...]
    file_digest: str
    content_digest: str
    media_type: str
    encoding: str | None
    size: int

    @property
    def cells(self) -> int:
        """Number of cells."""
        return self.rows * len(self.columns)

    @property
    def nulls(self) -> int:
        """Number of empty cells."""
        return sum(column.nulls for column in self.columns)

    def hiding(self, names: Collection[str]) -> "Report":
        """Return the report without the values of some columns."""
        hidden = (
            replace(column, minimum=None, maximum=None) if column.name in names else column
            for column in self.columns
        )
        return replace(self, columns=tuple(hidden))


def canonical(document: Any) -> str:
    """Write a document as the text that is stored and hashed (RFC 8785 for what it holds)."""
    return json.dumps(document, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False)


def parse(report: str, preview: str | None = None) -> Report:
    """Read a stored report.

    Args:
        report: the stored text.
        preview: the stored preview, for whoever may see its values; None leaves them out.
    """
    facts = json.loads(report)
    values = json.loads(preview)["columns"] if preview else [{}] * len(facts["columns"])
    columns = tuple(
        Column(
            column["name"], column["type"], column["nulls"], column["distinct"],
            value.get("minimum"), value.get("maximum"),
        )
        for column, value in zip(facts["columns"], values, strict=True)
    )  # fmt: skip
    return Report(
        rows=facts["rows"],
        duplicate_rows=facts["duplicate_rows"],
        columns=columns,
        file_digest=facts["file"]["digest"],
        content_digest=facts["content_digest"],
        media_type=facts["file"]["media_type"],
        encoding=facts["file"].get("encoding"),
        size=facts["file"]["size"],
    )


def digest(report: str) -> str:
    """Return the digest of a report: SHA-256 of its canonical text, hex."""
    return hashlib.sha256(report.encode()).hexdigest()


def digests(report: str) -> tuple[str, str]:
    """Return (file digest, content digest) of a stored report."""
    facts = json.loads(report)
    return facts["file"]["digest"], facts["content_digest"]
