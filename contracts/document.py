"""From terms and model text to the content that is set in type.

The content is plain JSON with every blank already filled; the layout places it and never computes.  Values are passed
to the layout as data, so nothing that a user wrote is ever read as markup.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from contracts import canonical
from contracts.errors import LibraryError, TermsError
from contracts.first.policy import compile_policy
from contracts.library import Bilingual, Clause, Model, Part
from contracts.terms import FIELDS_SHOWN, Party, Terms, Threshold
from contracts.vocabulary import Purpose

_BLANK: Final = re.compile(r"\{(@?[a-z_.]+)\}")
_NUMERALS: Final = "〇一二三四五六七八九"
_MONTHS: Final = "January February March April May June July August September October November December"

CONDITIONS: Final[dict[str, Callable[[Terms], bool]]] = {
    "": lambda _: True,
    "paid": lambda terms: terms.price.amount > 0,
    "free": lambda terms: terms.price.amount == 0,
    "promised": lambda terms: bool(terms.quality),
    "named_purposes": lambda terms: Purpose.ANY_LAWFUL not in terms.use.purposes,
    "any_purpose": lambda terms: Purpose.ANY_LAWFUL in terms.use.purposes,
}
"""The conditions a part of a clause may carry."""


@dataclass(frozen=True, slots=True)
class Draft:
    """What is handed to the typesetter.

    Attributes:
        content: the filled document as plain JSON.
        terms: canonical bytes attached as contract.json.
        policy: canonical bytes attached as policy.json.
    """

    model: Model
    content: dict[str, Any]
    terms: bytes
    policy: bytes


def compose(model: Model, terms: Terms) -> Draft:
    """Return the filled document.

    Raises:
        TermsError: the terms do not suit the model text: another model, a price on a free licence, no promise of
            quality where one is required.
        LibraryError: the text names a blank that terms do not fill.
    """
    if terms.model != model.id:
        raise TermsError("model", f"is {terms.model}, not {model.id}")
    if model.free and terms.price.amount:
        raise TermsError("price", f"{model.id} is free of charge")
    if model.promises and not terms.quality:
        raise TermsError("quality", f"{model.id} needs at least one promise of quality")
    policy = compile_policy(terms, model.articles())
    return Draft(model, _content(model, terms, policy), terms.canonical(), policy)


def _content(model: Model, terms: Terms, policy: bytes) -> dict[str, Any]:
    values = fill(model, terms)
    return {
        "title": _pair(model.title),
        "model": model.id,
        "number": {"label": _label(model, "number"), "value": terms.number},
        "date": {"label": _pair(model.blanks["date"].label), **_pair(values["date"])},
        "day": [terms.date.year, terms.date.month, terms.date.day],
        "parties": [_party(model, role, getattr(terms, role)) for role in ("provider", "buyer", "operator")],
        "articles": [
            _article(model, number, clause, terms, values)
            for number, clause in enumerate(model.clauses, start=1)
        ],
        "schedule": _schedule(model, terms),
        "signatures": _signatures(model, terms),
        "evidence": {"title": _label(model, "evidence"), "rows": _evidence(model, terms, policy)},
        "labels": {name: _label(model, name) for name in ("compiler", "fonts", "end")},
    }


def fill(model: Model, terms: Terms) -> dict[str, Bilingual]:
    """Return the reading of every blank, in both languages."""
    subject, day = terms.subject, terms.date
    price = terms.price
    words = price.in_words() if price.currency == "CNY" else f"{price.currency} {price.grouped()}"
    return {
        "date": Bilingual(
            f"{day.year}年{day.month}月{day.day}日", f"{day.day} {_MONTHS.split()[day.month - 1]} {day.year}"
        ),
        "rules.version": _same(terms.rules_version),
        "listing.number": _same(subject.listing_number),
        "asset.number": _same(subject.asset_number),
        "subject.title": _same(subject.title),
        "subject.file": _same(subject.filename),
        "subject.media_type": _same(subject.media_type),
        "subject.size": Bilingual(f"{subject.size:,} 字节", f"{subject.size:,} bytes"),
        "subject.rows": _same(f"{subject.rows:,}"),
        "subject.columns": _same(f"{subject.columns:,}"),
        "subject.digest": _same(subject.content_digest),
        "inspection.digest": _same(subject.inspection_digest),
        "price.figures": Bilingual(_price(terms), f"{price.currency} {price.grouped()}"),
        "price.words": _same(words),
        "payment.days": _days(terms.payment_days),
        "delivery.mode": model.word("delivery", terms.delivery.mode),
        "delivery.days": _days(terms.delivery.days),
        "delivery.downloads": _same(terms.delivery.downloads),
        "acceptance.days": _days(terms.delivery.acceptance_days),
        "use.purposes": _list(model, "purpose", terms.use.purposes),
        "use.permitted": _list(model, "action", terms.use.permitted),
        "use.prohibited": _list(model, "action", terms.use.prohibited),
        "term.days": _days(terms.term_days),
    }


def _same(value: object) -> Bilingual:
    return Bilingual(str(value), str(value))


def _days(count: int) -> Bilingual:
    return Bilingual(f"{count}日", f"{count} day" if count == 1 else f"{count} days")


def _price(terms: Terms) -> str:
    price = terms.price
    return f"人民币{price.grouped()}元" if price.currency == "CNY" else f"{price.currency} {price.grouped()}"


def _list(model: Model, group: str, names: tuple[str, ...]) -> Bilingual:
    readings = [model.word(group, name) for name in names]
    return Bilingual("、".join(one.zh for one in readings), ", ".join(one.en for one in readings))


def _pair(both: Bilingual) -> dict[str, str]:
    return {"zh": both.zh, "en": both.en}


def _label(model: Model, name: str) -> dict[str, str]:
    return _pair(model.word("label", name))


def _row(label: dict[str, str], value: Bilingual, field: str, mono: bool = False) -> dict[str, Any]:
    return {"label": label, **_pair(value), "mono": mono, "field": field}


def _party(model: Model, role: str, party: Party) -> dict[str, Any]:
    names = ("name_zh", "name_en", "credit_code")
    rows = [_row(_label(model, name), _same(getattr(party, name)), f"{role}.{name}") for name in names]
    return {"role": _pair(model.word("role", role)), "rows": rows}


def _article(
    model: Model, number: int, clause: Clause, terms: Terms, values: dict[str, Bilingual]
) -> dict[str, Any]:
    return {
        "label": {"zh": f"第{numeral(number)}条", "en": f"Article {number}"},
        "title": _pair(clause.title),
        "parts": [
            _filled(model, part, terms, values) for part in clause.parts if CONDITIONS[part.when](terms)
        ],
    }


def _filled(model: Model, part: Part, terms: Terms, values: dict[str, Bilingual]) -> dict[str, Any]:
    if part.text is not None:
        return {
            "kind": "text",
            "zh": list(_runs(model, part.text.zh, "zh", values)),
            "en": list(_runs(model, part.text.en, "en", values)),
        }
    if part.table:
        return {"kind": "table", **_quality(model, terms)}
    blanks = [model.blanks[name] for name in part.facts]
    return {
        "kind": "facts",
        "rows": [
            _row(_pair(blank.label), values[blank.name], blank.name, blank.type == "digest")
            for blank in blanks
        ],
    }


def _runs(model: Model, text: str, language: str, values: dict[str, Bilingual]) -> Iterator[dict[str, str]]:
    """Cut a paragraph into fixed words (``text``) and filled blanks (``value``)."""
    for index, piece in enumerate(_BLANK.split(text)):
        if index % 2 == 0:
            if piece:
                yield {"text": piece}
        elif piece.startswith("@"):
            number = model.articles()[piece[1:]]
            yield {"text": numeral(number) if language == "zh" else str(number)}
        elif piece in values:
            yield {"value": getattr(values[piece], language), "field": piece}
        else:
            raise LibraryError(f"no term fills the blank {piece}", "model.malformed")


def blanks_of(text: str) -> list[str]:
    """Return the names of blanks and references in a paragraph, in order; references begin with ``@``."""
    return _BLANK.findall(text)


def numeral(number: int) -> str:
    """Return 1 … 99 in Chinese numerals, as articles are numbered: 十四."""
    tens, ones = divmod(number, 10)
    head = "" if tens == 0 else ("十" if tens == 1 else f"{_NUMERALS[tens]}十")
    return head + (_NUMERALS[ones] if ones or not tens else "")


def _quality(model: Model, terms: Terms) -> dict[str, Any]:
    head = [_label(model, name) for name in ("indicator", "scope", "threshold")]
    return {"head": head, "rows": [_promise(model, threshold) for threshold in terms.quality]}


def _promise(model: Model, threshold: Threshold) -> list[dict[str, str]]:
    whole = model.word("label", "whole_file")
    scope = whole if threshold.field is None else _same(threshold.field)
    operator = model.word("operator", threshold.operator)
    cells = [
        model.word("indicator", threshold.indicator),
        scope,
        Bilingual(f"{operator.zh} {threshold.value}", f"{operator.en} {threshold.value}"),
    ]
    return [{**_pair(cell), "field": "quality"} for cell in cells]


def _schedule(model: Model, terms: Terms) -> dict[str, Any]:
    fields = terms.subject.fields
    return {
        "title": _label(model, "schedule"),
        "head": [_label(model, name) for name in ("column", "type")],
        "rows": [
            [{"value": field.name, "field": "subject.fields"}, {"value": field.type}] for field in fields
        ],
        "rest": _label(model, "schedule_rest") if terms.subject.columns > FIELDS_SHOWN else None,
    }


def _signatures(model: Model, terms: Terms) -> dict[str, Any]:
    notes = [
        {"label": _label(model, name), **_label(model, f"{name}_value")}
        for name in ("signature_method", "signature_place")
    ]
    blocks = [
        {"role": _pair(model.word("role", role)), "zh": party.name_zh, "en": party.name_en, "notes": notes}
        for role, party in (("provider", terms.provider), ("buyer", terms.buyer))
    ]
    return {"title": _label(model, "signatures"), "blocks": blocks}


def _evidence(model: Model, terms: Terms, policy: bytes) -> list[dict[str, Any]]:
    facts = {
        "terms_sha256": terms.digest(),
        "terms_sm3": terms.sm3(),
        "policy": canonical.sha256(policy),
        "template": model.digest,
    }
    return [{"label": _label(model, name), "value": value} for name, value in facts.items()]
