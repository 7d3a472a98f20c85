"""Whether words occur anywhere in a column's bytes, before any pattern is tried. Child alone."""

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

Bytes = NDArray[np.uint8]


class Needles:
    """Words of two bytes or more, looked for together, the cheapest look first.

    Args:
        words: the words in UTF-8.
    """

    def __init__(self, words: Iterable[bytes]) -> None:
        self._words = tuple(words)
        self._bytes = sorted({byte for word in self._words for byte in word})
        self._lowest = min((max(word) for word in self._words), default=255)

    def found(self, octets: Bytes) -> Sequence[bytes]:
        """Return those words that occur: all its bytes do, then its last two together, then the word itself."""
        if octets.max() < self._lowest:
            return ()
        text = octets.tobytes()
        present = {byte for byte in self._bytes if byte in text}
        maybe = [word for word in self._words if present.issuperset(word)]
        if not maybe:
            return ()
        halves = [
            octets[start : start + 2 * ((len(octets) - start) // 2)].copy().view("<u2") for start in (0, 1)
        ]
        pairs = {word[-2] | word[-1] << 8 for word in maybe}
        seen = {pair for pair in pairs if any((half == pair).any() for half in halves)}
        return tuple(word for word in maybe if word[-2] | word[-1] << 8 in seen and word in text)
