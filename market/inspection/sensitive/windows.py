"""Numbers inside text: every run of exactly so many digits, also where spaces or dashes part it. Child alone.

A *window* of length n is n digits in a row, the last of 18 may be X. A single space or dash may stand between
two of them where people put one; no digit touches the window from outside. So ``138-1234 5678`` is one
window of 11, and a number inside a longer one is none.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from market.inspection.flat import Flat
from market.inspection.sensitive.checks import Mask, Symbols, X

Positions = NDArray[np.int64]

PARTED: Final[dict[int, frozenset[int]]] = {
    11: frozenset({3, 4, 6, 7}),
    13: frozenset({2, 5, 9}),
    15: frozenset({4, 6, 8, 10, 12}),
    16: frozenset({4, 8, 12, 6}),
    17: frozenset({4, 8, 12, 16, 6}),
    18: frozenset({4, 6, 8, 10, 12, 14, 16, 17}),
    19: frozenset({4, 8, 12, 16, 6}),
}
"""After how many digits a number of a length may be parted; the lengths are those anybody asks for."""
NEAR: Final = 2
"""A window is the whole cell when at most so many bytes of the cell are outside it."""


@dataclass(frozen=True)
class Windows:
    """Windows of one length.

    Attributes:
        cells: the cell each stands in.
        symbols: its digits, one row each, stored by column, since checks go column by column; 10 is X.
        whole: whether it is the whole cell.
    """

    cells: Positions
    symbols: Symbols
    whole: Mask

    def those(self, kept: Mask) -> "Windows":
        """Return some of them."""
        if kept.all():
            return self
        return Windows(self.cells[kept], self.symbols.T[:, kept].T, self.whole[kept])


def uniform(flat: Flat) -> Windows | None:
    """Return the windows of cells that all are one number of one length, None for other cells."""
    length = int(flat.lengths[0])
    if length not in PARTED or not (flat.lengths == length).all():
        return None
    octets = flat.joined.reshape(-1, length)
    if not ord("0") <= octets[0, 0] <= ord("9"):
        return None
    symbols = np.asfortranarray(octets - np.uint8(48))
    last = symbols[:, -1]
    if length == 18 and (last > 9).any():
        if (last == X).any():  # a colon, which is no figure though it comes after 9
            return None
        symbols[(last == ord("X") - 48) | (last == ord("x") - 48), -1] = X
        if (symbols[:, :-1] > 9).any() or (symbols[:, -1] > X).any():
            return None
    elif (symbols > 9).any():
        return None
    return Windows(np.arange(len(symbols)), symbols, np.ones(len(symbols), bool))


def alone(flat: Flat, length: int) -> Windows:
    """Return the windows of a length that are a whole cell, digits and nothing else."""
    at = np.flatnonzero(flat.lengths == length)
    symbols = flat.data[flat.offsets[at] + np.arange(length)[:, None]] - np.uint8(48)
    right = (symbols[:-1] <= 9).all(axis=0)
    last = symbols[-1]
    crossed = (last == ord("X") - 48) | (last == ord("x") - 48)
    right &= (last <= 9) | (crossed & (length == 18))
    last[crossed] = X
    return Windows(at, symbols.T, np.ones(len(at), bool)).those(right)


class Digits:
    """The digits of some cells and which of them follow each other."""

    def __init__(self, flat: Flat) -> None:
        octets = flat.joined
        digit = (octets - np.uint8(48)) < 10
        self._at = np.flatnonzero(digit | ((octets | 32) == ord("x")))
        self._symbols = np.where(digit[self._at], octets[self._at] - np.uint8(48), np.uint8(X))
        self._starts = flat.offsets[:-1] - flat.offsets[0]
        self._lengths = flat.lengths
        self._cells = np.repeat(np.arange(len(flat)), flat.lengths)[self._at]
        gap = np.diff(self._at)
        same = self._cells[1:] == self._cells[:-1]
        number = self._symbols != X
        between = octets[self._at[:-1] + 1] if len(gap) else octets[:0]
        self._parted = same & (gap == 2) & ((between == ord(" ")) | (between == ord("-")))
        self._touch = same & (gap == 1)
        self._follows = (self._touch | self._parted) & number[:-1]
        self._touched = self._touch & number[1:] & number[:-1]

    def windows(self, length: int) -> Windows:
        """Return all windows of a length."""
        count = len(self._at) - length + 1
        if count <= 0:
            return Windows(np.empty(0, np.int64), np.empty((0, length), np.uint8), np.empty(0, bool))
        run = self._runs(length - 1)[:count]
        begins = np.ones(count, bool)
        begins[1:] = ~self._touched[: count - 1]
        ends = np.ones(count, bool)
        after = self._touch & (self._symbols[1:] != X)
        ends[: count - 1] = ~after[length - 1 :]
        first = np.flatnonzero(run & begins & ends)
        places = first[:, None] + np.arange(length)
        if length in PARTED:
            no_gap = [place for place in range(length - 1) if place + 1 not in PARTED[length]]
            kept = ~self._parted[places[:, no_gap]].any(axis=1)
            first, places = first[kept], places[kept]
        symbols = self._symbols[places.T].T
        if length != 18:
            kept = symbols[:, -1] != X
            first, symbols = first[kept], symbols[kept]
        cells = self._cells[first]
        span = self._at[first + length - 1] - self._at[first] + 1
        return Windows(cells, symbols, self._lengths[cells] - span <= NEAR)

    def _runs(self, links: int) -> Mask:
        """Return where so many links follow each other (by doubling, a pass over the bits each)."""
        found: Mask = self._follows
        have = 1
        while have < links:
            step = min(have, links - have)
            found = found[: len(found) - step] & found[step:]
            have += step
        return found


def with_long_runs(flat: Flat) -> NDArray[np.int64]:
    """Return the cells that may hold a window: eight digits, spaces or dashes in a row, and long enough."""
    octets = flat.joined
    # a wider range of bytes takes half the passes and rules out most columns
    if not _in_a_row((octets - np.uint8(32)) < 26).any():
        return np.empty(0, np.int64)
    run = _in_a_row(((octets - np.uint8(48)) < 10) | (octets == ord(" ")) | (octets == ord("-")))
    if not run.any():
        return np.empty(0, np.int64)
    starts = flat.offsets[:-1] - flat.offsets[0]
    # a run may come from the cell before: what counts is where it begins, and the cells that begin inside one
    begins = run.copy()
    begins[1:] &= ~run[:-1]
    cells = np.zeros(len(flat), bool)
    cells[np.searchsorted(starts, np.flatnonzero(begins), side="right") - 1] = True
    early = starts < len(run)
    cells[early] |= run[starts[early]]
    return np.flatnonzero(cells & (flat.lengths >= 10))


def _in_a_row(found: Mask) -> Mask:
    """Return where eight follow each other."""
    for step in (1, 2, 4):
        found = found[: max(0, len(found) - step)] & found[step:]
    return found
