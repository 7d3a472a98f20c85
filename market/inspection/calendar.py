"""Calendar dates and moments in the form most files have, read as columns of digits. Child alone.

``YYYY-MM-DD`` (or with ``/``) and ``YYYY-MM-DD HH:MM:SS`` are ten and nineteen bytes; whatever has another
form is read the slow way by :mod:`market.inspection.cells`. Years 1000 to 9999, Gregorian throughout.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from market.inspection.flat import Bytes, Flat

DATE = 10
MOMENT = 19
_SECONDS = 86_400
_LENGTHS = np.array([0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31, 0, 0, 0] + [0] * 84, np.int64)
_BEFORE = np.concatenate(([0], np.cumsum(_LENGTHS)[:-1])).astype(np.int64)
"""Days of a common year before each month."""
_EPOCH = 719_162
"""Days from 0001-01-01 to 1970-01-01."""


@dataclass(frozen=True)
class Fixed:
    """Cells of the fixed form.

    Attributes:
        places: which of the filled cells they are.
        counted: days, or seconds, since 1970-01-01, for each of them.
        rewritten: which of the places are real but written with ``/``.
    """

    places: NDArray[np.intp]
    counted: NDArray[np.int64]
    rewritten: NDArray[np.intp]


def dates(flat: Flat) -> Fixed:
    """Return the real dates of ten bytes among the filled cells."""
    places, digits = _columns(flat, DATE)
    days, real = _days(digits)
    slashed = (digits[4] == ord("/")) & (digits[7] == ord("/"))
    real &= slashed | ((digits[4] == ord("-")) & (digits[7] == ord("-")))
    return Fixed(places[real], days[real], places[real & slashed])


def moments(flat: Flat) -> Fixed:
    """Return the real moments of nineteen bytes, with a blank in the middle, among the filled cells."""
    places, digits = _columns(flat, MOMENT)
    days, real = _days(digits)
    hours, minutes, seconds = (_number(digits, real, place, 2) for place in (11, 14, 17))
    for place, mark in ((4, "-"), (7, "-"), (10, " "), (13, ":"), (16, ":")):
        real &= digits[place] == ord(mark)
    real &= (hours < 24) & (minutes < 60) & (seconds < 60)
    counted = days * _SECONDS + hours * 3600 + minutes * 60 + seconds
    return Fixed(places[real], counted[real], places[:0])


def _columns(flat: Flat, length: int) -> tuple[NDArray[np.intp], Bytes]:
    """Return the cells of a length, and their bytes: a row for each place in the cell."""
    fitting = flat.lengths == length
    places = np.flatnonzero(fitting)
    if len(places) == len(flat):
        return places, np.ascontiguousarray(flat.joined.reshape(-1, length).T)
    starts = flat.offsets[:-1][fitting]
    return places, flat.data[starts + np.arange(length)[:, None]]


def _days(digits: Bytes) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    real = np.ones(digits.shape[1], np.bool_)
    year, month, day = (_number(digits, real, *where) for where in ((0, 4), (5, 2), (8, 2)))
    leap = (year % 4 == 0) & ((year % 100 != 0) | (year % 400 == 0))
    longest = _LENGTHS[month] + (leap & (month == 2))
    real &= (year >= 1000) & (day >= 1) & (day <= longest)
    past = year - 1
    days = (
        past * 365 + past // 4 - past // 100 + past // 400 + _BEFORE[month] + (leap & (month > 2)) + day - 1
    )
    return days - _EPOCH, real


def _number(digits: Bytes, real: NDArray[np.bool_], place: int, length: int) -> NDArray[np.int64]:
    """Return a number of so many digits; where they are none, ``real`` becomes false and the number 0."""
    found = np.zeros(digits.shape[1], np.int64)
    fine = np.ones(digits.shape[1], np.bool_)
    for row in digits[place : place + length]:
        figure = row - np.uint8(48)
        fine &= figure <= 9
        found = found * 10 + figure
    real &= fine
    found[~fine] = 0
    return found
