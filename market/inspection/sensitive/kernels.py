"""Marks of cells: what each cell of a column holds, by its own text alone. Child alone.

Text is first brought to one form where that can matter (full-width figures, invisible characters, dashes of
other kinds). Then numbers are looked for in the bytes (:mod:`windows`, :mod:`checks`) and forms in the text
(:mod:`shapes`). A mark is a word such as ``id.text.valid``: a checked identity number inside other text.
"""

from collections.abc import Callable
from typing import Final

import numpy as np
import polars as pl

from market.inspection.flat import Flat
from market.inspection.sensitive import checks, shapes
from market.inspection.sensitive.shapes import Marks, Positions
from market.inspection.sensitive.windows import PARTED, Digits, Windows, alone, uniform, with_long_runs

PLAIN: Final = (
    r"\x{00}-\x{7F}\x{3001}\x{3002}\x{4000}-\x{9FFF}\x{FF01}\x{FF08}\x{FF09}\x{FF0C}\x{FF1A}\x{FF1B}\x{FF1F}"
)
"""Characters that nobody uses to hide a number; a cell of these alone is taken as it is."""
HIDDEN: Final = r"[\x{AD}\x{200B}-\x{200F}\x{202A}-\x{202E}\x{2060}-\x{2064}\x{FEFF}\x{180E}]"
DASHES: Final = r"[\x{2010}-\x{2015}\x{2212}\x{FE58}\x{FE63}\x{30FC}]"
NEAR_PHONE: Final = r"电话|手机|联系|致电|来电|微信|号码|(?i:tel|phone|mobile|call|wechat|contact)"
NEAR_CARD: Final = r"卡|账号|帐号|账户|开户|(?i:card|account|acct)"
_BLANKS = " \t\r\n"
_CARD_LENGTHS = (15, 16, 17, 18, 19)
NUMBERS: Final = {"id": (18, 15), "mobile": (11, 13, 15), "card": _CARD_LENGTHS}
"""Numbers that are looked for inside text, and how many digits they have."""


def normalised(cells: pl.Series) -> pl.Series:
    """Return text in one form: NFKC, nothing invisible, one kind of dash, no blanks around it.

    Args:
        cells: text, none null; what is left of nothing becomes a dash, so that no cell is empty.
    """
    if cells.str.len_bytes().sum() == cells.str.len_chars().sum():
        plain = cells
    else:
        odd = cells.str.contains(f"[^{PLAIN}]")
        at = np.flatnonzero(odd.to_numpy())
        plain = cells.clone().scatter(at, _unified(cells.gather(at))) if len(at) else cells
    plain = plain.str.strip_chars(_BLANKS)
    return plain.replace("", "-")


def _unified(cells: pl.Series) -> pl.Series:
    text = cells.str.normalize("NFKC").str.replace_all(HIDDEN, "")
    return text.str.replace_all(DASHES, "-").str.replace_all(r"[\x{2000}-\x{200A}]", " ")


def _needs_form(flat: Flat) -> bool:
    first, last = flat.first, flat.last
    if ((first <= 32) | (last <= 32)).any():
        return True
    if flat.ascii:
        return False
    # lead bytes of what is neither ASCII nor U+4000 to U+9FFF
    octets = flat.joined
    return bool(octets.max() > 0xE9 or ((octets - np.uint8(0xC2)) < 0x22).any())


def marks(
    cells: pl.Series, flat: Flat, *, alone: bool = False, place: bool = False, permit: bool = False
) -> Marks:
    """Return what cells hold: for each mark the positions of the cells that bear it, ascending.

    Args:
        cells: text, none null or empty.
        flat: their bytes.
        alone: whether the column's name speaks for coordinates, so that single ones are looked for.
        place: whether it speaks for addresses.
        permit: whether it speaks for permits, some of which are mere figures.
    """
    if not len(flat) or _is_calendar(flat):
        return {}
    if _needs_form(flat):
        cells = normalised(cells)
        flat = Flat(cells)
    longest = int(flat.lengths.max())
    found: Marks = {}
    one = uniform(flat)
    if one is not None:
        _judge(found, one)
        return {mark: at for mark, at in (found | shapes.bare_landlines(cells, flat)).items() if len(at)}
    if longest >= 10:
        found |= _numbers(cells, flat)
    if longest >= 18:
        _add(found, _credit_codes(flat))
    found |= shapes.find(cells, flat, alone=alone, place=place, permit=permit)
    return {mark: at for mark, at in found.items() if len(at)}


def _is_calendar(flat: Flat) -> bool:
    """Tell whether every cell is a day or moment of one form, in which no number can hide."""
    length = int(flat.lengths[0])
    if length not in (10, 19) or not (flat.lengths == length).all():
        return False
    marked = (4, 7) if length == 10 else (4, 7, 10, 13, 16)
    figures = np.ones(length, bool)
    figures[list(marked)] = False
    if not np.array_equal((flat.joined - np.uint8(48)) < 10, np.tile(figures, len(flat))):
        return False
    octets = flat.joined.reshape(-1, length)
    dashes = all(((octets[:, place] >= ord("-")) & (octets[:, place] <= ord("/"))).all() for place in (4, 7))
    return dashes and all((octets[:, place] == ord(":")).all() for place in marked[3:])


