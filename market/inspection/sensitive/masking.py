"""Showing that a value is there without showing it. Child alone.

What does not have the form of its class is hidden entirely, so a wrong class never shows more than a right one.
"""

import polars as pl

from market.inspection.sensitive.classes import Sensitive
from market.inspection.sensitive.kernels import normalised

_PARTED = frozenset({Sensitive.RESIDENT_ID, Sensitive.MOBILE, Sensitive.BANK_CARD})
HIDDEN = "***"
"""What stands for a cell of which nothing may be shown."""

_FORMS: dict[Sensitive, tuple[str, str]] = {
    Sensitive.RESIDENT_ID: (r"^([0-9]{6})[0-9]{7,10}([0-9][0-9Xx])$", "${1}**********${2}"),
    Sensitive.MOBILE: (r"^(?:\+?(?:00)?86)?(1[0-9]{2})[0-9]{4}([0-9]{4})$", "${1}****${2}"),
    Sensitive.LANDLINE: (r"^\(?(0[0-9]{2,3})\)?[ -]?[0-9]{5,6}([0-9]{2})$", "${1}-*****${2}"),
    Sensitive.BANK_CARD: (r"^([0-9]{4})[0-9]{6,11}([0-9]{4})$", "${1}********${2}"),
    Sensitive.CREDIT_CODE: (r"^([0-9A-Z]{8})[0-9A-Z]{8}([0-9A-Z]{2})$", "${1}********${2}"),
    Sensitive.PLATE: (r"^(\p{Han}[A-Z])[·. -]?[0-9A-Z\p{Han}]{4,5}([0-9A-Z\p{Han}])$", "${1}****${2}"),
    Sensitive.PASSPORT: (r"^([0-9A-Za-z])[0-9A-Za-z]{6}([0-9]{2})$", "${1}******${2}"),
    Sensitive.PERMIT: (r"^([0-9A-Za-z])[0-9A-Za-z(]{5,8}([0-9A-Z)]{2})$", "${1}******${2}"),
    Sensitive.EMAIL: (r"^([A-Za-z0-9])[A-Za-z0-9._%+-]*@([A-Za-z0-9.-]+)$", "${1}***@${2}"),
    Sensitive.IP: (r"^([0-9]{1,3}\.[0-9]{1,3})\.[0-9]{1,3}\.[0-9]{1,3}(?:[/:][0-9]+)?$", "${1}.*.*"),
    Sensitive.MAC: (r"^([0-9A-Fa-f]{2}([:-])[0-9A-Fa-f]{2}[:-][0-9A-Fa-f]{2}).*$", "${1}${2}**${2}**${2}**"),
    Sensitive.COORDINATES: (r"^(-?[0-9]{1,3})\.[0-9]+(?:[,，; ]+(-?[0-9]{1,3})\.[0-9]+)?$", "${1}.*** ${2}"),
    Sensitive.ADDRESS: (r"^(\p{Han}{1,6}?[省市区县州]).*$", "${1}***"),
    Sensitive.NAME: (r"^(\p{Han})[\p{Han}·]+$", "${1}**"),
}


def mask_column(cells: pl.Series, kind: Sensitive) -> pl.Series:
    """Return cells as they may be shown: 3 and 4 figures of a mobile number, a surname alone, a domain.

    Args:
        cells: text, null where empty.
        kind: the class of the column.

    Returns:
        Masked text of the same length, null where the cell is.
    """
    form, shown = _FORMS[kind]
    empty = cells.is_null()
    text = normalised(cells.fill_null("-"))
    if kind in _PARTED:
        text = text.str.replace_all("[ -]", "")
    masked = text.str.replace(form, shown).str.strip_chars_end(" ")
    safe = text.str.contains(form)
    hidden = pl.Series([HIDDEN]).new_from_index(0, len(cells))
    found = masked.zip_with(safe, hidden)
    return found.zip_with(~empty, pl.Series([None], dtype=pl.String).new_from_index(0, len(cells)))


def mask(text: str, kind: Sensitive) -> str:
    """Return one value as it may be shown."""
    return str(mask_column(pl.Series([text]), kind)[0])
