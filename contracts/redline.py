"""What changed between two versions: blank by blank, and clause by clause as a redline in both languages.

Nothing is guessed by comparing texts: both versions fill the same model text, so each paragraph stands beside itself
and only the values in it can differ, or the paragraph as a whole comes or goes.  A *stretch* is a piece of text with
what became of it: ``same``, ``gone`` (struck out) or ``new``.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import groupby, zip_longest
from operator import itemgetter
from typing import Any, Final

from contracts import blanks, document, readings
from contracts.library import Bilingual, Clause, Model
from contracts.terms import Terms
from contracts.versions import blanks_in
from contracts.wording import numeral

Stretch = dict[str, str]
_LANGUAGES: Final = ("zh", "en")


@dataclass(frozen=True, slots=True)
class Change:
    """One blank whose value differs.

    Attributes:
        blank: its name.
        label: what it is called.
        old: its value before, None when it was not filled in.
        new: its value after, None when it is not filled in any more.
        before: how the old value reads; None when there is none, or it is a table.
        after: how the new value reads, alike.
    """

    blank: str
    label: Bilingual
    old: Any
    new: Any
    before: Bilingual | None
    after: Bilingual | None


@dataclass(frozen=True, slots=True)
class Section:
    """An article or schedule that reads otherwise.

    Attributes:
        clause: its stable id.
        label: 第三条, Article 3.
        title: its heading.
        changes: the blanks of it whose values differ.
        parts: the whole clause as plain JSON, each part with its stretches.
    """

    clause: str
    label: Bilingual
    title: Bilingual
    changes: tuple[Change, ...]
    parts: tuple[dict[str, Any], ...]


def changes(model: Model, old: Mapping[str, Any], new: Mapping[str, Any]) -> list[Change]:
    """Return every blank that two sets of checked values fill differently, in the text's order."""
    return [
        Change(
            blank=blank.name,
            label=blank.label,
            old=old.get(blank.name),
            new=new.get(blank.name),
            before=_reading(model, blank.name, old),
            after=_reading(model, blank.name, new),
        )
        for blank in model.blanks.values()
        if not blank.given and old.get(blank.name) != new.get(blank.name)
    ]


def sections(model: Model, old: Terms, new: Terms) -> list[Section]:
    """Return the articles and schedules that two versions of one contract make read differently, in order."""
    before, after = document.parts(model, old), document.parts(model, new)
    changed = changes(model, old.values, new.values)
    found = []
    for label, clause in _numbered(model):
        pairs = list(zip(before[clause.id], after[clause.id], strict=True))
        if all(was == becomes for was, becomes in pairs):
            continue
        own = blanks_in(model, clause)
        found.append(
            Section(
                clause=clause.id,
                label=label,
                title=clause.title,
                changes=tuple(change for change in changed if change.blank in own),
                parts=tuple(
                    redlined(was, becomes) for was, becomes in pairs if (was, becomes) != (None, None)
                ),
            )
        )
    return found


def redlined(old: dict[str, Any] | None, new: dict[str, Any] | None) -> dict[str, Any]:
    """Return one part with what became of each piece of it; one of the two may be missing, not both."""
    one = old or new or {}
    match one["kind"]:
        case "text":
            return {
                "kind": "text",
                **{
                    language: list(_paragraph((old or {}).get(language, []), (new or {}).get(language, [])))
                    for language in _LANGUAGES
                },
            }
        case "facts":
            return {"kind": "facts", "rows": list(_facts(_rows(old), _rows(new)))}
    return {"kind": "table", "head": one["head"], "rows": list(_table(_rows(old), _rows(new)))}


def _numbered(model: Model) -> Iterator[tuple[Bilingual, Clause]]:
    for number, clause in enumerate(model.clauses, start=1):
        yield Bilingual(f"第{numeral(number)}条", f"Article {number}"), clause
    for number, schedule in enumerate(model.schedules, start=1):
        yield Bilingual(f"附件{numeral(number)}", f"Schedule {number}"), schedule


def _reading(model: Model, name: str, values: Mapping[str, Any]) -> Bilingual | None:
    blank = model.blanks[name]
    if name not in values or blank.type in blanks.TABLES:
        return None
    return readings.reading(model, blank, values[name])


def _rows(part: dict[str, Any] | None) -> list[Any]:
    return [] if part is None else part["rows"]


def _paragraph(old: list[Stretch], new: list[Stretch]) -> Iterator[Stretch]:
    """Yield a paragraph: runs of both versions stand in the same places, unless one has none at all."""
    pieces = (piece for runs in zip_longest(old, new) for piece in _stretches(*map(_said, runs)))
    for op, same in groupby(pieces, key=itemgetter("op")):
        yield {"op": op, "text": "".join(piece["text"] for piece in same)}


def _stretches(old: str, new: str) -> Iterator[Stretch]:
    if old == new:
        yield {"op": "same", "text": old}
        return
    if old:
        yield {"op": "gone", "text": old}
    if new:
        yield {"op": "new", "text": new}


def _said(run: Stretch | None) -> str:
    return "" if run is None else run.get("value", run.get("text", ""))


def _facts(old: list[dict[str, Any]], new: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Yield the labelled values of both versions, each blank once."""
    before, after = ({row["field"]: row for row in rows} for rows in (old, new))
    names = [row["field"] for row in new]
    names += [row["field"] for row in old if row["field"] not in after]
    for name in names:
        was, becomes = before.get(name, {}), after.get(name, {})
        values = {
            language: list(_stretches(was.get(language, ""), becomes.get(language, "")))
            for language in _LANGUAGES
        }
        yield {"label": (becomes or was)["label"], **values}


def _table(old: list[Any], new: list[Any]) -> Iterator[dict[str, Any]]:
    """Yield the rows of both versions, whole rows gone or new."""
    matcher = SequenceMatcher(None, [repr(row) for row in old], [repr(row) for row in new], autojunk=False)
    for op, first, last, start, end in matcher.get_opcodes():
        if op == "equal":
            yield from ({"op": "same", "cells": row} for row in new[start:end])
        else:
            yield from ({"op": "gone", "cells": row} for row in old[first:last])
            yield from ({"op": "new", "cells": row} for row in new[start:end])
