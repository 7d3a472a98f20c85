"""What each operation does to the cells of one column, whole batches at a time. Child alone.

A cell is text or null, never the empty text; that holds of what comes out too. The obvious way to do each of
these is in the tests, which hold this one against it.
"""

from typing import NamedTuple

import polars as pl

from market.inspection.cleaning import patterns
from market.inspection.cleaning.patterns import Pattern
from market.inspection.cleaning.recipe import Cast, Kind, Mask
from market.inspection.dirt import CONTROL, INVISIBLE
from market.inspection.sensitive.masking import mask_column

_UNSEEN = rf"{CONTROL}|{INVISIBLE}"
_WIDE = [chr(code) for code in (0x3000, *range(0xFF01, 0xFF5F))]
_HALF = [" ", *(chr(code) for code in range(0x21, 0x7F))]
_IS_WIDE = r"[\x{3000}\x{FF01}-\x{FF5E}]"
_NUMBER = r"^[+-]?(?:[0-9]{1,3}(?:,[0-9]{3})+|[0-9]+)(?:\.[0-9]*)?$"
_MOMENT = (
    r"^(?<year>[1-9][0-9]{3})-(?<month>[0-9]{1,2})-(?<day>[0-9]{1,2})[ T]"
    r"(?<hour>[01][0-9]|2[0-3]):(?<minute>[0-5][0-9]):(?<second>[0-5][0-9])(?:\.(?<fraction>[0-9]{1,6}))?"
)
_DIGITS = 38


def _known(text: str) -> Pattern:
    found = patterns.read(text)
    if found is None:
        raise ValueError(text)
    return found


ISO = tuple(map(_known, ("YYYY-MM-DD", "YYYY-MM-DD hh:mm:ss", "YYYY-MM-DDThh:mm:ss")))
"""What :class:`~market.inspection.cleaning.recipe.Dates` always reads."""
_DATES = tuple(map(_known, ("YYYY-M-D", "YYYY/M/D")))
"""What a cast to a date reads: rule 3 of :mod:`market.inspection.content`."""


class Read(NamedTuple):
    """Cells that an operation looked at.

    Attributes:
        cells: as they are written now; where they were not read, as they came.
        unread: filled cells that are not what the operation reads; never null.
    """

    cells: pl.Series
    unread: pl.Series


def trim(cells: pl.Series) -> pl.Series:
    """Take blanks off both ends."""
    return _emptied(cells.str.strip_chars())


def width(cells: pl.Series) -> pl.Series:
    """Write full-width signs in half width; what was a blank alone stays one."""
    return cells.str.replace_many(_WIDE, _HALF) if cells.str.contains(_IS_WIDE).any() else cells


def invisible(cells: pl.Series) -> pl.Series:
    """Remove what nobody sees."""
    return _emptied(cells.str.replace_all(_UNSEEN, "")) if cells.str.contains(_UNSEEN).any() else cells


def empty(cells: pl.Series, words: tuple[str, ...]) -> pl.Series:
    """Empty the cells that are one of the words."""
    return cells.set(cells.is_in(list(words)).fill_null(value=False), None)


def mask(cells: pl.Series, how: Mask) -> pl.Series:
    """Hide the greater part of each cell."""
    if how.kind is not None:
        return mask_column(cells, how.kind)
    cell = pl.col("cell")
    long = cell.str.len_chars() > how.first + how.last
    middle = cell.str.len_chars().cast(pl.Int64) - (how.first + how.last)
    masked = pl.concat_str(
        cell.str.head(how.first), _stars(cell.str.slice(how.first, middle)), cell.str.tail(how.last)
    )
    return cells.to_frame("cell").select(pl.when(long).then(masked).otherwise(_stars(cell))).to_series()


def _stars(cell: pl.Expr) -> pl.Expr:
    return cell.str.replace_all("(?s).", "*")


def dates(cells: pl.Series, written: tuple[Pattern, ...]) -> Read:
    """Write dates and times by ISO 8601.

    Args:
        cells: text, null where empty.
        written: how they may be written, tried in order.
    """
    found = pl.Series([None], dtype=pl.String).new_from_index(0, len(cells))
    for pattern in written:
        left = cells.set(found.is_not_null(), None)
        shaped = left.str.contains(pattern.regex).fill_null(value=False)
        if shaped.any():
            found = found.zip_with(~shaped, _date(left.set(~shaped, None), pattern))
    return _read(cells, found)


