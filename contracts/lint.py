"""Checks model texts: both languages say the same, and nothing that must be filled is missing."""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from contracts import blanks, conditions, library
from contracts.errors import LibraryError, TermsError
from contracts.first.document import CONDITIONS
from contracts.library import FOLDER, Blank, Clause, Model, Part
from contracts.vocabulary import Action, DeliveryMode, Indicator, Method, Operator, Purpose, Remedy
from contracts.wording import blanks_of

MUSTS: Final = frozenset({"quality", "price", "delivery", "use"})
"""What every contract fixes: 数据质量、交易价格、提交方式、数据用途 (鲁政发〔2016〕25号, part 3(4))."""
_FIRST_TYPES: Final = frozenset(
    {"text", "number", "whole", "days", "bytes", "date", "digest", "money", "words", "list"}
)
_GIVEN_TYPES: Final = frozenset({"number", "bytes", "words", *blanks.CHECKS})
_DRAWN: Final = frozenset({"columns", "policy", "history"})
"""Tables that are drawn from the contract as a whole and not filled in."""
_VOCABULARY: Final = {
    "indicator": Indicator,
    "operator": Operator,
    "action": Action,
    "purpose": Purpose,
    "delivery": DeliveryMode,
}
_LATER: Final = {"method": Method, "remedy": Remedy}
"""Closed lists that 0.1 did not have."""
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
    sections = (*model.clauses, *model.schedules)
    ids = [clause.id for clause in sections]
    for name, count in Counter(ids).items():
        if count > 1:
            yield name, "two clauses have this id"
    for name in sorted(MUSTS - {"price", "quality"} - set(ids)):
        if model.file:
            yield name, "there is no clause for this subject"
    for clause in sections:
        for place, part in enumerate(clause.parts, start=1):
            for message in _part_faults(model, clause, part):
                yield f"{clause.id}, part {place}", message
        yield from ((clause.id, message) for message in _languages(clause.title.zh, clause.title.en))
        if not model.first and clause in model.clauses and not clause.source:
            yield clause.id, "the article names no source"
    yield from _blank_faults(model)
    for group, words in (_VOCABULARY if model.first else _VOCABULARY | _LATER).items():
        for word in words:
            if word.value not in model.words.get(group, {}):
                yield f"{group}.{word.value}", "the style has no reading for this word"
    for group, readings in (model.words if not model.first else {}).items():
        for name, both in readings.items():
            yield from ((f"{group}.{name}", message) for message in _languages(both.zh, both.en))
    if "import" in model.layout or "@" in model.layout:
        yield "layout.typ", "a layout imports nothing"


def _part_faults(model: Model, clause: Clause, part: Part) -> Iterator[str]:
    yield from _condition_faults(model, part.when)
    if part.table and not _is_table(model, part.table):
        yield f"the table {part.table} is unknown"
    if model.first and part.table == "quality" and not model.promises and part.when != "promised":
        yield "the table of promises needs the condition promised"
    for name in part.facts:
        if name not in model.blanks:
            yield f"the blank {name} is not declared"
    if part.text is None:
        return
    yield from _languages(part.text.zh, part.text.en)
    articles = {other.id for other in model.clauses} - {clause.id}
    for name in blanks_of(part.text.zh) + blanks_of(part.text.en):
        if name.startswith("@") and name[1:] not in articles:
            yield f"{name} refers to no other clause"
        elif name.startswith("#") and name[1:] not in model.annexes():
            yield f"{name} refers to no schedule"
        elif name[0] not in "@#" and name not in model.blanks:
            yield f"the blank {name} is not declared"
        elif name in model.blanks:
            yield from _use_faults(model, part, model.blanks[name])


def _use_faults(model: Model, part: Part, blank: Blank) -> Iterator[str]:
    """A paragraph fills only what is there whenever the paragraph is."""
    if model.first or blank.given:
        return
    named = {test.blank for test in conditions.parse(part.when).tests}
    if blank.optional and blank.name not in named:
        yield f"{blank.name} may be left out, so its paragraph needs the condition “{blank.name} given”"
    if blank.when and not named & {blank.name, *(test.blank for test in conditions.parse(blank.when).tests)}:
        yield f"{blank.name} is not always asked for, and this paragraph does not ask when"
    if blank.type in blanks.TABLES:
        yield f"{blank.name} is a table and stands in no paragraph"


def _condition_faults(model: Model, text: str) -> Iterator[str]:
    if model.first:
        if text not in CONDITIONS:
            yield f"the condition {text} is unknown"
        return
    try:
        tests = conditions.parse(text).tests
    except LibraryError as error:
        yield str(error)
        return
    for test in tests:
        blank = model.blanks.get(test.blank)
        if blank is None or blank.given:
            yield f"the condition asks for {test.blank}, which is no blank that is filled in"
        elif test.word and not _fits(model, blank, test.how, test.word):
            yield f"the condition holds {test.blank} against {test.word}, which it can never be"


def _fits(model: Model, blank: Blank, how: str, word: str) -> bool:
    match blank.type:
        case "choice":
            return how != "has" and word in model.words.get(blank.options, {})
        case "choices":
            return how == "has" and word in model.words.get(blank.options, {})
        case "yes_no":
            return how != "has" and word in {"yes", "no"}
        case "whole" | "days":
            return how != "has" and word.isdigit()
    return False


def _is_table(model: Model, name: str) -> bool:
    if model.first:
        return name == "quality"
    return name in _DRAWN or (name in model.blanks and model.blanks[name].type in blanks.TABLES)


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
    sections = (*model.clauses, *model.schedules)
    parts = [part for clause in sections for part in clause.parts]
    used = {name for part in parts for name in _names(part)} | {part.table for part in parts}
    asked = [part.when for part in parts] + [blank.when for blank in model.blanks.values()]
    if not model.first:
        used |= {test.blank for text in asked for test in _tests(text)}
    for name, blank in model.blanks.items():
        yield from ((name, message) for message in _one_blank(model, blank))
        if name not in used and name != "date":
            yield name, "the text never uses this blank"
    filled = {blank.must for name, blank in model.blanks.items() if name in used}
    owed = MUSTS - (set() if model.price == "any" or model.first else {"price"})
    for must in sorted((owed if model.file else set()) - filled):
        yield must, "no blank of the text fills this subject"


def _tests(text: str) -> tuple[conditions.Test, ...]:
    try:
        return conditions.parse(text).tests
    except LibraryError:
        return ()  # told where the condition stands


def _one_blank(model: Model, blank: Blank) -> Iterator[str]:
    types = _FIRST_TYPES if model.first else _GIVEN_TYPES if blank.given else blanks.CHECKS.keys()
    if blank.type not in types:
        yield f"the type {blank.type} is unknown"
        return
    if blank.must and blank.must not in MUSTS:
        yield f"{blank.must} is not one of {', '.join(sorted(MUSTS))}"
    yield from _languages(blank.label.zh, blank.label.en)
    if model.first:
        return
    yield from _condition_faults(model, blank.when)
    if blank.help is None or not blank.source:
        yield "has no help or names no source"
    else:
        yield from _languages(blank.help.zh, blank.help.en)
    if (blank.type in {"choice", "choices"}) != bool(blank.options) or (
        blank.options and blank.options not in model.words
    ):
        yield f"the options {blank.options} are unknown"
    elif blank.default is not None:
        try:
            blanks.check(model, blank.name, blank.default)
        except TermsError as error:
            yield f"its default {error.en}"


def _names(part: Part) -> list[str]:
    if part.text is None:
        return list(part.facts)
    return blanks_of(part.text.zh)
