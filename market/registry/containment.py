"""How much of one table's data stands in another's, from a sample of each (:mod:`market.inspection.sketch`).

Names and order do not count: every sampled column is held against every column of the other table and keeps its best
match. Two columns over the same small domain have values in common by chance. How many follows from how often values
repeat within a column: of n cells drawn from a domain of D, d are different, and the share of the domain that they
cover is at most 2 (1 - d/n), exactly so while it is small. What chance explains is taken off, and a column weighs the
less the more chance explains. So unrelated tables of one schema come out near 0, and whole parts still at exactly 1.
"""

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction

EVIDENCE = 8
"""Values that must be left of a sample at the common level; fewer say nothing."""


@dataclass(frozen=True)
class Sample:
    """A sample of a set of values, each under the exchange's secret (:mod:`market.registry.fingerprint`).

    Attributes:
        rows: whether it is of the rows, not of a column.
        level: how many of the highest bits were zero, at least, before the secret was laid over them.
        distinct: different values in the whole set.
        filled: cells, or rows, that the set was taken from.
        zeros: how many of the highest bits were zero in each value, most first.
        values: in the same order.
    """

    rows: bool
    level: int
    distinct: int
    filled: int
    zeros: Sequence[int]
    values: Sequence[int]

    @property
    def chance(self) -> Fraction:
        """The share of its domain that the set may cover; 1 where that cannot be told."""
        return min(Fraction(1), 2 * (1 - Fraction(self.distinct, self.filled)))

    def count(self, level: int) -> int:
        """Return how many of its values are left at a level that is not lower than its own."""
        return bisect_right(self.zeros, -level, key=lambda zeros: -zeros)

    def cut(self, most: int) -> Sequence[int]:
        """Return its values at the lowest level at which at most so many are left."""
        level = self.level
        while (end := self.count(level)) > most:
            level += 1
        return self.values[:end]


@dataclass(frozen=True)
class Share:
    """How much of a table stands in another one.

    Attributes:
        value: from 0 to 1.
        alone: whether a single column says so, as a column of the same companies in two tables about other things
            does; then a person must look.
    """

    value: Fraction
    alone: bool


@dataclass(frozen=True)
class Likeness:
    """What two tables have in common.

    Attributes:
        contained: how much of the first stands in the second.
        contains: how much of the second stands in the first.
    """

    contained: Share
    contains: Share

    @property
    def most(self) -> Fraction:
        """The larger share."""
        return max(self.contained.value, self.contains.value)

    def reaches(self, share: Fraction) -> bool:
        """Tell whether one of the tables has at least so much of its data in the other, by more than one column."""
        return any(one.value >= share and not one.alone for one in (self.contained, self.contains))


@dataclass(frozen=True)
class _Pair:
    """Two sets at their common level: how many values are left of each, and how many of them both have."""

    one: Sample
    other: Sample
    of_one: int
    of_other: int
    both: int

    def turned(self) -> "_Pair":
        return _Pair(self.other, self.one, self.of_other, self.of_one, self.both)


class Table:
    """A table that is compared with others, by its samples."""

    def __init__(self, samples: Sequence[Sample]) -> None:
        self._samples = samples
        self._where: dict[int, int] = {}
        self._also: dict[int, list[int]] = {}  # almost every value is of one column alone
        for place, sample in enumerate(samples):
            for value in sample.values:
                if self._where.setdefault(value, place) != place:
                    self._also.setdefault(value, []).append(place)
        self._values = frozenset(self._where)

    def likeness(self, others: Sequence[Sample]) -> Likeness:
        """Return what it has in common with the table of other samples."""
        pairs = list(self._pairs(others))
        return Likeness(_share(pairs), _share([pair.turned() for pair in pairs]))

    def _pairs(self, others: Sequence[Sample]) -> Iterator[_Pair]:
        """Hold every column against every column, and the rows against the rows."""
        left: dict[tuple[int, int], int] = {}

        def count(sample: Sample, level: int) -> int:
            key = (id(sample), level)
            if key not in left:
                left[key] = sample.count(level)
            return left[key]

        for other in others:
            found = self._values.intersection(other.values)
            shared = Counter(map(self._where.__getitem__, found))
            for value in self._also.keys() & found:
                for place in self._also[value]:
                    shared[place] += 1
            for place, one in enumerate(self._samples):
                if one.rows is other.rows:
                    # What is in both samples has as many zeros as both levels ask: nothing need be cut from it.
                    level = max(one.level, other.level)
                    yield _Pair(one, other, count(one, level), count(other, level), shared[place])


def _share(pairs: Sequence[_Pair]) -> Share:
    """Return how much of the first table stands in the second: by rows, or by columns where those say more."""
    rows, _count = _weighed([pair for pair in pairs if pair.one.rows])
    columns, count = _weighed([pair for pair in pairs if not pair.one.rows])
    return Share(rows, alone=False) if rows >= columns else Share(columns, alone=count == 1)


def _weighed(pairs: Sequence[_Pair]) -> tuple[Fraction, int]:
    """Return the best matches' mean, each with its column's weight, and how many columns had a say."""
    best: dict[int, tuple[Sample, Fraction]] = {}
    for pair in pairs:
        found = _beyond_chance(pair)
        if found is not None and found >= best.get(id(pair.one), (pair.one, Fraction(0)))[1]:
            best[id(pair.one)] = (pair.one, found)
    weighed = [(found, 1 - one.chance) for one, found in best.values() if one.chance < 1]
    total = sum((weight for _found, weight in weighed), Fraction(0))
    if not total:
        return Fraction(0), 0
    return sum((found * weight for found, weight in weighed), Fraction(0)) / total, len(weighed)


def _beyond_chance(pair: _Pair) -> Fraction | None:
    """Return how much of one set stands in the other beyond chance, from 0 to 1; None where nothing can be told."""
    if pair.of_one < EVIDENCE or 2 * pair.other.distinct <= pair.other.filled:
        return None
    if not pair.both:
        return Fraction(0)
    chance = pair.other.chance
    return max(Fraction(0), (Fraction(pair.both, pair.of_one) - chance) / (1 - chance))
