"""What each operation of a recipe does, as a sentence in the reader's language."""

from market.i18n import _
from market.inspection.cleaning.recipe import (
    Cast,
    Dates,
    DropColumns,
    DropDuplicates,
    DropRows,
    Empty,
    Invisible,
    Kind,
    Mask,
    Names,
    Operation,
    Otherwise,
    Rename,
    Trim,
    Width,
)
from market.inspection.sensitive.classes import LABELS


def said(operation: Operation) -> str:
    """Return what an operation does."""
    match operation:
        case Trim(columns):
            return _("Take blanks off both ends of the cells: %(columns)s.", columns=_columns(columns))
        case Width(columns):
            return _("Write full-width signs in half width: %(columns)s.", columns=_columns(columns))
        case Invisible(columns):
            return _("Remove characters that nobody sees: %(columns)s.", columns=_columns(columns))
        case Empty(columns, words):
            return _(
                "Empty cells that are %(words)s: %(columns)s.",
                words=_(", ").join(f"“{word}”" for word in words),
                columns=_columns(columns),
            )
        case DropColumns(columns):
            return _("Leave columns out: %(columns)s.", columns=_columns(columns))
        case Rename(column, name):
            return _("Call column %(column)s %(name)s.", column=column, name=name)
        case DropDuplicates():
            return _("Keep the first of all rows that are equal in every cell.")
        case DropRows(columns):
            return _("Leave out rows that are empty in any of: %(columns)s.", columns=_columns(columns))
        case _:
            return _of_values(operation)


def _of_values(operation: Dates | Cast | Mask) -> str:
    match operation:
        case Dates(columns, patterns, otherwise):
            return _(
                "Write dates as 2026-01-31: %(columns)s (written so far as %(patterns)s). %(otherwise)s",
                columns=_columns(columns),
                patterns=_(", ").join(patterns) or "2026-01-31",
                otherwise=otherwise_labels()[otherwise],
            )
        case Cast(column, kind, otherwise):
            return _(
                "Hold column %(column)s to one type: %(type)s. %(otherwise)s",
                column=column,
                type=kind_labels()[kind],
                otherwise=otherwise_labels()[otherwise],
            )
        case Mask(column, kind, first, last):
            if kind is not None:
                return _("Mask column %(column)s as %(kind)s.", column=column, kind=LABELS[kind])
            return _(
                "Mask column %(column)s but for its first %(first)s and last %(last)s characters.",
                column=column,
                first=first,
                last=last,
            )


def kind_labels() -> dict[Kind, str]:
    """Return what the types of a cast are called."""
    return {
        Kind.INTEGER: _("whole number"),
        Kind.DECIMAL: _("decimal number"),
        Kind.BOOLEAN: _("true or false"),
        Kind.DATE: _("date"),
        Kind.TIMESTAMP: _("date and time"),
        Kind.INSTANT: _("date and time in UTC"),
    }


def otherwise_labels() -> dict[Otherwise, str]:
    """Return what becomes of cells that an operation cannot read."""
    return {
        Otherwise.STOP: _("A cell that cannot be read stops the cleaning."),
        Otherwise.KEEP: _("Cells that cannot be read are kept."),
        Otherwise.EMPTY: _("Cells that cannot be read are emptied."),
        Otherwise.DROP: _("Rows with cells that cannot be read are left out."),
    }


def _columns(columns: Names | None) -> str:
    return _(", ").join(columns) if columns else _("all columns")
