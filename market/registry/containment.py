"""How much of one table's data stands in another's, from a sample of each (:mod:`market.inspection.sketch`).

Names and order do not count: every sampled column is held against every column of the other table and keeps its best
match. Two columns over the same small domain have values in common by chance. How many follows from how often values
repeat within a column: of n cells drawn from a domain of D, d are different, and the share of the domain that they
cover is at most 2 (1 - d/n), exactly so while it is small. What chance explains is taken off, and a column weighs the
less the more chance explains. So unrelated tables of one schema come out near 0, and whole parts still at exactly 1.
"""

from bisect import bisect_left
from collections.abc import Sequence
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

    def at(self, level: int) -> frozenset[int]:
        """Return its values at a level that is not lower than its own."""
        return frozenset(self.values[: bisect_left(self.zeros, -level + 1, key=lambda zeros: -zeros)])

    def cut(self, most: int) -> Sequence[int]:
        """Return its values at the lowest level at which at most so many are left."""
        level = self.level
        while (end := bisect_left(self.zeros, -level + 1, key=lambda zeros: -zeros)) > most:
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


def compare(first: Sequence[Sample], second: Sequence[Sample]) -> Likeness:
    """Return what two tables have in common, from their samples."""
    return Likeness(containment(first, second), containment(second, first))


def containment(part: Sequence[Sample], whole: Sequence[Sample]) -> Share:
    """Return how much of one table stands in another: by its rows, or by its columns where those say more."""
    rows, _weights = _weighed(part, whole, rows=True)
    columns, weights = _weighed(part, whole, rows=False)
    if rows >= columns:
        return Share(rows, alone=False)
    return Share(columns, alone=sum(weight > 0 for weight in weights) == 1)


def _weighed(
    part: Sequence[Sample], whole: Sequence[Sample], *, rows: bool
) -> tuple[Fraction, list[Fraction]]:
    shares, weights = [], []
    others = [other for other in whole if other.rows is rows]
    for one in part:
        if one.rows is rows and (measured := [s for other in others if (s := share(one, other)) is not None]):
            shares.append(max(measured))
            weights.append(1 - one.chance)
    total = sum(weights, Fraction(0))
    pairs = zip(shares, weights, strict=True)
    return (sum((s * w for s, w in pairs), Fraction(0)) / total if total else Fraction(0)), weights


def share(part: Sample, whole: Sample) -> Fraction | None:
    """Return how much of one set stands in another beyond chance, from 0 to 1; None where nothing can be told."""
    level = max(part.level, whole.level)
    left = part.at(level)
    if len(left) < EVIDENCE or whole.chance == 1:
        return None
    found = Fraction(len(left & whole.at(level)), len(left))
    return max(Fraction(0), (found - whole.chance) / (1 - whole.chance))
