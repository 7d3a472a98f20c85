r"""The content digest ``qilu-content-2``: one digest for one table, however it was written down.

The same table gives the same digest in any row order, column order, file format and encoding, and under any
column names. The rule, complete, so that anybody can compute it with any tool:

1. A cell becomes text or nothing. Empty text is nothing. CR LF and CR become LF; Unicode NFC.
   Parquet numbers, dates and times are first written as text (a float in its shortest exact form, bytes
   as upper-case hex, a moment with a time zone in UTC with ``Z`` at its end).
2. Text that is a plain number, ``-?(0|[1-9][0-9]{0,37})(\.[0-9]{1,38})?``, loses zeros at the end of
   its fraction and then a bare point; ``-0`` is ``0``. ``007`` is not a plain number and stays.
3. Text that is a real calendar date ``YYYY-M-D`` or ``YYYY/M/D`` becomes ``YYYY-MM-DD``; a real moment,
   that date with ``-``, a space or ``T``, ``HH:MM:SS``, at most six fraction digits and perhaps ``Z``,
   becomes ``YYYY-MM-DD HH:MM:SS`` with the fraction stripped of zeros at its end. Years 1000 to 9999.
4. The value of a cell is XXH3-64 (seed 0) of its text in UTF-8; of nothing it is 0.
5. The digest of a column is XXH3-128 over its values but 0 in ascending order, eight bytes each, the highest
   first, in lower-case hex.
6. The key of a column is the first eight bytes of SHA-256 over ``<digest>:<rank>``, read as a number, with
   its lowest bit set. The rank is 0, and among columns of equal digest their place by name in code point order.
7. The value of a row is the sum of its cells' values, each times its column's key, modulo 2^64.
8. The digest is SHA-256 over the line ``qilu-content-2``, a line with the number of rows, the columns'
   digests in ascending order, a line each, every line ended by LF; then the rows' values but 0 in ascending
   order, eight bytes each, the highest first. Equal rows stand as often as they occur.

It finds equal data; it does not bind them. Two different tables share it by chance in about one of 2^64 pairs,
but XXH3 is no cryptographic hash, and whoever wants two tables of one digest can make them. What binds the
bytes is the file's own SHA-256, which stands beside it. Known limits: numbers with an exponent are compared
as text, and ``1.10`` equals ``1.1`` even where it is a label; columns that hold the very same cells are told
apart by their names alone.
"""

import hashlib
from collections.abc import Sequence

RULE = "qilu-content-2"

NUMBER = r"-?(0|[1-9][0-9]{0,37})(\.[0-9]{1,38})?"
INTEGER = r"-?(0|[1-9][0-9]{0,37})"
DATE = r"[1-9][0-9]{3}(-[0-9]{1,2}-|/[0-9]{1,2}/)[0-9]{1,2}"
MOMENT = r"[1-9][0-9]{3}-[0-9]{1,2}-[0-9]{1,2}[ T][0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,6})?Z?"


def column_keys(names: Sequence[str], digests: Sequence[str]) -> list[int]:
    """Return the key of each column (rule 6).

    Args:
        names: of the columns.
        digests: of the columns, in the same order.
    """
    keys = []
    for name, digest in zip(names, digests, strict=True):
        rank = sum(other == digest and named < name for named, other in zip(names, digests, strict=True))
        hashed = hashlib.sha256(f"{digest}:{rank}".encode("ascii")).digest()
        keys.append(int.from_bytes(hashed[:8], "big") | 1)
    return keys


def opening(rows: int, digests: Sequence[str]) -> bytes:
    """Return the lines that the digest begins with (rule 8)."""
    return "".join(f"{line}\n" for line in (RULE, rows, *sorted(digests))).encode("ascii")
