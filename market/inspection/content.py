r"""The content digest ``qilu-content-v1``: one digest for one table, however it was written down.

The rule, complete, so that anybody can compute it with any tool:

1. A cell becomes text or nothing. Empty text is nothing. CR LF and CR become LF; Unicode NFC.
   Parquet numbers, dates and times are first written as text (a float in its shortest exact form, bytes
   as upper-case hex, a moment with a time zone in UTC with ``Z`` at its end).
2. Text that is a plain number, ``-?(0|[1-9][0-9]{0,37})(\.[0-9]{1,38})?``, loses zeros at the end of
   its fraction and then a bare point; ``-0`` is ``0``. ``007`` is not a plain number and stays.
3. Text that is a real calendar date ``YYYY-M-D`` or ``YYYY/M/D`` becomes ``YYYY-MM-DD``; a real moment,
   that date with ``-``, a space or ``T``, ``HH:MM:SS``, at most six fraction digits and perhaps ``Z``,
   becomes ``YYYY-MM-DD HH:MM:SS`` with the fraction stripped of zeros at its end. Years 1000 to 9999.
4. The columns are put in the order of their names by Unicode code point. A row is the concatenation of
   its cells: ``n`` for nothing, else ``t``, the length in UTF-8 bytes in decimal, ``:``, the text.
5. The digest is SHA-256 of the line ``qilu-content-v1``, a line with the JSON array of the ordered names
   (UTF-8, no spaces, not escaped beyond need), then the SHA-256 of each row in lower-case hex, a line
   each, in ascending order. Every line ends with LF. Equal rows stand as often as they occur.

Sorting instead of adding the row digests keeps the whole as collision-resistant as SHA-256. Known limit:
numbers with an exponent are compared as text, and ``1.10`` equals ``1.1`` even where it is a label.
"""

import json

RULE = "qilu-content-v1"

NUMBER = r"-?(0|[1-9][0-9]{0,37})(\.[0-9]{1,38})?"
INTEGER = r"-?(0|[1-9][0-9]{0,37})"
DATE = r"[1-9][0-9]{3}(-[0-9]{1,2}-|/[0-9]{1,2}/)[0-9]{1,2}"
MOMENT = r"[1-9][0-9]{3}-[0-9]{1,2}-[0-9]{1,2}[ T][0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,6})?Z?"


def as_date(cell: str) -> str:
    """Return the SQL that reads a text cell as a date; NULL where it is none."""
    return (
        f"CASE WHEN regexp_full_match({cell}, '{DATE}') "
        f"THEN try_cast(replace({cell}, '/', '-') AS DATE)::VARCHAR END"
    )


def as_moment(cell: str) -> str:
    """Return the SQL that reads a text cell as a moment; NULL where it is none."""
    return (
        f"CASE WHEN regexp_full_match({cell}, '{MOMENT}') "
        f"THEN try_cast(rtrim({cell}, 'Z') AS TIMESTAMP)::VARCHAR"
        f" || CASE WHEN ends_with({cell}, 'Z') THEN 'Z' ELSE '' END END"
    )


def as_number(cell: str) -> str:
    """Return the SQL that reads a text cell as a plain number; NULL where it is none."""
    stripped = f"CASE WHEN contains({cell}, '.') THEN rtrim(rtrim({cell}, '0'), '.') ELSE {cell} END"
    return (
        f"CASE WHEN regexp_full_match({cell}, '{NUMBER}') "
        f"THEN CASE {stripped} WHEN '-0' THEN '0' ELSE {stripped} END END"
    )


def plain(cell: str) -> str:
    """Return the SQL of rule 1 for a text cell."""
    return (
        f"nullif(nfc_normalize(replace(replace({cell}, chr(13) || chr(10), chr(10)), chr(13), chr(10))), '')"
    )


def row_digest(cells: list[str]) -> str:
    """Return the SQL of the row digest (rules 4 and 5) for cells in the order of their names."""
    parts = (
        f"CASE WHEN {cell} IS NULL THEN 'n' ELSE 't' || strlen({cell}) || ':' || {cell} END" for cell in cells
    )
    return f"sha256({' || '.join(parts)})"


def opening(names: list[str]) -> bytes:
    """Return the first two lines of what the digest is computed over.

    Args:
        names: column names in code point order.
    """
    listed = json.dumps(names, ensure_ascii=False, separators=(",", ":"))
    return f"{RULE}\n{listed}\n".encode()
