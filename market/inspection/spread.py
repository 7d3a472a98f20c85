"""How numbers are spread: a histogram that needs no range beforehand and loses nothing when merged. Child alone.

At most 64 bars of one width, a power of two, each beginning at a multiple of it. When a number falls outside,
bars are joined in pairs. So the bars depend on the numbers alone, not on their order or on how they came in
parts; counts are exact.
"""

import math
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

BARS = 64
_FINEST = -20
"""Narrowest width: 2^-20."""
_ZERO = 2.0**-40
"""What is smaller would vanish beside the largest numbers, and its sign with it."""
_EXACT = 52
"""Bits of a number that can be told apart in a 64-bit float."""


class Spread:
    """A growing histogram of finite numbers."""

    def __init__(self) -> None:
        self.power = _FINEST
        self.low = 0
        self.counts: NDArray[np.int64] = np.zeros(0, np.int64)

    def update(self, numbers: NDArray[np.float64]) -> None:
        """Count more numbers; infinite ones are left out, and what is below 2^-40 counts as 0."""
        numbers = numbers[np.isfinite(numbers)]
        numbers = np.where(np.abs(numbers) < _ZERO, 0.0, numbers)
        if not len(numbers):
            return
        least, most = float(numbers.min()), float(numbers.max())
        power = max(self.power, _needed(least, most))
        first, last = math.floor(least / 2.0**power), math.floor(most / 2.0**power)
        self._widen(power)
        first, last, power = self._fitting(first, last, power)
        places = np.floor(np.ldexp(numbers, -power)).astype(np.int64)
        self._add(first, np.bincount(places - first, minlength=last - first + 1))

    def merge(self, other: "Spread") -> None:
        """Count what another one counted."""
        if not len(other.counts):
            return
        power = max(self.power, other.power)
        self._widen(power)
        theirs = Spread()
        theirs.power, theirs.low, theirs.counts = other.power, other.low, other.counts
        theirs._widen(power)
        _first, _last, power = self._fitting(theirs.low, theirs.low + len(theirs.counts) - 1, power)
        theirs._widen(power)
        self._add(theirs.low, theirs.counts)

    def facts(self) -> dict[str, Any] | None:
        """Return ``{low, power, counts}``: the first bar begins at ``low * 2**power``; None without numbers."""
        if not len(self.counts):
            return None
        return {"low": self.low, "power": self.power, "counts": [int(count) for count in self.counts]}

    def _fitting(self, first: int, last: int, power: int) -> tuple[int, int, int]:
        """Widen until what is counted and what is to be counted fit together."""
        while True:
            low = min(first, self.low) if len(self.counts) else first
            high = max(last, self.low + len(self.counts) - 1) if len(self.counts) else last
            if high - low < BARS:
                return first, last, power
            first, last, power = first >> 1, last >> 1, power + 1
            self._widen(power)

    def _widen(self, power: int) -> None:
        while self.power < power:
            if len(self.counts):
                places = (np.arange(len(self.counts)) + self.low) >> 1
                self.low = int(places[0])
                self.counts = np.bincount(places - self.low, weights=self.counts).astype(np.int64)
            self.power += 1

    def _add(self, first: int, counts: NDArray[np.int64]) -> None:
        low = min(first, self.low) if len(self.counts) else first
        high = (
            max(first + len(counts), self.low + len(self.counts)) if len(self.counts) else first + len(counts)
        )
        joined = np.zeros(high - low, np.int64)
        if len(self.counts):
            joined[self.low - low : self.low - low + len(self.counts)] += self.counts
        joined[first - low : first - low + len(counts)] += counts
        self.low, self.counts = low, joined


def distance(one: Spread, other: Spread) -> Fraction | None:
    """Return the largest difference of the shares of numbers below a bound, over the bounds both have.

    Bars of one width begin at the same places in any two histograms, so joining bars until both have one width gives
    exact shares at every bound that is left. None where either has counted nothing.
    """
    if not len(one.counts) or not len(other.counts):
        return None
    joint = _copy(one)
    joint.merge(other)
    below = [_below(_copy(each), joint) for each in (one, other)]
    totals = [each[-1] for each in below]
    most = max(abs(ours * totals[1] - theirs * totals[0]) for ours, theirs in zip(*below, strict=True))
    return Fraction(most, totals[0] * totals[1])


def _copy(spread: Spread) -> Spread:
    copy = Spread()
    copy.merge(spread)
    return copy


def _below(spread: Spread, joint: Spread) -> list[int]:
    """Return how many numbers lie below the end of each bar of a histogram that holds them too."""
    spread._widen(joint.power)
    counts = np.zeros(len(joint.counts), np.int64)
    start = spread.low - joint.low
    counts[start : start + len(spread.counts)] = spread.counts
    below: list[int] = counts.cumsum().tolist()
    return below


def _needed(least: float, most: float) -> int:
    """Return the least power of two at which bars can still be told apart at such numbers."""
    largest = max(abs(least), abs(most))
    return max(_FINEST, math.frexp(largest)[1] - _EXACT) if largest else _FINEST
