"""Reading a table once, batch by batch: every cell is text or nothing, whatever the file's format. Child alone.

One module a format; each refuses what it cannot read for certain, and holds no more than a batch in memory.
"""

from pathlib import Path

from market.inspection import formats
from market.inspection.limits import Limits
from market.inspection.reading import delimited, parquet, records, workbook
from market.inspection.reading.source import BATCH_ROWS, Batch, Source

__all__ = ["BATCH_ROWS", "Batch", "Source", "open_source"]

_OPENERS = {
    formats.CSV: delimited.opened,
    formats.PARQUET: parquet.opened,
    formats.JSON_LINES: records.opened,
    formats.XLSX: workbook.opened,
}


def open_source(path: Path, media_type: str, limits: Limits) -> Source:
    """Open a file for reading once.

    Args:
        path: the file.
        media_type: one of :data:`market.inspection.formats.MEDIA_TYPES`.
        limits: what may be used.

    Raises:
        Refusal: the file is not what its name says, or cannot be read.
    """
    return _OPENERS[media_type](path, limits)
