"""A model text as it is read before anything is filled in: article by article, with its blanks by their names.

Pages, the API and the comparison of two versions all read this; it is plain data in both languages at once.
"""

from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

from contracts import spoken
from contracts.library import Bilingual, Blank, Clause, Model, Part
from contracts.readings import reading
from contracts.wording import numeral, runs

_DRAWN: Final = MappingProxyType(
    {
        "columns": Bilingual("数据的各列及其类型", "the columns of the data and their types"),
        "policy": Bilingual(
            "以许可、禁止和义务表述的使用规则", "permissions, prohibitions and duties of use"
        ),
        "history": Bilingual("合同的变更记录", "the history of amendments"),
    }
)
"""Tables that are drawn from the contract as a whole."""

Runs = tuple[dict[str, str], ...]


@dataclass(frozen=True, slots=True)
class Piece:
    """A paragraph, a list of facts or a table.

    Attributes:
        kind: ``text``, ``facts`` or ``table``.
        when: the condition in words, if it has one.
        zh: runs of fixed words (``text``) and blanks (``value`` is its label, ``field`` its name).
        en: the same in English.
    """

    kind: str
    when: Bilingual | None
    zh: Runs
    en: Runs


@dataclass(frozen=True, slots=True)
class Section:
    """An article or a schedule.

    Attributes:
        label: 第一条 and Article 1.
    """

    id: str
    number: int
    schedule: bool
    label: Bilingual
    title: Bilingual
    source: str
    pieces: tuple[Piece, ...]


def sections(model: Model) -> list[Section]:
    """Return the articles and then the schedules of a text."""
    articles = [_section(model, clause, number, False) for number, clause in enumerate(model.clauses, 1)]
    return articles + [
        _section(model, schedule, number, True) for number, schedule in enumerate(model.schedules, 1)
    ]


def plain(runs: Runs) -> str:
    """Return a paragraph as one line, blanks in brackets."""
    return "".join(f"[{one['value']}]" if "value" in one else one["text"] for one in runs)


def default(model: Model, blank: Blank) -> Bilingual | None:
    """Return what a blank begins with, as it reads in a contract; None for nothing, and for tables."""
    if (
        blank.default is None
        or blank.given
        or model.first
        or (isinstance(blank.default, list) and not blank.options)
    ):
        return None
    return reading(model, blank, blank.default)


def _section(model: Model, clause: Clause, number: int, schedule: bool) -> Section:
    zh, en = ("附件{}", "Schedule {}") if schedule else ("第{}条", "Article {}")
    label = Bilingual(zh.format(numeral(number)), en.format(number))
    pieces = tuple(_piece(model, part) for part in clause.parts)
    return Section(clause.id, number, schedule, label, clause.title, clause.source, pieces)


def _piece(model: Model, part: Part) -> Piece:
    when = spoken.condition(model, part.when)
    if part.text is not None:
        labels = {name: blank.label for name, blank in model.blanks.items()}
        zh, en = (tuple(runs(model, getattr(part.text, one), one, labels)) for one in ("zh", "en"))
        return Piece("text", when, zh, en)
    if part.facts:
        blanks = [model.blanks[name] for name in part.facts]
        return Piece("facts", when, _listed(blanks, "zh"), _listed(blanks, "en"))
    if part.table in model.blanks:
        blank = model.blanks[part.table]
        return Piece("table", when, _listed([blank], "zh"), _listed([blank], "en"))
    # The table of promises of version 0.1 is no blank.
    drawn = _DRAWN.get(part.table, Bilingual("承诺的质量", "the promised quality"))
    return Piece("table", when, ({"text": drawn.zh},), ({"text": drawn.en},))


def _listed(blanks: list[Blank], language: str) -> Runs:
    found: list[dict[str, Any]] = []
    for blank in blanks:
        if found:
            found.append({"text": "、" if language == "zh" else ", "})
        found.append({"value": getattr(blank.label, language), "field": blank.name})
    return tuple(found)
