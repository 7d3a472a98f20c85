"""What each refusal of a file means, as a sentence that says what to do."""

from market.i18n import _
from market.inspection.refusal import Facts

CODES = (
    "file.empty",
    "file.no_rows",
    "file.no_header",
    "file.wrong_type",
    "file.undecodable",
    "file.ragged",
    "file.line_too_long",
    "file.broken_csv",
    "file.broken_parquet",
    "file.unsupported_type",
    "file.expands",
    "file.broken_packing",
    "file.broken_json",
    "file.broken_workbook",
    "file.late_column",
    "file.too_wide",
    "inspection.memory",
    "inspection.timeout",
    "inspection.crashed",
)
"""Every way in which a file can fail to be measured; stable, stored with the failed inspection."""


def explain(code: str, facts: Facts) -> str:
    """Return the sentence for a refusal in the reader's language.

    Args:
        code: one of :data:`CODES`.
        facts: what the refusal carried, for example the line.
    """
    sentences = {
        "file.empty": _("The file is empty."),
        "file.no_rows": _("The file has a header but no rows."),
        "file.no_header": _(
            "The first line must name the columns: each name once, and no name empty, a date or a figure."
        ),
        "file.wrong_type": _("The file says it is %(expected)s, but its bytes are something else."),
        "file.undecodable": _("The text is neither UTF-8 nor GB18030; save the file as UTF-8."),
        "file.ragged": _("Line %(line)s has %(found)s cells where the header has %(expected)s."),
        "file.line_too_long": _("Line %(line)s is too long, or a quotation mark is never closed."),
        "file.broken_csv": _("Line %(line)s cannot be read as CSV; look at its quotation marks."),
        "file.broken_parquet": _("The Parquet file is damaged or forged."),
        "file.unsupported_type": _(
            "Column %(column)s has the type %(type)s; only flat columns of numbers, text, dates and bytes "
            "can be measured."
        ),
        "file.expands": _("Unpacked, the file is larger than is measured; split it."),
        "file.broken_packing": _("The compressed file is damaged or cut off; pack it again."),
        "file.broken_json": _("Line %(line)s is not one JSON object in which each key stands once."),
        "file.broken_workbook": _(
            "The workbook is damaged or locked; save it again as XLSX without a password."
        ),
        "file.late_column": _(
            "Line %(line)s has the key %(column)s, which none of the first 1,000 lines has; write it, with null, "
            "in the first line."
        ),
        "file.too_wide": _("The table has %(columns)s columns; at most %(limit)s are measured."),
        "inspection.memory": _("Measuring the file needs more memory or disk than allowed; split the file."),
        "inspection.timeout": _("Measuring the file takes longer than allowed; split the file."),
        "inspection.crashed": _("The file made the measuring process crash; it is damaged or forged."),
    }
    known = dict.fromkeys(("line", "expected", "found", "column", "type", "columns", "limit"), "?") | facts
    return sentences[code] % known
