"""Cleaning a file from the server: the child is started, and what it wrote takes its place at once or not at all."""

import hashlib
import tempfile
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from market import db
from market.inspection import child
from market.inspection.cleaning.explain import CODES
from market.inspection.cleaning.recipe import Recipe
from market.inspection.limits import Limits

_MEMBERS = frozenset({"rows", "kept", "columns", "changes", "engine"})


@dataclass(frozen=True)
class Cleaned:
    """A cleaning that was done.

    Attributes:
        source_digest: SHA-256 of the file that was cleaned, in lower-case hex.
        recipe_digest: that of the recipe's canonical JSON.
        digest: that of the file that came out.
        size: of that file, in bytes.
        media_type: of that file.
        rows: data rows of the source.
        kept: data rows of that file.
        columns: names of its columns, in order.
        changes: what each operation did, in order; members as in :class:`market.inspection.cleaning.steps.Change`.
        engine: versions of what did it; with the same ones the same source and recipe give the same digest.
    """

    source_digest: str
    recipe_digest: str
    digest: str
    size: int
    media_type: str
    rows: int
    kept: int
    columns: tuple[str, ...]
    changes: tuple[dict[str, Any], ...]
    engine: dict[str, str]

    def to_json(self) -> dict[str, Any]:
        """Return the facts as JSON."""
        return asdict(self)


def clean_file(
    path: Path, media_type: str, recipe: Recipe, out: Path, limits: Limits | None = None,
    progress: Callable[[int], None] | None = None,
) -> Cleaned:  # fmt: skip
    """Clean a file in a child process.

    Args:
        path: the file; it is only read.
        media_type: one of the values of :data:`market.inspection.formats.MEDIA_TYPES`.
        recipe: what is done to it.
        out: the file to write, in a folder that is there; replaced when all went well, untouched otherwise.
        limits: what the child may use; the defaults of :class:`Limits` when None.
        progress: told how far it is, in thousandths.

    Raises:
        Refusal: the file cannot be read or the recipe does not fit it; its code is one of ``explain.CODES``.
        RuntimeError: a transaction is open.
    """
    db.outside()
    with (
        tempfile.TemporaryDirectory(prefix="cleaning-") as scratch,
        tempfile.TemporaryDirectory(prefix=".cleaning-", dir=out.absolute().parent) as beside,
    ):
        written = Path(beside) / "out"
        found = child.ask(
            "market.inspection.clean", [str(path.resolve()), media_type, recipe.text, str(written)], scratch,
            limits or Limits(), progress or (lambda _done: None), _MEMBERS, CODES,
        )  # fmt: skip
        cleaned = Cleaned(
            source_digest=_digest(path), recipe_digest=recipe.digest, digest=_digest(written),
            size=written.stat().st_size, media_type=recipe.output, rows=found["rows"], kept=found["kept"],
            columns=tuple(found["columns"]), changes=tuple(found["changes"]), engine=found["engine"],
        )  # fmt: skip
        written.replace(out)
    return cleaned


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
