"""What a comparison says, as sentences for a page or the command line. Light."""

from collections.abc import Iterator

from market.i18n import _, percent, whole
from market.inspection.comparison import TOTAL_VARIATION, Comparison, Distance, Empty, Schema
from market.inspection.report import TYPE_LABELS


def sentences(comparison: Comparison) -> Iterator[str]:
    """Yield what changed, in the reader's language: rows, columns, then the cells of each kept column.

    Of the cells only what can be seen in per cent with one digit is told; the document has the rest.
    """
    rows = comparison.rows
    yield _(
        "%(added)s rows were added, %(removed)s removed and %(kept)s kept.",
        added=whole(rows.added), removed=whole(rows.removed), kept=whole(rows.kept),
    )  # fmt: skip
    yield from _columns(comparison.schema)
    yield from (_empty(one) for one in comparison.empty if _shares(one)[0] != _shares(one)[1])
    yield from (_distance(one) for one in comparison.distances if _part(one) not in {None, percent(0, 1)})


def _columns(schema: Schema) -> Iterator[str]:
    if not (schema.added or schema.removed or schema.retyped or schema.reordered):
        yield _("The columns are the same.")
    for one in schema.added:
        yield _("Column %(column)s was added (%(type)s).", column=one.name, type=TYPE_LABELS[one.type])
    for one in schema.removed:
        yield _("Column %(column)s was removed (%(type)s).", column=one.name, type=TYPE_LABELS[one.type])
    for changed in schema.retyped:
        yield _(
            "Column %(column)s was of type %(before)s and is now of type %(after)s.", column=changed.name,
            before=TYPE_LABELS[changed.before], after=TYPE_LABELS[changed.after],
        )  # fmt: skip
    if schema.reordered:
        yield _("The columns stand in another order.")


def _empty(empty: Empty) -> str:
    before, after = _shares(empty)
    return _(
        "Column %(column)s: %(before)s of its cells were empty, now %(after)s are.",
        column=empty.column, before=before, after=after,
    )  # fmt: skip


def _shares(empty: Empty) -> tuple[str, str]:
    return (
        percent(empty.before.numerator, empty.before.denominator),
        percent(empty.after.numerator, empty.after.denominator),
    )


def _distance(distance: Distance) -> str:
    part = _part(distance)
    if distance.measure == TOTAL_VARIATION:
        return _(
            "Column %(column)s: %(part)s of its cells moved from some values to others.",
            column=distance.column, part=part,
        )  # fmt: skip
    return _(
        "Column %(column)s: its values moved up or down, in at least %(part)s of its cells.",
        column=distance.column, part=part,
    )  # fmt: skip


def _part(distance: Distance) -> str | None:
    value = distance.value
    return percent(value.numerator, value.denominator) if value else None
