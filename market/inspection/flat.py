"""The bytes of a column's filled cells, one after the other, for looks that need no text. Child alone."""

from functools import cached_property
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

Bytes = NDArray[np.uint8]
Values = NDArray[np.uint64]


class Flat:
    """UTF-8 of the filled cells in one array, and where each begins.

    Args:
        cells: text, null where empty; no cell is the empty text.
    """

    def __init__(self, cells: pl.Series) -> None:
        array: Any = cells.drop_nulls().rechunk().to_arrow(compat_level=pl.CompatLevel.oldest())
        _validity, offsets, data = array.buffers()
        count, start = len(array), array.offset
        self.offsets: NDArray[np.int64] = np.frombuffer(offsets, dtype=np.int64)[start : start + count + 1]
        self.data: Bytes = np.frombuffer(data, dtype=np.uint8) if data is not None else np.empty(0, np.uint8)

    def __len__(self) -> int:
        return len(self.offsets) - 1

    @cached_property
    def joined(self) -> Bytes:
        """All bytes of the cells."""
        return self.data[self.offsets[0] : self.offsets[-1]] if len(self) else self.data[:0]

    @cached_property
    def _raw(self) -> bytes:
        return self.joined.tobytes()

    @cached_property
    def lengths(self) -> NDArray[np.int64]:
        """Length of each cell in bytes."""
        return np.diff(self.offsets)

    @cached_property
    def ascii(self) -> bool:
        """Whether no cell holds anything but ASCII."""
        return not len(self.joined) or int(self.joined.max()) < 128

    @cached_property
    def lowest(self) -> int:
        """The smallest byte that occurs; 255 when there is none."""
        return int(self.joined.min()) if len(self.joined) else 255

    def has_byte(self, value: int) -> bool:
        """Tell whether a byte occurs anywhere."""
        return value >= self.lowest and self._raw.find(value) >= 0

    @cached_property
    def first(self) -> Bytes:
        """The first byte of each cell."""
        return self.data[self.offsets[:-1]]

    @cached_property
    def last(self) -> Bytes:
        """The last byte of each cell."""
        return self.data[self.offsets[1:] - 1]
