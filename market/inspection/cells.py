"""Reading cells: what kind of value each is, and the one way it is written.

Works on whole columns of text at a time (Polars), by rules 1 to 3 of :mod:`market.inspection.content`. The
obvious way to write a cell is in the tests, which hold this one against it. Imported in the child alone.
"""

from dataclasses import dataclass

import numpy as np
import polars as pl

from market.inspection import content
from market.inspection.flat import Flat

_NUMBER = rf"^(?:{content.NUMBER})$"
_INTEGER = rf"^{content.INTEGER}$"
_DATE = rf"^(?:{content.DATE})$"
_MOMENT = rf"^(?:{content.MOMENT})$"
_SAFE = r"\x{00}-\x{2FF}\x{3001}-\x{3029}\x{3041}-\x{3096}\x{30A1}-\x{30FA}\x{3400}-\x{4DBF}\x{4E00}-\x{9FFF}\x{FF01}-\x{FF5E}"
UNUSUAL = rf"[^{_SAFE}]"
"""Characters that Unicode normalisation might change, or that nobody sees; all others stay as they are in NFC."""


@dataclass(frozen=True)
class Cells:
    """The cells of one column in one batch.

    Attributes:
        text: how each is written canonically; null where it is empty.
        filled: how many are not empty.
        booleans: how many are ``true`` or ``false``.
        integers: how many are whole numbers.
        numbers: how many are plain numbers, whole ones included.
        dates: how many are calendar dates.
        moments: how many are a date with a time.
    """

    text: pl.Series
    filled: int
    booleans: int = 0
    integers: int = 0
    numbers: int = 0
    dates: int = 0
    moments: int = 0


def read(cells: pl.Series, flat: Flat) -> Cells:
    """Return the kinds of a column's cells and how they are written.

    Args:
        cells: text, null where empty.
        flat: the bytes of its filled cells.
    """
    filled = len(flat)
    if not filled:
        return Cells(cells, 0)
    first = flat.first()
    if not _any_figure(first):
        booleans = _booleans(cells) if ((first == ord("t")) | (first == ord("f"))).any() else 0
        return Cells(_plain(cells, flat), filled, booleans=booleans)
    integers = _count(cells.str.contains(_INTEGER))
    if integers == filled:
        return Cells(_no_minus_zero(cells, first), filled, integers=filled, numbers=filled)
    return _mixed(cells, flat, integers)


def _mixed(cells: pl.Series, flat: Flat, integers: int) -> Cells:
    number = cells.str.contains(_NUMBER).fill_null(value=False)
    numbers = _count(number)
    text = cells
    if numbers > integers:
        stripped = text.str.strip_chars_end("0").str.strip_chars_end(".")
        point = text.str.contains(".", literal=True)
        text = text.zip_with(~(number & point).fill_null(value=False), stripped)
    text = _no_minus_zero(text, flat.first()) if numbers else text
    if numbers == len(flat):
        return Cells(text, len(flat), integers=integers, numbers=numbers)
    text, dates = _dates(text, flat)
    text, moments = _moments(text, flat)
    booleans = _booleans(cells)
    known = numbers + dates + moments == len(flat)
    return Cells(
        text if known else _plain(text, flat), len(flat), booleans, integers, numbers, dates, moments
    )


def _dates(text: pl.Series, flat: Flat) -> tuple[pl.Series, int]:
    if not ((flat.lengths >= 8) & (flat.lengths <= 10)).any():
        return text, 0
    shaped = text.str.contains(_DATE)
    if not shaped.any():
        return text, 0
    dashed = text.str.replace_all("/", "-", literal=True)
    read = dashed.set(~shaped, None).str.to_date("%Y-%m-%d", strict=False)
    return text.zip_with(read.is_null(), read.cast(pl.String)), len(read) - read.null_count()


def _moments(text: pl.Series, flat: Flat) -> tuple[pl.Series, int]:
    if not ((flat.lengths >= 17) & (flat.lengths <= 27)).any():
        return text, 0
    shaped = text.str.contains(_MOMENT)
    if not shaped.any():
        return text, 0
    plain = text.set(~shaped, None)
    zone = plain.str.ends_with("Z")
    bare = plain.str.replace("T", " ", literal=True).str.strip_chars_end("Z")
    read = bare.str.to_datetime("%Y-%m-%d %H:%M:%S%.f", time_unit="us", strict=False)
    # a leap second is read as the second after it; it is no moment of the rule
    read = read.set(bare.str.contains(r":60(\.|$)").fill_null(value=False), None)
    written = read.dt.strftime("%Y-%m-%d %H:%M:%S%.6f").str.strip_chars_end("0").str.strip_chars_end(".")
    whole = read.dt.strftime("%Y-%m-%d %H:%M:%S")
    written = written.zip_with(read.dt.microsecond() != 0, whole)
    written = (written + "Z").zip_with(zone.fill_null(value=False), written)
    return text.zip_with(read.is_null(), written), len(read) - read.null_count()


def _plain(text: pl.Series, flat: Flat) -> pl.Series:
    """Apply rule 1: line ends, and Unicode NFC where it could make a difference."""
    if flat.has_byte(13):
        text = text.str.replace_all("\r\n", "\n", literal=True).str.replace_all("\r", "\n", literal=True)
    if flat.ascii:
        return text
    unusual = text.str.contains(UNUSUAL)
    return text.zip_with(~unusual.fill_null(value=False), text.str.normalize("NFC")) if unusual.any() else text


def _no_minus_zero(text: pl.Series, first: np.ndarray) -> pl.Series:  # type: ignore[type-arg]
    if not (first == ord("-")).any():
        return text
    return text.zip_with((text != "-0").fill_null(value=True), pl.Series(["0"]).new_from_index(0, len(text)))


def _booleans(cells: pl.Series) -> int:
    return _count((cells == "true") | (cells == "false"))


def _any_figure(first: np.ndarray) -> bool:  # type: ignore[type-arg]
    return bool((((first >= ord("0")) & (first <= ord("9"))) | (first == ord("-"))).any())


def _count(mask: pl.Series) -> int:
    return int(mask.sum() or 0)
