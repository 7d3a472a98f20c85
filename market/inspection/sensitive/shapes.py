"""Forms of text: what is told by how a cell is written, without a check character. Child alone.

The patterns mean the same to Rust's and Python's regular expressions, so that the tests can hold one against
the other. Before a pattern is tried, a look at the bytes rules out columns where it cannot match.
"""

from typing import Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from market.inspection.flat import Flat
from market.inspection.sensitive.checks import Mask
from market.inspection.sensitive.surnames import COMMON, COMPOUND, OTHER

Positions = NDArray[np.int64]
Marks = dict[str, Positions]

_OCTET = r"(?:25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])"
_HEX = "[0-9A-Fa-f]"
_GROUP = f"{_HEX}{{1,4}}"
_HAN = "\u4e00-\u9fff"
EMAIL: Final = r"[A-Za-z0-9_%+-]@[A-Za-z0-9](?:[A-Za-z0-9-]*\.)+[A-Za-z]{2}"
IPV4: Final = rf"^(?:{_OCTET}\.){{3}}{_OCTET}(?:/[0-9]{{1,2}}|:[0-9]{{1,5}})?$"
IPV4_HIGH: Final = rf"^(?:{_OCTET}\.){{0,3}}(?:25[0-5]|2[0-4][0-9]|1[0-9][0-9])(?:[./:]|$)"
IPV6: Final = (
    rf"^(?:(?:{_GROUP}:){{7}}{_GROUP}|(?:{_GROUP}:){{1,6}}(?::{_GROUP}){{1,6}}|(?:{_GROUP}:){{1,7}}:)$"
)
MAC: Final = rf"^{_HEX}{{2}}(?:(?::{_HEX}{{2}}){{5}}|(?:-{_HEX}{{2}}){{5}})$"
PLATE: Final = (
    r"^[京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼][A-Z][·. -]?"
    r"(?:[A-HJ-NP-Z0-9]{5,6}|[A-HJ-NP-Z0-9]{4}[学警港澳挂领])$"
)
PASSPORT: Final = r"^(?:[EeGgDdSsPpHh][0-9]{8}|[Ee][A-HJ-NP-Za-hj-np-z][0-9]{7}|1[45][0-9]{7})$"
PERMIT: Final = r"^(?:[HMChmc][0-9]{8}(?:[0-9]{2})?|[A-Z]{1,2}[0-9]{6}\(?[0-9A]\)?)$"
TAIWAN: Final = r"^[0-9]{8}(?:[0-9]{2})?$"
POINT: Final = (
    r"^[(\[]?-?(?:1[0-7][0-9]|[0-9]{1,2})\.[0-9]{3,}[,，; ] ?-?(?:1[0-7][0-9]|[0-9]{1,2})\.[0-9]{3,}[)\]]?$"
)
DEGREES: Final = r"^-?(?:1[0-7][0-9]|[0-9]{1,2})(?:\.[0-9]{2,}°?[NSEW]?|°.*)$"
ADDRESS: Final = (
    r"(?:省|市|区|县|镇|乡|州|旗|村|路|街)[^，。；]{0,24}(?:路|街|道|巷|弄|村|里|苑|园|镇|庄|屯|胡同|小区|大厦)[^，。；]{0,12}"
    r"[0-9]+(?:号|弄|栋|幢|室|单元|组|楼)"
)
PLACE: Final = rf"[{_HAN}](?:省|市|区|县|镇|乡|自治州|街道|路|村)"
LANDLINE: Final = (
    r"^(?:\+?86[ -]?)?\(?0(?:10|2[0-9]|[3-9][0-9]{2})(\)[ -]?|[ -])[2-9][0-9]{6,7}(?:[ -][0-9]{1,4})?$"
)
LANDLINE_BARE: Final = r"^0(?:10|2[0-9]|[3-9][0-9]{2})[2-9][0-9]{6,7}$"

_SURNAME = np.zeros(65536, np.uint8)
_SURNAME[[ord(c) for c in OTHER]] = 1
_SURNAME[[ord(c) for c in COMMON]] = 2
_COMPOUND_FIRST = np.zeros(65536, bool)
_COMPOUND_FIRST[[ord(pair[0]) for pair in COMPOUND]] = True


def find(cells: pl.Series, flat: Flat, *, alone: bool, place: bool, permit: bool) -> Marks:
    """Return the cells of each form.

    Args:
        cells: normalised text, none null.
        flat: their bytes.
        alone: whether single coordinates are asked for (the column's name speaks for them).
        place: whether names of places are (the name speaks for addresses).
        permit: whether permits that are figures alone are.
    """
    marks: Marks = {}
    longest = int(flat.lengths.max())
    if flat.has_byte(ord("@")):
        marks["email"] = _matching(cells, EMAIL)
    if longest >= 7 and flat.has_byte(ord(".")) and _close(flat, ".", 2, 4):
        marks["ip"] = _matching(cells, IPV4)
        marks["ip.high"] = np.intersect1d(_matching(cells, IPV4_HIGH), marks["ip"])
    if (
        longest >= 3
        and flat.has_byte(ord(":"))
        and (_close(flat, ":", 1, 5) or b"::" in flat.joined.tobytes())
    ):
        found = _matching(cells, IPV6)
        marks["ip"] = np.union1d(marks.get("ip", found[:0]), found)
        marks["ip.high"] = np.union1d(marks.get("ip.high", found[:0]), found)
    if longest >= 17 and (_close(flat, ":", 3, 3) or _close(flat, "-", 3, 3)):
        marks["mac"] = _matching(cells, MAC)
    if longest >= 11 and flat.has_byte(ord(".")) and (not flat.ascii or any(map(flat.has_byte, b",; "))):
        marks["point"] = _among(cells, flat, POINT, _starts(flat, b"0123456789-([") & (flat.lengths >= 11))
    if longest >= 10:
        zero = _starts(flat, b"0(+8") & (flat.lengths >= 10) & (flat.lengths <= 24)
        marks["landline"] = _among(cells, flat, LANDLINE, zero)
        marks |= bare_landlines(cells, flat)
    short = (flat.lengths >= 8) & (flat.lengths <= 11)
    if short.any():
        marks["passport"] = _among(
            cells, flat, PASSPORT, short & (flat.lengths == 9) & _starts(flat, b"EeGgDdSsPpHh1")
        )
        marks["permit"] = _among(
            cells, flat, TAIWAN if permit else PERMIT, short & (permit | _is_letter(flat.first))
        )
        if permit:
            marks["permit"] = np.union1d(
                marks["permit"], _among(cells, flat, PERMIT, short & _is_letter(flat.first))
            )
    if alone:
        marks["degrees"] = _matching(cells, DEGREES)
    if not flat.ascii:
        marks |= _in_chinese(cells, flat, place=place)
    return {mark: found for mark, found in marks.items() if len(found)}


