"""From a recipe and the columns of a file to the steps that follow it. Child alone."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from market.inspection.cleaning import kernels, patterns
from market.inspection.cleaning.recipe import (
    Cast,
    Dates,
    DropColumns,
    DropDuplicates,
    DropRows,
    Empty,
    Invisible,
    Mask,
    Names,
    Operation,
    Otherwise,
    Recipe,
    Rename,
    Trim,
    Width,
)
from market.inspection.cleaning.steps import Change, Distinct, Filled, Kernel, OnCells, Step
from market.inspection.refusal import Refusal


@dataclass
class Column:
    """A column on its way through the recipe.

    Attributes:
        cell: its name in the batches.
        cast: the cast that every one of its cells now obeys, if any.
    """

    cell: str
    cast: Cast | None = None


@dataclass(frozen=True)
class Plan:
    """What will be done to one file.

    Attributes:
        steps: in order; an operation on names alone has none.
        changes: of every operation, in order; counted while the steps run.
        columns: of the file that comes out, by name, in order.
    """

    steps: list[Step]
    changes: list[Change]
    columns: dict[str, Column]


def plan(recipe: Recipe, names: Iterable[str], scratch: Path, most: int) -> Plan:
    """Work out the steps.

    Args:
        recipe: what is to be done.
        names: the columns of the file.
        scratch: a folder that the steps may fill.
        most: bytes of rows that each step may put there.

    Raises:
        Refusal: an operation names a column that is not there or gives a name a second time
            (``recipe.unknown_column``, ``recipe.repeated_name``), or no column is left (``recipe.no_columns``).
    """
    planner = _Planner(names, scratch, most)
    for place, operation in enumerate(recipe.operations):
        planner.add(place, operation)
    if not planner.columns:
        raise Refusal("recipe.no_columns")
    return Plan(planner.steps, planner.changes, planner.columns)


class _Planner:
    def __init__(self, names: Iterable[str], scratch: Path, most: int) -> None:
        self.columns = {name: Column(f"c{place}") for place, name in enumerate(names)}
        self.steps: list[Step] = []
        self.changes: list[Change] = []
        self._scratch = scratch
        self._most = most

    def add(self, place: int, operation: Operation) -> None:
        change = Change(operation.operation)
        self.changes.append(change)
        self._demand(place, operation)
        match operation:
            case DropColumns(columns=names):
                change.columns = len(names)
                for name in names:
                    del self.columns[name]
            case Rename():
                change.columns = 1
                self._rename(place, operation)
            case DropRows(columns=names):
                self.steps.append(Filled(change, [self.columns[name].cell for name in names]))
            case DropDuplicates():
                cells = [column.cell for column in self.columns.values()]
                self.steps.append(Distinct(change, cells, self._scratch / f"distinct-{place}", self._most))
            case Trim() | Width() | Invisible() | Empty():
                self._on_cells(change, operation.columns, _plain(operation))
            case Dates():
                written = tuple(filter(None, map(patterns.read, operation.patterns)))
                self._on_cells(
                    change, operation.columns, partial(kernels.dates, written=kernels.ISO + written),
                    operation.otherwise,
                )  # fmt: skip
                self._cast(operation.columns, None)
            case Mask():
                self._on_cells(change, (operation.column,), partial(kernels.mask, how=operation))
                self._cast((operation.column,), None)
            case Cast():
                self._on_cells(
                    change, (operation.column,), partial(kernels.cast, how=operation), operation.otherwise
                )
                self._cast(
                    (operation.column,), operation if operation.otherwise is not Otherwise.KEEP else None
                )

    def _demand(self, place: int, operation: Operation) -> None:
        named = getattr(operation, "columns", None) or ()
        single = getattr(operation, "column", None)
        for name in (*named, *((single,) if single else ())):
            if name not in self.columns:
                raise Refusal("recipe.unknown_column", operation=place, column=name)

    def _rename(self, place: int, operation: Rename) -> None:
        if operation.name in self.columns and operation.name != operation.column:
            raise Refusal("recipe.repeated_name", operation=place, column=operation.name)
        self.columns = {
            operation.name if name == operation.column else name: column
            for name, column in self.columns.items()
        }

    def _on_cells(
        self, change: Change, names: Names | None, kernel: Kernel, otherwise: Otherwise = Otherwise.KEEP
    ) -> None:
        taken = [(self.columns[name].cell, name) for name in names or self.columns]
        self.steps.append(OnCells(change, taken, kernel, otherwise))

    def _cast(self, names: Names, cast: Cast | None) -> None:
        for name in names:
            self.columns[name].cast = cast


def _plain(operation: Trim | Width | Invisible | Empty) -> Kernel:
    """Return what these do; cells of a type stay of it, since they can only lose cells to nothing."""
    if isinstance(operation, Empty):
        return partial(kernels.empty, words=operation.words)
    return {Trim: kernels.trim, Width: kernels.width, Invisible: kernels.invisible}[type(operation)]
