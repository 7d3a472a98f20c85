"""Tables that leave the exchange for a spreadsheet: CSV (RFC 4180) in UTF-8 with a byte order mark.

Without the mark spreadsheets read Chinese as something else. A cell that would begin a formula is quoted as text;
figures are plain decimals, which no spreadsheet takes for a formula.
"""

import csv
import io
import re
from collections.abc import Iterable, Sequence
from typing import Final

from flask import Response

_MARK: Final = "\N{BYTE ORDER MARK}"
_FORMULA: Final = frozenset("=+-@\t\r\n＝＋－＠")
"""What a cell may not begin with (OWASP, "CSV Injection"), in both widths."""
_FIGURES: Final = re.compile(r"-?[0-9]+(\.[0-9]+)?")


def text(rows: Iterable[Sequence[object]]) -> str:
    """Return rows as the text of a CSV file; no cell begins a formula, and None is an empty one."""
    out = io.StringIO(_MARK)
    out.seek(0, io.SEEK_END)
    csv.writer(out).writerows([_cell(value) for value in row] for row in rows)
    return out.getvalue()


def attachment(content: str, name: str) -> Response:
    """Return the text of a CSV file as one to be kept, not shown; ``name`` is ours, plain ASCII."""
    answer = Response(content.encode(), content_type="text/csv; charset=utf-8")
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    answer.headers["Cache-Control"] = "private, no-store"
    answer.headers["X-Content-Type-Options"] = "nosniff"
    return answer


def _cell(value: object) -> str:
    text = "" if value is None else str(value)
    return f"'{text}" if text[:1] in _FORMULA and not _FIGURES.fullmatch(text) else text