def _date(cells: pl.Series, pattern: Pattern) -> pl.Series:
    parts = cells.str.extract_groups(pattern.regex).struct.unnest()
    day = _day(parts)
    if not pattern.timed:
        return day
    second = parts["second"] if pattern.seconds else pl.Series(["00"]).new_from_index(0, len(cells))
    return day + " " + parts["hour"] + ":" + parts["minute"] + ":" + second


def _day(parts: pl.DataFrame) -> pl.Series:
    """Return the days that the calendar has, null for all others."""
    text = parts["year"] + "-" + parts["month"].str.zfill(2) + "-" + parts["day"].str.zfill(2)
    return text.str.to_date("%Y-%m-%d", strict=False).cast(pl.String)


def cast(cells: pl.Series, how: Cast) -> Read:
    """Write cells the one way of a type."""
    if how.type is Kind.DATE:
        return dates(cells, _DATES)
    return _read(cells, _typed(cells, how))


def _typed(cells: pl.Series, how: Cast) -> pl.Series:
    match how.type:
        case Kind.BOOLEAN:
            words = dict.fromkeys((*how.yes, "true"), "true") | dict.fromkeys((*how.no, "false"), "false")
            return cells.replace_strict(words, default=None, return_dtype=pl.String)
        case Kind.TIMESTAMP:
            return _moments(cells, "")
        case Kind.INSTANT:
            return _moments(cells, "Z")
        case Kind.INTEGER:
            return _integers(cells)
        case _:
            return _decimals(cells, how.places)


def _moments(cells: pl.Series, zone: str) -> pl.Series:
    parts = cells.str.extract_groups(f"{_MOMENT}{zone}$").struct.unnest()
    fraction = ("." + parts["fraction"].fill_null("").str.strip_chars_end("0")).str.strip_chars_end(".")
    time = parts["hour"] + ":" + parts["minute"] + ":" + parts["second"]
    return _day(parts) + " " + time + fraction + zone


def _numbers(cells: pl.Series) -> pl.DataFrame:
    """Return minus, digits before the point and digits behind it, null where a cell is no number."""
    cell = pl.col("cell")
    plain = pl.when(cell.str.contains(_NUMBER)).then(cell.str.replace_all(",", "", literal=True))
    whole = cell.str.extract(r"^[+-]?([0-9]+)").str.strip_chars_start("0")
    return (
        cells.to_frame("cell")
        .select(cell=plain)
        .select(
            minus=pl.when(cell.str.starts_with("-"))
            .then(pl.lit("-"))
            .when(cell.is_not_null())
            .then(pl.lit("")),
            whole=pl.when(whole == "").then(pl.lit("0")).otherwise(whole),
            fraction=cell.str.extract(r"\.([0-9]*)$").fill_null("").str.strip_chars_end("0"),
        )
    )


def _integers(cells: pl.Series) -> pl.Series:
    parts = _numbers(cells)
    found = (parts["minus"] + parts["whole"]).cast(pl.Int64, strict=False).cast(pl.String)
    return found.set(parts["fraction"] != "", None)


def _decimals(cells: pl.Series, places: int) -> pl.Series:
    parts = _numbers(cells)
    fits = (parts["fraction"].str.len_bytes() <= places) & (
        parts["whole"].str.len_bytes() <= _DIGITS - places
    ).fill_null(value=False)
    text = parts["whole"] + ("." + parts["fraction"]).str.strip_chars_end(".")
    signed = text.zip_with((text == "0").fill_null(value=True), parts["minus"] + text)
    return signed.set(~fits, None)


def _read(cells: pl.Series, found: pl.Series) -> Read:
    unread = cells.is_not_null() & found.is_null()
    return Read(found.zip_with(~unread, cells), unread)


def _emptied(cells: pl.Series) -> pl.Series:
    return cells.set((cells == "").fill_null(value=False), None)