def bare_landlines(cells: pl.Series, flat: Flat) -> Marks:
    """Return the cells that are an area code and a number with nothing between."""
    zero = (flat.first == ord("0")) & (flat.lengths >= 10) & (flat.lengths <= 12)
    return {"landline.bare": _among(cells, flat, LANDLINE_BARE, zero)}


def _in_chinese(cells: pl.Series, flat: Flat, *, place: bool) -> Marks:
    marks = names(flat)
    plate = (flat.lengths >= 9) & (flat.lengths <= 13) & (flat.first >= 0xE4)
    if plate.any():
        at = np.flatnonzero(plate)
        plate[at] = _is_letter(flat.data[flat.offsets[at] + 3])
        marks["plate"] = _among(cells, flat, PLATE, plate)
    if place:
        marks["place"] = _matching(cells, PLACE)
    long = flat.lengths >= 15
    if long.any() and _has_figure_before_chinese(flat):
        marks["address"] = _among(cells, flat, ADDRESS, long)
    return marks


def _has_figure_before_chinese(flat: Flat) -> bool:
    """Tell whether any figure is followed by a Chinese character in its cell, as house numbers are."""
    octets = flat.joined
    found = ((octets[:-1] - np.uint8(48)) < 10) & (octets[1:] >= 0xE4)
    found[(flat.offsets[1:-1] - flat.offsets[0]) - 1] = False
    return bool(found.any())


def names(flat: Flat) -> Marks:
    """Return the cells of two to four Chinese characters, and those that begin with a surname.

    ``name.common`` are the surnames of most people, ``name.rare`` all others.
    """
    kinds = np.zeros(len(flat), np.uint8)
    for length in (6, 9, 12):
        at = np.flatnonzero(flat.lengths == length)
        if len(at):
            kinds[at] = _surnames(flat, at, length)
    if not kinds.any():
        return {}
    return {
        "han": np.flatnonzero(kinds),
        "name.common": np.flatnonzero(kinds == 3),
        "name.rare": np.flatnonzero(kinds == 2),
    }


def _surnames(flat: Flat, at: Positions, length: int) -> NDArray[np.uint8]:
    """Return 3 for a common surname, 2 for another, 1 for other Chinese characters, 0 for what is none."""
    if len(at) == len(flat):
        octets = flat.joined.reshape(-1, length)
    else:
        octets = flat.data[flat.offsets[at][:, None] + np.arange(length)]
    han = np.ones(len(octets), bool)
    for place in range(0, length, 3):
        han &= (octets[:, place] - np.uint8(0xE4)) <= 5
    first = np.where(han, _character(octets), np.int32(0))
    kinds = np.where(han, _SURNAME[first] + np.uint8(1), np.uint8(0))
    if length > 6:
        for row in np.flatnonzero(_COMPOUND_FIRST[first]):
            if octets[row, :6].tobytes().decode() in COMPOUND:
                kinds[row] = 3
    return kinds


def _character(octets: NDArray[np.uint8]) -> NDArray[np.int32]:
    wide = octets[:, :3].astype(np.int32)
    found: NDArray[np.int32] = ((wide[:, 0] & 15) << 12) | ((wide[:, 1] & 63) << 6) | (wide[:, 2] & 63)
    return found


def _matching(cells: pl.Series, pattern: str) -> Positions:
    return np.flatnonzero(cells.str.contains(pattern).to_numpy())


def _among(cells: pl.Series, flat: Flat, pattern: str, maybe: Mask) -> Positions:
    at = np.flatnonzero(maybe)
    if not len(at):
        return at
    if len(at) == len(flat):
        return _matching(cells, pattern)
    return at[_matching(cells.gather(at), pattern)]


def _starts(flat: Flat, octets: bytes) -> Mask:
    table = np.zeros(256, bool)
    table[np.frombuffer(octets, np.uint8)] = True
    found: Mask = table[flat.first]
    return found


def _is_letter(octets: NDArray[np.uint8]) -> Mask:
    found: Mask = ((octets | 32) >= ord("a")) & ((octets | 32) <= ord("z"))
    return found


def _close(flat: Flat, mark: str, low: int, high: int) -> bool:
    """Tell whether a byte stands three times in a row at such distances anywhere."""
    there = flat.joined == ord(mark)
    if not any((there[:-gap] & there[gap:]).any() for gap in range(low, high + 1)):
        return False
    gaps = np.diff(np.flatnonzero(there))
    near = (gaps >= low) & (gaps <= high)
    return bool((near[:-1] & near[1:]).any())
