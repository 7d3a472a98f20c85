"""Whether words occur anywhere in a column's bytes, before any pattern is tried. Child alone."""

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

Bytes = NDArray[np.uint8]


class Needles:
    """Words of two bytes or more, looked for together.

    All pairs of neighbouring bytes are looked up in one table of the words' last pairs; only a pair that is
    found is worth a search for the word itself.

    Args:
        words: the words in UTF-8.
    """

    def __init__(self, words: Iterable[bytes]) -> None:
        self._words = tuple(words)
        self._pairs = np.zeros(65536, bool)
        for word in self._words:
            self._pairs[word[-2] | word[-1] << 8] = True
        self._lowest = min((min(word[-2:]) for word in self._words), default=255)

    def found(self, octets: Bytes) -> Sequence[bytes]:
        """Return those words that occur."""
        if not len(octets) or octets.max() < self._lowest or not self._any_pair(octets):
            return ()
        text = octets.tobytes()
        return tuple(word for word in self._words if word in text)

    def _any_pair(self, octets: Bytes) -> bool:
        for start in (0, 1):
            pairs = (len(octets) - start) // 2
            if self._pairs[octets[start : start + 2 * pairs].view("<u2")].any():
                return True
        return False
