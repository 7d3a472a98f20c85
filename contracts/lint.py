"""Checks model texts: both languages say the same, and nothing that must be filled is missing."""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from contracts import library
from contracts.document import CONDITIONS, blanks_of
from contracts.errors import LibraryError
from contracts.library import FOLDER, Clause, Model, Part
from contracts.vocabulary import Action, DeliveryMode, Indicator, Operator, Purpose

MUSTS: Final = frozenset({"quality", "price", "delivery", "use"})
"""What every contract fixes: 数据质量、交易价格、提交方式、数据用途 (鲁政发〔2016〕25号, part 3(4))."""
TYPES: Final = frozenset(
    {"text", "number", "whole", "days", "bytes", "date", "digest", "money", "words", "list"}
)
TABLES: Final = frozenset({"quality"})
_VOCABULARY: Final = {
    "indicator": Indicator,
    "operator": Operator,
    "action": Action,
    "purpose": Purpose,
    "delivery": DeliveryMode,
}
_LITERAL: Final = re.compile(r"[0-9]+")
_HALF_WIDTH: Final = re.compile(r"[一-鿿][,;:?!()]|[,;:?!()][一-鿿]")
_FULL_WIDTH: Final = re.compile(r"[一-鿿，。；：？！（）、]")


@dataclass(frozen=True, slots=True)
class Finding:
    """A fault in a model text, to be mended before release.

    Attributes:
        place: clause id, blank or word it was found at.
    """

    model: str
    place: str
    message: str

    def __str__(self) -> str:
        return f"{self.model} {self.place}: {self.message}"


def lint(folder: Path = FOLDER) -> list[Finding]:
    """Return the faults of every model text in the folder, released or not, and of the list of releases."""
    found: list[Finding] = []
    places = sorted(place.parent.relative_to(folder).as_posix() for place in folder.glob("*/*/model.toml"))
    for name in places:
        try:
            found.extend(check(library.read(name, folder)))
        except LibraryError as error:
            found.append(Finding(name, "model.toml", str(error)))
    for name in library.names(folder):
        try:
            library.load(name, folder)
        except LibraryError as error:
            found.append(Finding(name, "released.toml", str(error)))
    return found


def check(model: Model) -> list[Finding]:
    """Return the faults of one model text."""
    return [Finding(model.id, place, message) for place, message in _faults(model)]


def _faults(model: Model) -> Iterator[tuple[str, str]]:
    ids = [clause.id for clause in model.clauses]
    for name, count in Counter(ids).items():
        if count > 1:
            yield name, "two clauses have this id"
    for name in sorted(MUSTS - {"price", "quality"} - set(ids)):
        yield name, "there is no clause for this subject"
    for clause in model.clauses:
        for place, part in enumerate(clause.parts, start=1):
            for message in _part_faults(model, clause, part):
                yield f"{clause.id}, part {place}", message
        yield from ((clause.id, message) for message in _languages(clause.title.zh, clause.title.en))
    yield from _blank_faults(model)
    for group, words in _VOCABULARY.items():
        for word in words:
            if word.value not in model.words.get(group, {}):
                yield f"{group}.{word.value}", "the style has no reading for this word"
    if "import" in model.layout or "@" in model.layout:
        yield "layout.typ", "a layout imports nothing"


def _part_faults(model: Model, clause: Clause, part: Part) -> Iterator[str]:
    if part.when not in CONDITIONS:
        yield f"the condition {part.when} is unknown"
    if part.table and part.table not in TABLES:
        yield f"the table {part.table} is unknown"
    if part.table == "quality" and not model.promises and part.when != "promised":
        yield "the table of promises needs the condition promised"
    for name in part.facts:
        if name not in model.blanks:
            yield f"the blank {name} is not declared"
    if part.text is None:
        return
    yield from _languages(part.text.zh, part.text.en)
    ids = {other.id for other in model.clauses}
    for name in blanks_of(part.text.zh) + blanks_of(part.text.en):
        if name.startswith("@") and name[1:] not in ids - {clause.id}:
            yield f"{name} refers to no other clause"
        elif not name.startswith("@") and name not in model.blanks:
            yield f"the blank {name} is not declared"


def _languages(zh: str, en: str) -> Iterator[str]:
    """Yield how the two wordings of one paragraph differ in what can be counted."""
    if not zh.strip() or not en.strip():
        yield "one language is empty"
    if Counter(blanks_of(zh)) != Counter(blanks_of(en)):
        yield "the languages fill different blanks"
    plain_zh, plain_en = (re.sub(r"\{[^}]*\}", "", text) for text in (zh, en))
    if Counter(_LITERAL.findall(plain_zh)) != Counter(_LITERAL.findall(plain_en)):
        yield "the languages state different numbers"
    if _HALF_WIDTH.search(plain_zh):
        yield "the Chinese text has half-width punctuation"
    if _FULL_WIDTH.search(plain_en):
        yield "the English text holds Chinese characters"


def _blank_faults(model: Model) -> Iterator[tuple[str, str]]:
    used = {name for clause in model.clauses for part in clause.parts for name in _names(part)}
    for name, blank in model.blanks.items():
        if blank.type not in TYPES:
            yield name, f"the type {blank.type} is unknown"
        if blank.must and blank.must not in MUSTS:
            yield name, f"{blank.must} is not one of {', '.join(sorted(MUSTS))}"
        if name not in used and blank.type != "date":
            yield name, "the text never uses this blank"
        yield from ((name, message) for message in _languages(blank.label.zh, blank.label.en))
    filled = {blank.must for name, blank in model.blanks.items() if name in used}
    for must in sorted(MUSTS - filled):
        yield must, "no blank of the text fills this subject"


def _names(part: Part) -> list[str]:
    if part.text is None:
        return list(part.facts)
    return blanks_of(part.text.zh)
