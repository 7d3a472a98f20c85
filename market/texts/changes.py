"""What changed between two versions of a model text: clause by clause and blank by blank, in both languages.

Clauses and blanks are the same when their ids are, however they are called or numbered.  Within a clause, paragraphs
that are alike are compared word by word (Chinese character by character); others are whole ones out and in.
"""

import difflib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from enum import StrEnum
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from contracts import library, spoken
from contracts.library import Bilingual, Blank, Model
from market.texts import outline
from market.texts.outline import Piece, Section

_ALIKE: Final = 0.5
"""Share of two paragraphs that must be the same for them to be compared word by word."""
_WORDS: Final = {"zh": re.compile(r"[0-9A-Za-z._-]+|\s+|."), "en": re.compile(r"\w+|\s+|[^\w\s]")}

Line = tuple[tuple[str, str], ...]
"""Runs of one paragraph: ``same``, ``out`` or ``in``, and the words."""


class Status(StrEnum):
    """How a clause or blank of one version stands in the other."""

    SAME = "same"
    CHANGED = "changed"
    ADDED = "added"
    REMOVED = "removed"


@dataclass(frozen=True, slots=True)
class Clause:
    """An article or schedule in both versions.

    Attributes:
        old: its label in the older version, if it was there.
        new: its label in the newer one, if it is.
        title: in the newest version that has it.
        lines: title and paragraphs by language, with what went out and came in.
    """

    id: str
    status: Status
    old: Bilingual | None
    new: Bilingual | None
    title: Bilingual
    lines: Mapping[str, tuple[Line, ...]]


@dataclass(frozen=True, slots=True)
class Change:
    """One property of a blank, before and after; empty where it had none."""

    what: str
    old: Bilingual
    new: Bilingual


@dataclass(frozen=True, slots=True)
class Term:
    """A blank in both versions."""

    name: str
    status: Status
    label: Bilingual
    changes: tuple[Change, ...]


@dataclass(frozen=True, slots=True)
class Changes:
    """Everything that differs, and what does not."""

    clauses: tuple[Clause, ...]
    terms: tuple[Term, ...]

    def count(self, status: str) -> int:
        """Return how many clauses stand so."""
        return sum(clause.status == status for clause in self.clauses)


@lru_cache(maxsize=32)
def between(old: str, new: str, folder: Path) -> Changes:
    """Return what changed between two released texts, by their ids.

    Raises:
        LibraryError: there is no such text.
    """
    return compare(library.load(old, folder), library.load(new, folder))


def compare(old: Model, new: Model) -> Changes:
    """Return what changed from one model to another."""
    before = {one.id: one for one in outline.sections(old)}
    after = {one.id: one for one in outline.sections(new)}
    clauses = [_clause(before.get(name), after.get(name)) for name in _in_order(list(before), list(after))]
    names = _in_order(list(old.blanks), list(new.blanks))
    return Changes(tuple(clauses), tuple(_term(old, new, name) for name in names))


def words(old: str, new: str, language: str) -> Line:
    """Return two paragraphs as one, with what went out and what came in."""
    before, after = (_WORDS[language].findall(text) for text in (old, new))
    found: list[tuple[str, str]] = []
    for does, i, j, k, l in difflib.SequenceMatcher(None, before, after, False).get_opcodes():  # noqa: E741 - difflib's names
        if does == "equal":
            found.append(("same", "".join(before[i:j])))
            continue
        found += [("out", "".join(before[i:j]))] if j > i else []
        found += [("in", "".join(after[k:l]))] if l > k else []
    return tuple(found)


def lines(old: list[str], new: list[str], language: str) -> Iterator[Line]:
    """Yield the paragraphs of both, those that are alike as one."""
    for does, i, j, k, l in difflib.SequenceMatcher(None, old, new, False).get_opcodes():  # noqa: E741 - difflib's names
        if does == "equal":
            yield from ((("same", text),) for text in old[i:j])
        else:
            yield from _replaced(old[i:j], new[k:l], language)


def _replaced(old: list[str], new: list[str], language: str) -> Iterator[Line]:
    """Yield paragraphs that took each other's place: each with the first one left that is like it."""
    left = list(old)
    for text in new:
        like = next((one for one in left if _is_like(one, text)), None)
        if like is None:
            yield (("in", text),)
            continue
        while (one := left.pop(0)) != like:
            yield (("out", one),)
        yield words(like, text, language)
    yield from ((("out", text),) for text in left)


def _is_like(old: str, new: str) -> bool:
    matcher = difflib.SequenceMatcher(None, old, new, False)
    return matcher.real_quick_ratio() > _ALIKE and matcher.quick_ratio() > _ALIKE and matcher.ratio() > _ALIKE


def _in_order(old: list[str], new: list[str]) -> list[str]:
    """Return the names of both, as the new one orders them, each lost one after what it followed."""
    found = list(new)
    for place, name in enumerate(old):
        if name not in new:
            ahead = [found.index(one) for one in old[:place] if one in found]
            found.insert(ahead[-1] + 1 if ahead else 0, name)
    return found


def _clause(old: Section | None, new: Section | None) -> Clause:
    shown = {
        language: tuple(lines(_texts(old, language), _texts(new, language), language))
        for language in ("zh", "en")
    }
    status = Status.CHANGED
    if old is None or new is None:
        status = Status.ADDED if old is None else Status.REMOVED
    elif all(how == "same" for found in shown.values() for line in found for how, _text in line):
        status = Status.SAME
    there = new or old
    assert there is not None  # noqa: S101 - its id stands in one of the two
    return Clause(
        there.id, status, old.label if old else None, new.label if new else None, there.title, shown
    )


def _texts(section: Section | None, language: str) -> list[str]:
    if section is None:
        return []
    return [getattr(section.title, language), *(_text(piece, language) for piece in section.pieces)]


def _text(piece: Piece, language: str) -> str:
    text = outline.plain(getattr(piece, language))
    if piece.when is None:
        return text
    return f"（{piece.when.zh}）{text}" if language == "zh" else f"({piece.when.en}) {text}"


def _term(old: Model, new: Model, name: str) -> Term:
    before, after = old.blanks.get(name), new.blanks.get(name)
    if before is None or after is None:
        there, status = (after, Status.ADDED) if after else (before, Status.REMOVED)
        assert there is not None  # noqa: S101 - its name stands in one of the two
        return Term(name, status, there.label, ())
    changes = tuple(_properties(old, before, new, after))
    return Term(name, Status.CHANGED if changes else Status.SAME, after.label, changes)


def _properties(old: Model, before: Blank, new: Model, after: Blank) -> Iterator[Change]:
    for field in fields(Blank):
        one, other = _said(old, before, field.name), _said(new, after, field.name)
        if one != other:
            yield Change(field.name, one, other)


def _said(model: Model, blank: Blank, what: str) -> Bilingual:
    """Return a property of a blank as people read it."""
    value: Any = getattr(blank, what)
    if isinstance(value, Bilingual):
        return value
    if what == "when":
        return spoken.condition(model, value if not model.first else "") or Bilingual("", "")
    if what == "default" and (default := outline.default(model, blank)):
        return default
    if what == "options" and value:
        readings = model.words[value].values()
        return Bilingual("、".join(one.zh for one in readings), ", ".join(one.en for one in readings))
    if isinstance(value, bool):
        return model.words["label"].get("yes" if value else "no", Bilingual(str(value), str(value)))
    text = "" if value is None else str(value)
    return Bilingual(text, text)
