"""Reading cells: what kind of value each is, and the one way it is written.

Works on whole columns of text at a time (Polars), by rules 1 to 3 of :mod:`market.inspection.content`. The
obvious way to write a cell is in the tests, which hold this one against it. Imported in the child alone.
"""

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from market.inspection import calendar, content
from market.inspection.flat import Bytes, Flat

_NUMBER = rf"^(?:{content.NUMBER})$"
_INTEGER = rf"^{content.INTEGER}$"
_DATE = rf"^(?:{content.DATE})$"
_MOMENT = rf"^(?:{content.MOMENT})$"
_SHORTEST_DATE, _LONGEST_DATE = 8, 10
_SHORTEST_MOMENT, _LONGEST_MOMENT = 17, 27
_MICROSECONDS = 1_000_000

Numbers = NDArray[np.float64]


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
        days: the dates as days since 1970-01-01.
        seconds: the moments as seconds since then, whatever their zone.
    """

    text: pl.Series
    filled: int
    booleans: int = 0
    integers: int = 0
    numbers: int = 0
    dates: int = 0
    moments: int = 0
    days: Numbers | None = None
    seconds: Numbers | None = None


def read(cells: pl.Series, flat: Flat, unusual: pl.Series | None) -> Cells:
    """Return the kinds of a column's cells and how they are written.

    Args:
        cells: text, null where empty.
        flat: the bytes of its filled cells.
        unusual: which cells Unicode normalisation might change; None when it can change none.
    """
    filled = len(flat)
    if not filled:
        return Cells(cells, 0)
    first = flat.first
    if not _any_figure(first):
        booleans = _booleans(cells) if ((first == ord("t")) | (first == ord("f"))).any() else 0
        return Cells(_plain(cells, flat, unusual), filled, booleans=booleans)
    text, integers, numbers = _numbers(cells, flat)
    if numbers == filled:
        return Cells(text, numbers, integers=integers, numbers=numbers)
    text, days = _dates(text, flat) if _dated(flat) else (text, np.empty(0))
    if len(days) == len(flat):
        return Cells(text, len(flat), dates=len(days), days=days)
    text, seconds = _moments(text, flat) if flat.has_byte(ord(":")) else (text, np.empty(0))
    if numbers + len(days) + len(seconds) < len(flat):
        text = _plain(text, flat, unusual)
    return Cells(
        text, len(flat), _booleans(cells), integers, numbers, len(days), len(seconds), days, seconds
    )  # fmt: skip


def _numbers(cells: pl.Series, flat: Flat) -> tuple[pl.Series, int, int]:
    """Return the cells with numbers written canonically, how many are whole and how many numbers at all."""
    if not flat.has_byte(ord(".")):
        integers = _count(cells.str.contains(_INTEGER))
        return (_no_minus_zero(cells, flat.first) if integers else cells), integers, integers
    number = cells.str.contains(_NUMBER).fill_null(value=False)
    numbers = _count(number)
    if not numbers:
        return cells, 0, 0
    pointed = number & cells.str.contains(".", literal=True).fill_null(value=False)
    text = cells
    if bool((flat.last == ord("0")).any()):
        places = (pointed & cells.str.ends_with("0").fill_null(value=False)).arg_true()
        shortened = cells.gather(places).str.strip_chars_end("0").str.strip_chars_end(".")
        text = cells.clone().scatter(places, shortened)
    return _no_minus_zero(text, flat.first), numbers - _count(pointed), numbers


def _dated(flat: Flat) -> bool:
    return flat.has_byte(ord("-")) or flat.has_byte(ord("/"))


def _dates(text: pl.Series, flat: Flat) -> tuple[pl.Series, Numbers]:
    fixed = calendar.dates(flat)
    if len(fixed.rewritten):
        chosen = _mask(text, flat, fixed.rewritten).arg_true()
        text = text.clone().scatter(chosen, text.gather(chosen).str.replace_all("/", "-", literal=True))
    days = fixed.counted.astype(np.float64)
    if not _between(flat, _SHORTEST_DATE, _LONGEST_DATE, len(fixed.places)):
        return text, days
    plain = _rest(text, flat, fixed.places, _DATE)
    read = plain.str.replace_all("/", "-", literal=True).str.to_date("%Y-%m-%d", strict=False)
    text = text.zip_with(read.is_null(), read.cast(pl.String))
    return text, np.concatenate((days, read.drop_nulls().to_physical().to_numpy().astype(np.float64)))


def _moments(text: pl.Series, flat: Flat) -> tuple[pl.Series, Numbers]:
    fixed = calendar.moments(flat)
    seconds = fixed.counted.astype(np.float64)
    if not _between(flat, _SHORTEST_MOMENT, _LONGEST_MOMENT, len(fixed.places)):
        return text, seconds
    plain = _rest(text, flat, fixed.places, _MOMENT)
    zone = plain.str.ends_with("Z").fill_null(value=False)
    bare = plain.str.replace("T", " ", literal=True).str.strip_chars_end("Z")
    read = bare.str.to_datetime("%Y-%m-%d %H:%M:%S%.f", time_unit="us", strict=False)
    # a leap second is read as the second after it; it is no moment of the rule
    read = read.set(bare.str.contains(r":60(\.|$)").fill_null(value=False), None)
    written = read.dt.strftime("%Y-%m-%d %H:%M:%S%.6f").str.strip_chars_end("0").str.strip_chars_end(".")
    whole = read.dt.strftime("%Y-%m-%d %H:%M:%S")
    written = written.zip_with(read.dt.microsecond() != 0, whole)
    text = text.zip_with(read.is_null(), (written + "Z").zip_with(zone, written))
    slow = read.drop_nulls().to_physical().to_numpy() / _MICROSECONDS
    return text, np.concatenate((seconds, slow))


def _between(flat: Flat, shortest: int, longest: int, known: int) -> bool:
    """Tell whether there are cells of such lengths, in bytes, beside those already known."""
    fitting = (flat.lengths >= shortest) & (flat.lengths <= longest)
    return int(fitting.sum()) > known


def _rest(text: pl.Series, flat: Flat, known: NDArray[np.intp], shape: str) -> pl.Series:
    """Return the cells of a shape that are not known yet; null for all others."""
    wanted = text.str.contains(shape).fill_null(value=False)
    if len(known):
        wanted &= ~_mask(text, flat, known)
    return text.zip_with(wanted, pl.Series([None], dtype=pl.String).new_from_index(0, len(text)))


def _mask(text: pl.Series, flat: Flat, places: NDArray[np.intp]) -> pl.Series:
    """Return which cells are those at some places among the filled ones."""
    among = np.zeros(len(flat), np.bool_)
    among[places] = True
    if len(flat) == len(text):
        return pl.Series(among)
    whole = np.zeros(len(text), np.bool_)
    whole[text.is_not_null().to_numpy()] = among
    return pl.Series(whole)


def _plain(text: pl.Series, flat: Flat, unusual: pl.Series | None) -> pl.Series:
    """Apply rule 1: line ends, and Unicode NFC where it could make a difference."""
    if flat.has_byte(13):
        text = text.str.replace_all("\r\n", "\n", literal=True).str.replace_all("\r", "\n", literal=True)
    if unusual is None:
        return text
    return text.zip_with(~unusual.fill_null(value=False), text.str.normalize("NFC"))


def _no_minus_zero(text: pl.Series, first: Bytes) -> pl.Series:
    if not (first == ord("-")).any():
        return text
    return text.zip_with((text != "-0").fill_null(value=True), pl.Series(["0"]).new_from_index(0, len(text)))


def _booleans(cells: pl.Series) -> int:
    return _count((cells == "true") | (cells == "false"))


def _any_figure(first: Bytes) -> bool:
    return bool((((first >= ord("0")) & (first <= ord("9"))) | (first == ord("-"))).any())


def _count(mask: pl.Series) -> int:
    return int(mask.sum() or 0)
