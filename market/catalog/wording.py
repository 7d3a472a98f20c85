"""The contract's closed lists as the reader reads them: one wording on forms, in listings and in refusals."""

from contracts import library
from market.i18n import in_language

MODEL = "data-provision/1.0"
"""The model text whose readings of the closed lists are shown."""


def word(group: str, name: str) -> str:
    """Return the reading of a contract's word in the reader's language.

    Args:
        group: the closed list, such as ``indicator``.
        name: a word of it.
    """
    both = library.load(MODEL).word(group, name)
    return in_language({"zh": both.zh, "en": both.en})


def about(indicator: str, field: str | None) -> str:
    """Return what a promise is about: the indicator, and the column where it is about one."""
    return word("indicator", indicator) + (f" · {field}" if field else "")
