"""Column names, whatever the format."""

import unicodedata

from market.inspection.refusal import Refusal

LONGEST = 200
"""Longest column name in characters."""


def column_names(given: list[str]) -> list[str]:
    """Return column names trimmed and in Unicode NFC.

    Raises:
        Refusal: a name is empty, repeated, too long or not printable.
    """
    names = [unicodedata.normalize("NFC", name.strip()) for name in given]
    if (
        not all(name.isprintable() and 0 < len(name) <= LONGEST for name in names)
        or not names
        or len(set(names)) != len(names)
    ):
        raise Refusal("file.no_header")
    return names
