"""The child process that opens an upload: ``python -m market.inspection.measure FILE TYPE SCRATCH LIMITS``.

Binds itself to limits, reads the file once, batch by batch, and writes one JSON object on standard output:
``{"report", "preview", "engine", "sketch"}`` or ``{"refusal": {"code", "facts"}}``. How far it is goes to the
open file ``QILU_PROGRESS`` names, a line each: thousandths. Everything counted is exact; nothing is sampled.
"""

import errno
import json
import os
import platform
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import version
from pathlib import Path
from typing import Any

from market.inspection import grading, reading, sketch, writing
from market.inspection.limits import Limits
from market.inspection.refusal import Refusal
from market.inspection.table import WORKERS, Table

METHOD = "qilu-inspection-2"
PROGRESS = "QILU_PROGRESS"
_ENGINES = ("polars", "polars-hash", "pyarrow", "numpy", "duckdb", "xxhash")

Progress = Callable[[int], None]


def measure(
    path: Path, media_type: str, scratch: Path, limits: Limits, progress: Progress = lambda _done: None
) -> dict[str, Any]:
    """Measure one file.

    Args:
        path: the file.
        media_type: one of :data:`market.inspection.formats.MEDIA_TYPES`.
        scratch: an empty folder this process may fill.
        limits: the bounds this process was given.
        progress: told how far it is, in thousandths.

    Returns:
        The documents as described in :mod:`market.inspection.report`, and the sketch beside them.

    Raises:
        Refusal: the file cannot be measured.
    """
    source = reading.open_source(path, media_type, limits)
    table = Table(source.names, source.stored, scratch, limits.memory // 8)
    with ThreadPoolExecutor(WORKERS) as workers:
        for batch in source.batches:
            table.update(batch.cells, workers)
            progress(900 * batch.done // max(1, source.size))
        if not table.rows:
            raise Refusal("file.no_rows")
        progress(900)
        whole = table.close(workers)
    quality = writing.quality(whole)
    report = {
        "version": 2,
        "method": METHOD,
        "file": {"media_type": media_type, "size": path.stat().st_size} | dict(source.facts),
        **writing.table(whole),
        "declared": None,
        "quality": quality,
        "grade": grading.grade(quality),
        "sensitive": writing.sensitive(whole, table),
    }
    engine = {name.replace("-", "_"): version(name) for name in _ENGINES} | {
        "python": platform.python_version()
    }
    return {
        "report": report,
        "preview": {"columns": writing.values(whole)},
        "engine": engine,
        "sketch": sketch.document(whole.columns, whole.lowest, whole.rows, whole.distinct_rows),
    }


def run(path: Path, media_type: str, scratch: Path, limits: Limits, progress: Progress) -> dict[str, Any]:
    """Measure and turn every way to fail into a refusal; see :func:`measure`."""
    try:
        return measure(path, media_type, scratch, limits, progress)
    except Refusal as error:
        refusal = error
    except MemoryError:
        refusal = Refusal("inspection.memory")
    except OSError as error:
        if error.errno not in {errno.EFBIG, errno.ENOSPC, errno.ENOMEM}:
            raise
        refusal = Refusal("inspection.memory")
    return {"refusal": {"code": refusal.code, "facts": refusal.facts}}


def main(arguments: list[str]) -> None:
    """Measure the file named by the arguments and print the outcome as JSON."""
    path, media_type, scratch, limits = arguments
    bounds = Limits(**json.loads(limits))
    bounds.apply()
    outcome = run(Path(path), media_type, Path(scratch), bounds, _told())
    json.dump(outcome, sys.stdout, ensure_ascii=True)


def _told() -> Progress:
    """Return what tells the parent how far this process is."""
    opened = os.environ.get(PROGRESS)
    if opened is None:
        return lambda _done: None
    pipe = os.fdopen(int(opened), "w", buffering=1)
    return lambda done: print(done, file=pipe)


if __name__ == "__main__":
    main(sys.argv[1:])
