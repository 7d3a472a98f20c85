"""One column under screening: batches in, a finding out. Child alone."""

from dataclasses import dataclass

import numpy as np
import polars as pl

from market.inspection.flat import Flat
from market.inspection.sensitive import kernels, negative
from market.inspection.sensitive.classes import Sensitive
from market.inspection.sensitive.deciding import Column, decide
from market.inspection.sensitive.hints import hinted
from market.inspection.sensitive.masking import mask_column
from market.inspection.sensitive.shapes import Marks, Positions

EXAMPLES = 10
_DIFFERENT = 16
_PREFIXES = 8
"""More than :mod:`deciding` asks for; beyond these nothing more is remembered."""
_KINDS = {
    "id": Sensitive.RESIDENT_ID, "id15": Sensitive.RESIDENT_ID, "mobile": Sensitive.MOBILE,
    "card": Sensitive.BANK_CARD, "credit": Sensitive.CREDIT_CODE, "email": Sensitive.EMAIL, "ip": Sensitive.IP,
    "mac": Sensitive.MAC, "plate": Sensitive.PLATE, "point": Sensitive.COORDINATES, "degrees": Sensitive.COORDINATES,
    "landline": Sensitive.LANDLINE, "passport": Sensitive.PASSPORT, "permit": Sensitive.PERMIT,
    "address": Sensitive.ADDRESS, "place": Sensitive.ADDRESS, "name": Sensitive.NAME,
}  # fmt: skip


@dataclass(frozen=True)
class Finding:
    """What a column holds, and why that is thought.

    Attributes:
        kind: the class.
        hits: cells that bear its form.
        filled: cells that are not empty.
        valid: hits whose check symbol is right; 0 where the class has none.
        basis: ``checksum``, ``pattern``, ``header``, ``text``, ``context``.
        examples: up to ten masked values, the first of the column.
    """

    kind: Sensitive
    hits: int
    filled: int
    valid: int
    basis: tuple[str, ...]
    examples: tuple[str, ...]


class Screen:
    """What was seen of one column; parts can be merged in their order.

    Args:
        name: the column's name.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self.rows = 0
        self.filled = 0
        self.counts: dict[str, int] = {}
        self._examples: dict[str, list[tuple[int, str]]] = {}
        self._prefixes = 0
        self._names: set[str] = set()
        self._alone = hinted(name, Sensitive.COORDINATES)
        self._place = hinted(name, Sensitive.ADDRESS)
        self._permit = hinted(name, Sensitive.PERMIT)

    def update(self, cells: pl.Series, flat: Flat | None = None) -> None:
        """Read the next cells.

        Args:
            cells: text, null where empty.
            flat: the bytes of its filled cells, where they are at hand.
        """
        filled = cells.drop_nulls() if cells.null_count() else cells
        if len(filled):
            flat = flat or Flat(filled)
            marks = kernels.marks(
                filled, flat, alone=self._alone, place=self._place, permit=self._permit
            ) | negative.in_cells(filled, flat)
            for mark, at in marks.items():
                self.counts[mark] = self.counts.get(mark, 0) + len(at)
            self._remember(cells, filled, marks)
        self.rows += len(cells)
        self.filled += len(filled)

    def merge(self, later: "Screen") -> None:
        """Add what was seen of the rows that follow these.

        Args:
            later: the screen of the same column over the next rows.
        """
        for mark, count in later.counts.items():
            self.counts[mark] = self.counts.get(mark, 0) + count
        for mark, examples in later._examples.items():
            mine = self._examples.setdefault(mark, [])
            mine += [(self.rows + row, shown) for row, shown in examples[: EXAMPLES - len(mine)]]
        self._prefixes |= later._prefixes
        if len(self._names) < _DIFFERENT:
            self._names |= later._names
        self.rows += later.rows
        self.filled += later.filled

    def finding(self) -> Finding | None:
        """Return what the column holds, None when nothing sensitive was found."""
        if not self.filled:
            return None
        found = decide(Column(self.name, self.filled, self.counts, self._prefixes, len(self._names)))
        if found is None:
            return None
        examples = sorted(e for mark in found.marks for e in self._examples.get(mark, []))[:EXAMPLES]
        shown = tuple(text for _, text in examples)
        return Finding(found.kind, found.hits, self.filled, found.valid, found.basis, shown)

    def negative(self) -> dict[str, int]:
        """Return how many cells bear each mark of the negative list, by code."""
        return {mark[9:]: count for mark, count in self.counts.items() if mark.startswith("negative.")}

    def _remember(self, cells: pl.Series, filled: pl.Series, marks: Marks) -> None:
        rows = np.flatnonzero(cells.is_not_null().to_numpy()) if len(cells) > len(filled) else None
        for mark, at in marks.items():
            kind = _KINDS.get(mark.split(".")[0])
            kept = self._examples.setdefault(mark, [])
            if kind is None or len(kept) >= EXAMPLES:
                continue
            chosen = at[: EXAMPLES - len(kept)]
            numbered = (rows[chosen] if rows is not None else chosen) + self.rows
            kept += zip(numbered.tolist(), _shown(filled.gather(chosen), mark, kind), strict=True)
        whole = marks.get("mobile.whole")
        if whole is not None and self._prefixes.bit_count() < _PREFIXES:
            self._add_prefixes(filled, whole)
        named = marks.get("name.common")
        if named is not None and len(self._names) < _DIFFERENT:
            self._names |= set(kernels.normalised(filled.gather(named)).unique().head(_DIFFERENT).to_list())

    def _add_prefixes(self, filled: pl.Series, whole: Positions) -> None:
        plain = kernels.normalised(filled.gather(whole))
        prefixes = plain.str.extract(r"(1[3-9][0-9])").drop_nulls().unique().to_list()
        for prefix in prefixes:
            self._prefixes |= 1 << (int(prefix) - 100)


def _shown(cells: pl.Series, mark: str, kind: Sensitive) -> list[str]:
    """Return cells masked; of a number inside text, the number alone."""
    plain = kernels.normalised(cells)
    number = mark.partition(".")[0].removesuffix("15")
    if number in kernels.NUMBERS and (".text" in mark or ".near" in mark):
        plain = pl.Series([kernels.first_window(text, number) or text for text in plain])
    shown: list[str] = mask_column(plain, kind).to_list()
    return shown
