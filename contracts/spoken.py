"""Conditions of a model text in words, for people who read the text before anything is filled in."""

from types import MappingProxyType
from typing import Final

from contracts.conditions import Test, parse
from contracts.library import Bilingual, Blank, Model

_BETWEEN: Final = MappingProxyType(
    {
        "and": Bilingual("，且", " and "),
        "or": Bilingual("，或者", " or "),
        "not": Bilingual("并非", "not "),
        "(": Bilingual("（", "("),
        ")": Bilingual("）", ")"),
    }
)
_HOW: Final = MappingProxyType(
    {
        ("=", True): Bilingual("为", " is "),
        ("=", False): Bilingual("不为", " is not "),
        ("has", True): Bilingual("包括", " includes "),
        ("has", False): Bilingual("不包括", " does not include "),
        ("zero", True): Bilingual("为零", " is zero"),
        ("zero", False): Bilingual("不为零", " is not zero"),
        ("given", True): Bilingual("已填写", " is filled in"),
        ("given", False): Bilingual("未填写", " is left open"),
    }
)
"""What a comparison says, and what its opposite says."""
_FIRST: Final = MappingProxyType(
    {
        "paid": Bilingual("数据为有偿提供", "the data have a price"),
        "free": Bilingual("数据为无偿提供", "the data are free of charge"),
        "promised": Bilingual("约定了质量承诺", "quality is promised"),
        "named_purposes": Bilingual("列明了使用目的", "purposes are named"),
        "any_purpose": Bilingual("可用于任何合法目的", "any lawful purpose is permitted"),
    }
)
"""The conditions of texts of version 0.1, which are words and no expressions."""


def condition(model: Model, when: str) -> Bilingual | None:
    """Return what a condition says; None where there is none.

    Raises:
        LibraryError: it is not written in the language of conditions (``model.malformed``).
    """
    if not when:
        return None
    if model.first:
        return _FIRST[when]
    said: list[Bilingual] = []
    pieces = list(parse(when).pieces)
    while pieces:
        piece = pieces.pop(0)
        if piece == "not" and pieces and isinstance(pieces[0], Test):
            said.append(_said(model, pieces.pop(0), False))
        else:
            said.append(_said(model, piece, True))
    return Bilingual("".join(one.zh for one in said), "".join(one.en for one in said))


def _said(model: Model, piece: Test | str, holds: bool) -> Bilingual:
    """Return a piece in words, a comparison as it is or as its opposite."""
    if isinstance(piece, str):
        return _BETWEEN[piece]
    blank, how, word = model.blanks[piece.blank], piece.how, piece.word
    if how == "!=":
        how, holds = "=", not holds
    elif how == "given" and blank.type == "yes_no":
        how, word = "=", "yes"
    verb, reading = _HOW[how, holds], _word(model, blank, word)
    return Bilingual(f"“{blank.label.zh}”{verb.zh}{reading.zh}", f"“{blank.label.en}”{verb.en}{reading.en}")


def _word(model: Model, blank: Blank, word: str) -> Bilingual:
    if not word:
        return Bilingual("", "")
    reading = Bilingual(word, word)
    if blank.options:
        reading = model.word(blank.options, word)
    elif blank.type == "yes_no":
        reading = model.word("label", word)
    return Bilingual(f"“{reading.zh}”", f"“{reading.en}”")
