"""Check characters and plausibility of numbers, many at a time. Child alone.

Each function takes a matrix with one number a row and one symbol a column; the obvious way to compute each
is in the tests.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

Symbols = NDArray[np.uint8]
Mask = NDArray[np.bool_]

X: Final = 10
"""The symbol X among digits, the last of a resident identity number."""

CREDIT: Final = "0123456789ABCDEFGHJKLMNPQRTUWXY"
PROVINCES: Final = frozenset(
    {11, 12, 13, 14, 15, 21, 22, 23, 31, 32, 33, 34, 35, 36, 37, 41, 42, 43, 44, 45, 46, 50, 51, 52, 53, 54,
     61, 62, 63, 64, 65, 71, 81, 82, 83}
)  # fmt: skip
"""First two digits of the codes of administrative divisions (GB/T 2260; 81 to 83 on residence permits)."""
FIRST_YEAR, LAST_YEAR = 1900, 2035
"""Years of birth taken as plausible; fixed, so that the same bytes are judged alike in any year."""

_WEIGHTS = np.array([7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2], np.int16)
_CHECKS = np.array([1, 0, X, 9, 8, 7, 6, 5, 4, 3, 2], np.uint8)
_PROVINCE = np.array([number in PROVINCES for number in range(100)])
_DAYS = np.array([0, 31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31], np.uint8)
_DOUBLED = np.array([0, 2, 4, 6, 8, 1, 3, 5, 7, 9, 0], np.uint8)
_CREDIT_WEIGHTS = np.array([pow(3, place, 31) for place in range(17)], np.int32)
_CREDIT_VALUE = np.full(256, 255, np.uint8)
_CREDIT_VALUE[np.frombuffer(CREDIT.encode(), np.uint8)] = np.arange(31)
_NO_DEPARTMENT = 255
_DEPARTMENT = np.zeros(256, bool)
_DEPARTMENT[np.frombuffer(b"123456789ABCDEFGNY", np.uint8)] = True

# lengths of card numbers by the first digits their issuers were given (ISO/IEC 7812)
CARDS: Final = (
    ("62", (16, 17, 18, 19)), ("4", (16,)), ("51", (16,)), ("52", (16,)), ("53", (16,)), ("54", (16,)),
    ("55", (16,)), ("34", (15,)), ("37", (15,)), ("35", (16,)), ("60", (16, 19)), ("68", (16,)), ("94", (16,)),
)  # fmt: skip
_CARD = {
    length: np.array(
        [
            any(f"{number:02}".startswith(prefix) and length in sizes for prefix, sizes in CARDS)
            for number in range(100)
        ]
    )
    for length in range(15, 20)
}
# segments given to mobile networks; 13 to 19 with a few gaps
SEGMENTS: Final = frozenset(
    {
        *range(130, 140), *range(145, 154), *range(155, 160), 162, 165, 166, 167, *range(170, 179),
        *range(180, 194), *range(195, 200),
    }
)  # fmt: skip
_SEGMENT = np.array([number in SEGMENTS for number in range(1000)])


def _number(symbols: Symbols, start: int, end: int) -> NDArray[np.int16]:
    total = np.zeros(len(symbols), np.int16)
    for place in range(start, end):
        total = total * 10 + symbols[:, place]
    return total


def is_birth(symbols: Symbols, start: int, *, century: bool) -> Mask:
    """Tell which numbers hold a plausible date: YYYYMMDD from a place on, or YYMMDD of the 1900s."""
    year = (
        _number(symbols, start, start + 4) if century else _number(symbols, start, start + 2) + np.int16(1900)
    )
    at = start + (4 if century else 2)
    month, day = _number(symbols, at, at + 2), _number(symbols, at + 2, at + 4)
    leap = (year % 4 == 0) & ((year % 100 != 0) | (year % 400 == 0))
    days = _DAYS[np.where(month <= 12, month, 0)]
    right: Mask = (day >= 1) & (day <= days) & ((month != 2) | (day < 29) | leap)
    return right & (year >= FIRST_YEAR) & (year <= LAST_YEAR)


def is_resident(symbols: Symbols) -> Mask:
    """Tell which have the form of a resident identity number, of 18 symbols or of 15 (before 1999).

    Form means province, a plausible date of birth, and a running number that is not 000 (GB 11643).
    """
    modern = symbols.shape[1] == 18
    running = _number(symbols, 14, 17) if modern else _number(symbols, 12, 15)
    found: Mask = _PROVINCE[_number(symbols, 0, 2)] & (running > 0)
    return found & is_birth(symbols, 6, century=modern)


def is_resident_checked(symbols: Symbols) -> Mask:
    """Tell whose check symbol is right: 17 digits weighted, modulo 11 (GB 11643)."""
    total = np.zeros(len(symbols), np.int16)
    for place, weight in enumerate(_WEIGHTS):
        total += symbols[:, place] * weight
    right: Mask = _CHECKS[total % np.int16(11)] == symbols[:, 17]
    return right


def is_card(symbols: Symbols) -> Mask:
    """Tell which begin as an issuer's numbers of this length do (ISO/IEC 7812)."""
    found: Mask = _CARD[symbols.shape[1]][_number(symbols, 0, 2)]
    return found


def is_luhn(symbols: Symbols) -> Mask:
    """Tell whose last digit is right by Luhn's rule (ISO/IEC 7812-1)."""
    doubled = _DOUBLED[symbols[:, -2::-2]].sum(axis=1, dtype=np.int32)
    right: Mask = (doubled + symbols[:, -1::-2].sum(axis=1, dtype=np.int32)) % 10 == 0
    return right


def is_mobile(symbols: Symbols) -> Mask:
    """Tell which of 11 digits are in a segment given to mobile networks."""
    found: Mask = _SEGMENT[_number(symbols, 0, 3)]
    return found


def is_credit(text: Symbols) -> Mask:
    """Tell which ASCII texts of 18 have the form of a unified social credit code (GB 32100)."""
    form = _DEPARTMENT[text[:, 0]] & (text[:, 1] >= ord("1")) & (text[:, 1] <= ord("9"))
    form &= ((text[:, 2:8] >= ord("0")) & (text[:, 2:8] <= ord("9"))).all(axis=1)
    form &= (_CREDIT_VALUE[text] < _NO_DEPARTMENT).all(axis=1)
    digits = np.where(form, (text[:, 2] - 48) * 10 + (text[:, 3] - 48), 0)
    found: Mask = form & (_PROVINCE[digits] | (digits == 10))
    return found


def is_credit_checked(text: Symbols) -> Mask:
    """Tell whose check character is right: weights 3^i, modulo 31 (GB 32100)."""
    values = _CREDIT_VALUE[text]
    total = (values[:, :17] * _CREDIT_WEIGHTS).sum(axis=1, dtype=np.int32)
    right: Mask = (-total) % 31 == values[:, 17]
    return right