def _numbers(cells: pl.Series, flat: Flat) -> Marks:
    whole: Marks = {}
    left = np.zeros(len(flat), bool)
    left[with_long_runs(flat)] = True
    if not left.any():
        return whole
    for length in PARTED:
        windows = alone(flat, length)
        _judge(whole, windows)
        left[windows.cells] = False
    at = np.flatnonzero(left)
    if not len(at):
        return whole
    found: Marks = {}
    part = cells if len(at) == len(flat) else cells.gather(at)
    digits = Digits(flat if len(at) == len(flat) else Flat(part))
    for length in PARTED:
        _judge(found, digits.windows(length))
    for mark, pattern, near in (
        ("mobile.text", NEAR_PHONE, "mobile.near"), ("card.text.valid", NEAR_CARD, "card.near.valid"),
        ("card.text", NEAR_CARD, "card.near"),
    ):  # fmt: skip
        inside = found.get(mark)
        if inside is not None and len(inside):
            words = part.gather(inside).str.contains(pattern).to_numpy()
            found[near] = inside[words]
    _add(whole, {mark: at[inside] for mark, inside in found.items()})
    return whole


def _judge(found: Marks, windows: Windows) -> None:
    """Add the marks of the windows of one length."""
    length = windows.symbols.shape[1]
    if not len(windows.cells):
        return
    symbols = windows.symbols
    if length == 11:
        _tell(found, "eleven", windows, None)
        _tell(found, "mobile", windows, checks.is_mobile(symbols))
    elif length in (13, 15):
        country = (8, 6) if length == 13 else (0, 0, 8, 6)
        abroad = (symbols[:, : len(country)] == country).all(axis=1)
        _tell(found, "mobile", windows, abroad & checks.is_mobile(symbols[:, len(country) :]))
    if length == 15:
        _tell(found, "id15", windows, checks.is_resident(symbols))
    elif length == 18:
        _tell(found, "eighteen", windows, None)
        resident = checks.is_resident(symbols)
        if resident.any():
            _tell(found, "id", windows, resident)
            _tell(found, "id", windows, resident & checks.is_resident_checked(symbols), ".valid")
        windows = windows.those(~resident)
        text = np.where(windows.symbols == checks.X, np.uint8(ord("X")), windows.symbols + np.uint8(48))
        codes = Windows(windows.cells, text, windows.whole)
        _split(found, "credit", codes.those(checks.is_credit(text)), checks.is_credit_checked)
    if length in _CARD_LENGTHS:
        card = checks.is_card(windows.symbols) & (windows.symbols[:, -1] != checks.X)
        _split(found, "card", windows.those(card), checks.is_luhn)


def _split(found: Marks, name: str, hits: Windows, check: Callable[[checks.Symbols], checks.Mask]) -> None:
    """Add cells under ``name.whole`` and ``name.text``, those that pass a check under ``….valid`` too."""
    if len(hits.cells):
        _tell(found, name, hits, None)
        _tell(found, name, hits, check(hits.symbols), ".valid")


def _tell(found: Marks, name: str, windows: Windows, hit: checks.Mask | None, valid: str = "") -> None:
    for where, whole in (("whole", windows.whole), ("text", ~windows.whole)):
        if whole.any():
            among = whole if hit is None else hit & whole
            at = windows.cells if among.all() else windows.cells[among]
            _add(found, {f"{name}.{where}{valid}": at})


def _add(found: Marks, new: Marks) -> None:
    for mark, at in new.items():
        if len(at):
            found[mark] = (
                _distinct(np.sort(np.concatenate((found[mark], at)))) if mark in found else _distinct(at)
            )


def _distinct(ascending: Positions) -> Positions:
    kept = np.ones(len(ascending), bool)
    kept[1:] = ascending[1:] != ascending[:-1]
    return ascending[kept]


def _credit_codes(flat: Flat) -> Marks:
    """Find credit codes with letters: 18 letters and figures with none beside them."""
    octets = flat.joined
    capital = (octets - np.uint8(65)) < 26
    if not capital.any():
        return {}
    figure = (octets - np.uint8(48)) < 10
    run = figure | capital
    for step in (1, 2, 4, 8, 2):
        run = run[: len(run) - step] & run[step:]
    starts = flat.offsets - flat.offsets[0]
    beside = figure | capital | ((octets - np.uint8(97)) < 26)
    open_before = np.ones(len(octets), bool)
    open_before[1:] = ~beside[:-1]
    open_before[starts[:-1]] = True
    begins = np.flatnonzero(run & open_before[: len(run)])
    if not len(begins):
        return {}
    cells = np.searchsorted(starts[1:], begins, side="right")
    inside = begins + 18 <= starts[cells + 1]
    begins, cells = begins[inside], cells[inside]
    after = (begins + 18 == starts[cells + 1]) | ~beside[np.minimum(begins + 18, len(octets) - 1)]
    begins, cells = begins[after], cells[after]
    text = octets[begins[:, None] + np.arange(18)]
    lettered = (text[:, :17] > ord("9")).any(axis=1)
    text, cells = text[lettered], cells[lettered]
    whole = flat.lengths[cells] <= 20
    found: Marks = {}
    codes = Windows(cells, text, whole)
    _split(found, "credit", codes.those(checks.is_credit(text)), checks.is_credit_checked)
    return found


def first_window(text: str, kind: str) -> str | None:
    """Return the first number of a kind in one normalised cell, without what parts it.

    Args:
        text: the cell.
        kind: ``id``, ``mobile`` or ``card``.
    """
    flat = Flat(pl.Series([text]))
    digits = Digits(flat)
    best: str | None = None
    for length in NUMBERS[kind]:
        windows = digits.windows(length)
        found: Marks = {}
        for row in range(len(windows.cells)):
            found.clear()
            _judge(found, windows.those(np.arange(len(windows.cells)) == row))
            marked = [mark for mark in found if mark.split(".")[0] in {kind, f"{kind}15"}]
            written = "".join("0123456789X"[symbol] for symbol in windows.symbols[row])
            if any(mark.endswith("valid") for mark in marked):
                return written
            if marked and best is None:
                best = written
    return best
