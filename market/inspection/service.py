"""Measuring and comparing files from the server: a child is started, bounded, and its answer taken apart."""

import json
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from market import db
from market.inspection import child
from market.inspection.child import Progress
from market.inspection.comparison import Comparison, from_document
from market.inspection.declared.model import Declared
from market.inspection.explain import CODES
from market.inspection.formats import media_type_of
from market.inspection.limits import Limits
from market.inspection.refusal import Facts, Refusal
from market.inspection.report import canonical, digest

_COMPARED = frozenset({"version", "method", "columns", "rows", "empty", "distances"})


@dataclass(frozen=True)
class Measured:
    """A successful inspection; see :mod:`market.inspection.report`.

    Attributes:
        report: canonical JSON text of the facts.
        preview: canonical JSON text of the values out of the data.
        engine: versions of what measured.
        sketch: samples of rows and columns (:mod:`market.inspection.sketch`), for the registry alone: they could tell
            which values stand in the file.
    """

    report: str
    preview: str
    engine: dict[str, str]
    sketch: Sequence[Mapping[str, Any]]


def inspect_file(
    path: Path, media_type: str, limits: Limits | None = None, progress: Progress | None = None,
    declared: Declared | None = None,
) -> Measured:  # fmt: skip
    """Measure a file in a child process.

    Args:
        path: the file; it is only read.
        media_type: one of :data:`market.inspection.formats.MEDIA_TYPES`.
        limits: what the child may use; the defaults of :class:`Limits` when None.
        progress: told how far the child is, in thousandths, a few times.
        declared: what the file is held against, if anything.

    Raises:
        Refusal: the file cannot be measured; its code is one of ``explain.CODES``.
        RuntimeError: a transaction is open.
    """
    db.outside()
    bounds = limits or Limits()
    with tempfile.TemporaryDirectory(prefix="inspection-") as scratch:
        said = _written(declared, Path(scratch)) if declared else ""
        outcome = child.ask(
            "market.inspection.measure", [str(path.resolve()), media_type, said], scratch, bounds,
            progress or (lambda _done: None), {"report", "preview", "engine", "sketch"}, CODES,
        )  # fmt: skip
    return Measured(
        canonical(outcome["report"]), canonical(outcome["preview"]), outcome["engine"], outcome["sketch"]
    )


def compare_files(
    old: Path, old_type: str, new: Path, new_type: str, limits: Limits | None = None,
    progress: Progress | None = None,
) -> Comparison:  # fmt: skip
    """Compare two files of one asset in a child process.

    Args:
        old: the earlier file; it is only read.
        old_type: one of :data:`market.inspection.formats.MEDIA_TYPES`.
        new: the later file; it is only read.
        new_type: likewise; the two need not be the same.
        limits: what the child may use for both; the defaults of :class:`Limits` when None.
        progress: told how far the child is, in thousandths.

    Raises:
        Refusal: a file cannot be measured; its code is one of ``explain.CODES``, and its fact ``file`` is ``old`` or
            ``new`` where it is known which.
        RuntimeError: a transaction is open.
    """
    db.outside()
    with tempfile.TemporaryDirectory(prefix="comparison-") as scratch:
        found = child.ask(
            "market.inspection.compare", [str(old.resolve()), old_type, str(new.resolve()), new_type], scratch,
            limits or Limits(), progress or (lambda _done: None), _COMPARED, CODES,
        )  # fmt: skip
    return from_document(found)


def _written(declared: Declared, scratch: Path) -> str:
    """Write a declaration where the child finds it; it may be longer than an argument can be."""
    place = scratch / "declared.json"
    place.write_text(declared.to_json(), "utf-8")
    return str(place)


def document(
    path: Path, progress: Progress | None = None, declared: Declared | None = None
) -> dict[str, Any]:
    """Measure a local file for the command line (``qilu inspect FILE --json``).

    Returns:
        The report with its digest, the preview and the engine beside it.

    Raises:
        Refusal: the file cannot be measured, or its name has none of the accepted endings.
    """
    media_type = media_type_of(path.name)
    if media_type is None:
        raise Refusal("file.wrong_type", expected="CSV, Parquet, JSON lines, XLSX")
    measured = inspect_file(path, media_type, progress=progress, declared=declared)
    report: dict[str, Any] = json.loads(measured.report)
    return report | {
        "report_digest": digest(measured.report),
        "preview": json.loads(measured.preview),
        "engine": measured.engine,
    }


__all__ = ["Facts", "Measured", "Refusal", "compare_files", "document", "inspect_file"]
