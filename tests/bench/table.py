"""The printed table."""

from dataclasses import dataclass

from rich.console import Console
from rich.table import Table


@dataclass(frozen=True)
class Row:
    """One figure.

    Attributes:
        name: of what.
        figure: with its unit.
        ratio: the same beside a baseline of this run.
        target: what it should be, where somebody said so.
    """

    name: str
    figure: str
    ratio: str = ""
    target: str = ""


def show(title: str, rows: list[Row]) -> None:
    """Print a part of the table."""
    table = Table(title=title, title_justify="left", show_header=False)
    for row in rows:
        target = f"target {row.target}" if row.target else ""
        table.add_row(row.name, row.figure, row.ratio, target)
    Console(width=130).print(table)
