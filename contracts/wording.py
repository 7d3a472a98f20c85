"""The pieces a document's content is made of: wordings, labels, rows, filled paragraphs, numbers of articles."""

import re
from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any, Final

from contracts.errors import LibraryError
from contracts.library import Bilingual, Model

_BLANK: Final = re.compile(r"\{([@#]?[a-z_.-]+)\}")
_NUMERALS: Final = "〇一二三四五六七八九"
_MONTHS: Final = "January February March April May June July August September October November December"


def same(value: object) -> Bilingual:
    """Return what reads the same in both languages."""
    return Bilingual(str(value), str(value))


def days(count: int) -> Bilingual:
    """Return a number of days."""
    return Bilingual(f"{count}日", f"{count} day" if count == 1 else f"{count} days")


def calendar(day: date) -> Bilingual:
    """Return a date."""
    english = f"{day.day} {_MONTHS.split()[day.month - 1]} {day.year}"
    return Bilingual(f"{day.year}年{day.month}月{day.day}日", english)


def listed(model: Model, group: str, names: list[str] | tuple[str, ...]) -> Bilingual:
    """Return words of a closed list, one after the other."""
    readings = [model.word(group, name) for name in names]
    return Bilingual("、".join(one.zh for one in readings), ", ".join(one.en for one in readings))


def pair(both: Bilingual) -> dict[str, str]:
    """Return a wording as plain JSON."""
    return {"zh": both.zh, "en": both.en}


def label(model: Model, name: str) -> dict[str, str]:
    """Return a fixed word of the style."""
    return pair(model.word("label", name))


def row(label: dict[str, str], value: Bilingual, field: str, mono: bool = False) -> dict[str, Any]:
    """Return a labelled value; ``field`` names it should a character of it have no glyph."""
    return {"label": label, **pair(value), "mono": mono, "field": field}


def runs(model: Model, text: str, language: str, values: Mapping[str, Bilingual]) -> Iterator[dict[str, str]]:
    """Cut a paragraph into fixed words (``text``) and filled blanks (``value``).

    Raises:
        LibraryError: it names a blank that the terms do not fill (``model.malformed``).
    """
    for index, piece in enumerate(_BLANK.split(text)):
        if index % 2 == 0:
            if piece:
                yield {"text": piece}
        elif piece[0] in "@#":
            numbers = model.articles() if piece[0] == "@" else model.annexes()
            number = numbers[piece[1:]]
            yield {"text": numeral(number) if language == "zh" else str(number)}
        elif piece in values:
            yield {"value": getattr(values[piece], language), "field": piece}
        else:
            raise LibraryError(f"no term fills the blank {piece}", "model.malformed")


def blanks_of(text: str) -> list[str]:
    """Return the names of blanks and references in a paragraph, in order.

    References begin with ``@`` (an article) or ``#`` (a schedule).
    """
    return _BLANK.findall(text)


def numeral(number: int) -> str:
    """Return 1 … 99 in Chinese numerals, as articles are numbered: 十四."""
    tens, ones = divmod(number, 10)
    head = "" if tens == 0 else ("十" if tens == 1 else f"{_NUMERALS[tens]}十")
    return head + (_NUMERALS[ones] if ones or not tens else "")
