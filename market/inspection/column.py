"""What is learnt of one column as its cells pass by. Child alone.

Everything kept here can be merged: two halves of a column, measured apart, give what the whole gives. Counts
are exact; the values of the cells are kept as 64 bits each (:mod:`market.inspection.hashes`).
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import polars as pl
import xxhash

from market.inspection import cells, dirt, hashes
from market.inspection.flat import Flat
from market.inspection.hashes import Kept
from market.inspection.reading import parquet
from market.inspection.sensitive.screen import Finding, Screen
from market.inspection.spread import Spread
from market.inspection.tally import Values

SHARE = 64
"""A value is frequent that makes up at least one cell in so many."""
LOWEST = 2049
"""How many of the smallest different values are handed on for the sketch."""
_SHOWN = 200
"""Longest value kept as text, in characters."""


@dataclass
class Extremes:
    """Smallest and largest value; ``key`` is what they are compared by."""

    least: tuple[Any, str] | None = None
    most: tuple[Any, str] | None = None

    def update(self, least: tuple[Any, str], most: tuple[Any, str]) -> None:
        """Take a smaller or a larger one."""
        self.least = least if self.least is None else min(self.least, least)
        self.most = most if self.most is None else max(self.most, most)

    def merge(self, other: "Extremes") -> None:
        """Take those of another part."""
        if other.least is not None and other.most is not None:
            self.update(other.least, other.most)


@dataclass
class Counts:
    """How many cells are of what kind."""

    rows: int = 0
    filled: int = 0
    booleans: int = 0
    integers: int = 0
    numbers: int = 0
    dates: int = 0
    moments: int = 0
    dirty: dict[str, int] = field(default_factory=lambda: dict.fromkeys((*dirt.KINDS, "any"), 0))

    def add(self, other: "Counts") -> None:
        """Count what another part counted."""
        for name in ("rows", "filled", "booleans", "integers", "numbers", "dates", "moments"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        for kind, count in other.dirty.items():
            self.dirty[kind] += count


class Column:
    """A column being measured.

    Args:
        name: from the header.
        stored: ``text``, or the type the file itself gives the column.
        kept: where its cell values are kept.
    """

    def __init__(self, name: str, stored: str, kept: Kept) -> None:
        self.name = name
        self.stored = stored
        self.kept = kept
        self.counts = Counts()
        self.shortest: int | None = None
        self.longest: int | None = None
        self.texts = Extremes()
        self.figures = Extremes()
        self.spread: dict[str, Spread] = {kind: Spread() for kind in ("number", "date", "timestamp")}
        self.often: dict[int, str] = {}
        self.screen = Screen(name)
        self.latest: Values = np.empty(0, np.uint64)

    def update(self, raw: pl.Series) -> pl.Series:
        """Measure more cells.

        Args:
            raw: text, null where empty.

        Returns:
            The cells as they are written canonically.
        """
        flat = Flat(raw)
        suspect = dirt.suspects(raw, flat) if len(flat) else None
        found = cells.read(raw, flat, suspect)
        part = Counts(
            len(raw), found.filled, found.booleans, found.integers, found.numbers, found.dates, found.moments
        )
        if found.filled:
            part.dirty = dirt.count(raw, suspect)
            self._lengths(found.text, flat)
            self._extremes(found)
        self.counts.add(part)
        self.screen.update(raw, flat)
        values = hashes.values(found.text)
        self.kept.append(values)
        self.latest = values
        self._frequent(values, found.text)
        return found.text

    def merge(self, other: "Column") -> None:
        """Take in what was measured of the rows that follow; the other column is used up."""
        self.counts.add(other.counts)
        for block in other.kept.blocks(hashes.BLOCK):
            self.kept.append(block)
        for length in (other.shortest, other.longest):
            self._length(length)
        self.texts.merge(other.texts)
        self.figures.merge(other.figures)
        for kind, spread in self.spread.items():
            spread.merge(other.spread[kind])
        self.screen.merge(other.screen)
        for value, text in other.often.items():
            self.often.setdefault(value, text)

    def close(self) -> "Measured":
        """Sort the values and return what they tell."""
        distinct, lowest, placeholders = 0, np.empty(0, np.uint64), 0
        frequent = dict.fromkeys(self.often, 0)
        digest = xxhash.xxh3_128()
        for part in self.kept.tallies():
            for written in part.written(hashes.BLOCK):
                digest.update(written.data)
            distinct += len(part)
            lowest = np.concatenate((lowest, part.values[: LOWEST - len(lowest)]))
            placeholders += sum(part.of(dirt.PLACEHOLDERS))
            for value, count in zip(frequent, part.of(frequent), strict=True):
                frequent[value] += count
        top = dict(self._top(frequent))
        return Measured(self, distinct, digest.hexdigest(), placeholders, lowest, top, self.screen.finding())

    def _top(self, frequent: dict[int, int]) -> Iterator[tuple[str, int]]:
        enough = [
            (-count, self.often[value])
            for value, count in frequent.items()
            if count * SHARE >= self.counts.filled
        ]
        for count, text in sorted(enough):
            yield text, -count

    def _lengths(self, text: pl.Series, flat: Flat) -> None:
        lengths = text.str.len_bytes() if flat.ascii else text.str.len_chars()
        for length in (lengths.min(), lengths.max()):
            self._length(int(length))  # type: ignore[arg-type]

    def _length(self, length: int | None) -> None:
        if length is not None:
            self.shortest = length if self.shortest is None else min(self.shortest, length)
            self.longest = length if self.longest is None else max(self.longest, length)

    def _extremes(self, found: cells.Cells) -> None:
        text = found.text
        least, most = str(text.min()), str(text.max())
        self.texts.update((least, least), (most, most))
        if found.numbers == found.filled or parquet.kind(self.stored) == "float":
            numbers = text.cast(pl.Float64, strict=False)
            self._figures(numbers, text)
            self.spread["number"].update(numbers.drop_nulls().to_numpy())
        elif found.dates == found.filled and found.days is not None:
            self.spread["date"].update(found.days)
        elif found.moments == found.filled and found.seconds is not None:
            self.spread["timestamp"].update(found.seconds)

    def _figures(self, numbers: pl.Series, text: pl.Series) -> None:
        ends = []
        for number in (numbers.min(), numbers.max()):
            if number is None:
                return
            same = text.filter(numbers == number)
            ends.append((number, str(same.min()), str(same.max())))
        self.figures.update((ends[0][0], ends[0][1]), (ends[1][0], ends[1][2]))

    def _frequent(self, values: Values, text: pl.Series) -> None:
        for value in hashes.often(values[values != 0], SHARE).tolist():
            if value not in self.often:
                place = int(np.argmax(values == np.uint64(value)))
                self.often[value] = short(str(text[place]))


@dataclass(frozen=True)
class Measured:
    """A whole column.

    Attributes:
        column: what was counted as it passed.
        distinct: different filled cells.
        digest: XXH3-128 of all its cell values in ascending order, eight bytes each, the highest first.
        placeholders: cells that are a word that stands for nothing.
        lowest: the smallest different cell values, at most :data:`LOWEST`.
        frequent: how often each frequent value stands, the most frequent first.
        finding: what sensitive data it holds.
    """

    column: Column
    distinct: int
    digest: str
    placeholders: int
    lowest: Values
    frequent: dict[str, int]
    finding: Finding | None

    @property
    def type(self) -> str:
        """What every filled cell is (:mod:`market.inspection.report`)."""
        stored, counts = self.column.stored, self.column.counts
        known = parquet.kind(stored)
        if known is not None:
            return known
        kinds = (
            ("integer", counts.integers), ("decimal", counts.numbers), ("date", counts.dates),
            ("timestamp", counts.moments), ("boolean", counts.booleans),
        )  # fmt: skip
        return next((name for name, count in kinds if count == counts.filled > 0), "text")

    @property
    def extremes(self) -> tuple[str | None, str | None]:
        """Smallest and largest value: numbers by size, all else by code point."""
        numeric = self.type in {"integer", "decimal", "float"}
        found = self.column.figures if numeric and self.column.figures.least else self.column.texts
        if found.least is None or found.most is None:
            return None, None
        return short(found.least[1]), short(found.most[1])

    @property
    def histogram(self) -> dict[str, Any] | None:
        """How its numbers or moments are spread; None for other columns."""
        kinds = {"integer": "number", "decimal": "number", "float": "number"}
        kind = kinds.get(self.type, self.type)
        facts = self.column.spread[kind].facts() if kind in self.column.spread else None
        return facts and {"kind": kind} | facts


def short(text: str) -> str:
    """Return a value as it is kept: cut at 200 characters."""
    return text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"
