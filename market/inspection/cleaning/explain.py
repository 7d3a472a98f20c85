"""What each refusal of a cleaning means, as a sentence that says what to do."""

from market.i18n import _
from market.inspection import explain as measuring
from market.inspection.refusal import Facts

OWN = (
    "recipe.unknown_column",
    "recipe.repeated_name",
    "recipe.no_columns",
    "recipe.no_rows",
    "recipe.unread",
)
CODES = (*OWN, *measuring.CODES)
"""Every way in which a file can fail to be cleaned: the recipe does not fit it, or it cannot be read."""


def explain(code: str, facts: Facts) -> str:
    """Return the sentence for a refusal in the reader's language.

    Args:
        code: one of :data:`CODES`.
        facts: what the refusal carried, for example the column.
    """
    if code not in OWN:
        return measuring.explain(code, facts)
    sentences = {
        "recipe.unknown_column": _(
            "Operation %(operation)s (from 0) names the column %(column)s, which is not there by then."
        ),
        "recipe.repeated_name": _(
            "Operation %(operation)s (from 0) gives the name %(column)s to a second column."
        ),
        "recipe.no_columns": _("The recipe leaves no column; keep at least one."),
        "recipe.no_rows": _("The recipe leaves no row; look at what it drops."),
        "recipe.unread": _(
            "Row %(row)s holds something else in column %(column)s than the recipe asks for; mend the cell, or "
            "let the operation keep it, empty it or drop the row."
        ),
    }
    return sentences[code] % (dict.fromkeys(("operation", "column", "row"), "?") | facts)
