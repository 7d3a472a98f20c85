"""Following a recipe: batches in, a file out, and what each operation did. Child alone."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import polars as pl

from market.inspection.child import Progress
from market.inspection.cleaning.output import write
from market.inspection.cleaning.plan import plan
from market.inspection.cleaning.recipe import Recipe
from market.inspection.cleaning.steps import ROW
from market.inspection.limits import Limits
from market.inspection.reading import Batch, Source
from market.inspection.refusal import Refusal


def clean(
    source: Source, recipe: Recipe, out: Path, scratch: Path, limits: Limits,
    told: Progress = lambda _done: None,
) -> dict[str, Any]:  # fmt: skip
    """Clean a table.

    Args:
        source: where its rows come from.
        recipe: what is done to them.
        out: the file that is written.
        scratch: a folder that may be filled; what stays in it is of no use.
        limits: bounds; the rows that wait there take at most ``limits.scratch`` bytes an operation.
        told: called with how far reading is, in thousandths.

    Returns:
        ``rows`` read, ``kept`` rows, the names of the ``columns`` and the ``changes`` of each operation.

    Raises:
        Refusal: the recipe does not fit the file, or reading fails.
    """
    planned = plan(recipe, source.names, scratch, limits.scratch)
    count = _Counted(source.size, told)
    batches = count.numbered(source.batches)
    for step in planned.steps:
        batches = step.run(batches)
    kept = write(batches, planned.columns, recipe.output, out)
    if not kept:
        raise Refusal("recipe.no_rows")
    return {
        "rows": count.rows,
        "kept": kept,
        "columns": list(planned.columns),
        "changes": [change.to_json() for change in planned.changes],
    }


class _Counted:
    """Counts rows as they are read and gives each its number."""

    def __init__(self, size: int, told: Progress) -> None:
        self.rows = 0
        self._size = max(1, size)
        self._told = told

    def numbered(self, batches: Iterator[Batch]) -> Iterator[pl.DataFrame]:
        for batch in batches:
            yield batch.cells.with_row_index(ROW, offset=self.rows + 1)
            self.rows += batch.cells.height
            self._told(1000 * batch.done // self._size)
