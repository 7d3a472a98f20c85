"""The child process that opens an upload: ``python -m market.inspection.measure FILE TYPE DECLARED SCRATCH LIMITS``.

DECLARED is the file of a declaration in canonical JSON, or empty. Binds itself to limits, reads the file once,
batch by batch, and answers ``{"report", "preview", "engine", "sketch"}`` as :mod:`market.inspection.child` says.
Everything counted is exact; nothing is sampled.
"""

import platform
import sys
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import version
from pathlib import Path
from typing import Any

from market.inspection import assessing, child, grading, reading, sketch, writing
from market.inspection.assessing import Holding
from market.inspection.child import Progress
from market.inspection.declared.model import Declared, from_json
from market.inspection.limits import Limits
from market.inspection.preview import Sample
from market.inspection.refusal import Refusal
from market.inspection.table import WORKERS, Table

METHOD = "qilu-inspection-2"
_SHARE = 16
"""Cell values may take this part of the memory, and as much again while they are sorted."""
_ENGINES = ("polars", "polars-hash", "pyarrow", "numpy", "duckdb", "xxhash")


def measure(
    path: Path, media_type: str, declared: Declared | None, scratch: Path, limits: Limits, progress: Progress
) -> dict[str, Any]:
    """Measure one file.

    Args:
        path: the file.
        media_type: one of :data:`market.inspection.formats.MEDIA_TYPES`.
        declared: what it is held against; None when nothing is declared.
        scratch: an empty folder this process may fill.
        limits: the bounds this process was given.
        progress: told how far it is, in thousandths.

    Returns:
        The documents as described in :mod:`market.inspection.report`, and the sketch beside them.

    Raises:
        Refusal: the file cannot be measured.
    """
    source = reading.open_source(path, media_type, limits)
    sample = Sample()
    table = Table(source.names, source.stored, scratch, limits.memory // _SHARE)
    holding = Holding(declared, source.names)
    with ThreadPoolExecutor(WORKERS) as workers:
        for batch in source.batches:
            table.update(batch.cells, workers)
            sample.update(batch.cells, [column.latest for column in table.columns])
            holding.update(batch.cells)
            progress(900 * batch.done // max(1, source.size))
        if not table.rows:
            raise Refusal("file.no_rows")
        progress(900)
        whole = table.close(workers)
    quality = assessing.quality(whole, table, holding)
    report = {
        "version": 2,
        "method": METHOD,
        "file": {"media_type": media_type, "size": path.stat().st_size} | dict(source.facts),
        **writing.table(whole),
        "declared": {"digest": declared.digest} if declared else None,
        "quality": quality,
        "grade": grading.grade(quality),
        "sensitive": writing.sensitive(whole, table, declared),
    }
    engine = {name.replace("-", "_"): version(name) for name in _ENGINES} | {
        "python": platform.python_version()
    }
    return {
        "report": report,
        "preview": writing.preview(whole, sample),
        "engine": engine,
        "sketch": sketch.document(whole.columns, whole.lowest, whole.rows, whole.distinct_rows),
    }


def main(arguments: list[str]) -> None:
    """Measure the file named by the arguments and print the outcome as JSON."""
    path, media_type, said, scratch, limits = arguments
    declared = from_json(Path(said).read_text("utf-8")) if said else None
    child.answer(
        limits, lambda bounds, told: measure(Path(path), media_type, declared, Path(scratch), bounds, told)
    )


if __name__ == "__main__":
    main(sys.argv[1:])
