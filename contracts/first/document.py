"""The content of a document of version 0.1, frozen with its shape (see :mod:`contracts.document`)."""

from collections.abc import Callable
from typing import Any, Final

from contracts import canonical
from contracts.facts import FIELDS_SHOWN, Party, Threshold
from contracts.first.terms import FirstTerms
from contracts.library import Bilingual, Clause, Model, Part
from contracts.vocabulary import Purpose
from contracts.wording import calendar, days, label, listed, numeral, pair, row, runs, same

CONDITIONS: Final[dict[str, Callable[[FirstTerms], bool]]] = {
    "": lambda _: True,
    "paid": lambda terms: terms.price.amount > 0,
    "free": lambda terms: terms.price.amount == 0,
    "promised": lambda terms: bool(terms.quality),
    "named_purposes": lambda terms: Purpose.ANY_LAWFUL not in terms.use.purposes,
    "any_purpose": lambda terms: Purpose.ANY_LAWFUL in terms.use.purposes,
}
"""The conditions a part of a clause may carry."""


def content(model: Model, terms: FirstTerms, policy: bytes) -> dict[str, Any]:
    """Return the filled document as plain JSON."""
    values = fill(model, terms)
    return {
        "title": pair(model.title),
        "model": model.id,
        "number": {"label": label(model, "number"), "value": terms.number},
        "date": {"label": pair(model.blanks["date"].label), **pair(values["date"])},
        "day": [terms.date.year, terms.date.month, terms.date.day],
        "parties": [_party(model, role, getattr(terms, role)) for role in ("provider", "buyer", "operator")],
        "articles": [
            _article(model, number, clause, terms, values)
            for number, clause in enumerate(model.clauses, start=1)
        ],
        "schedule": _schedule(model, terms),
        "signatures": _signatures(model, terms),
        "evidence": {"title": label(model, "evidence"), "rows": _evidence(model, terms, policy)},
        "labels": {name: label(model, name) for name in ("compiler", "fonts", "end")},
    }


def fill(model: Model, terms: FirstTerms) -> dict[str, Bilingual]:
    """Return the reading of every blank, in both languages."""
    subject = terms.subject
    price = terms.price
    words = price.in_words() if price.currency == "CNY" else f"{price.currency} {price.grouped()}"
    return {
        "date": calendar(terms.date),
        "rules.version": same(terms.rules_version),
        "listing.number": same(subject.listing_number),
        "asset.number": same(subject.asset_number),
        "subject.title": same(subject.title),
        "subject.file": same(subject.filename),
        "subject.media_type": same(subject.media_type),
        "subject.size": Bilingual(f"{subject.size:,} 字节", f"{subject.size:,} bytes"),
        "subject.rows": same(f"{subject.rows:,}"),
        "subject.columns": same(f"{subject.columns:,}"),
        "subject.digest": same(subject.content_digest),
        "inspection.digest": same(subject.inspection_digest),
        "price.figures": Bilingual(_price(terms), f"{price.currency} {price.grouped()}"),
        "price.words": same(words),
        "payment.days": days(terms.payment_days),
        "delivery.mode": model.word("delivery", terms.delivery.mode),
        "delivery.days": days(terms.delivery.days),
        "delivery.downloads": same(terms.delivery.downloads),
        "acceptance.days": days(terms.delivery.acceptance_days),
        "use.purposes": listed(model, "purpose", terms.use.purposes),
        "use.permitted": listed(model, "action", terms.use.permitted),
        "use.prohibited": listed(model, "action", terms.use.prohibited),
        "term.days": days(terms.term_days),
    }


def _price(terms: FirstTerms) -> str:
    price = terms.price
    return f"人民币{price.grouped()}元" if price.currency == "CNY" else f"{price.currency} {price.grouped()}"


def _party(model: Model, role: str, party: Party) -> dict[str, Any]:
    names = ("name_zh", "name_en", "credit_code")
    rows = [row(label(model, name), same(getattr(party, name)), f"{role}.{name}") for name in names]
    return {"role": pair(model.word("role", role)), "rows": rows}


def _article(
    model: Model, number: int, clause: Clause, terms: FirstTerms, values: dict[str, Bilingual]
) -> dict[str, Any]:
    return {
        "label": {"zh": f"第{numeral(number)}条", "en": f"Article {number}"},
        "title": pair(clause.title),
        "parts": [
            _filled(model, part, terms, values) for part in clause.parts if CONDITIONS[part.when](terms)
        ],
    }


def _filled(model: Model, part: Part, terms: FirstTerms, values: dict[str, Bilingual]) -> dict[str, Any]:
    if part.text is not None:
        return {
            "kind": "text",
            "zh": list(runs(model, part.text.zh, "zh", values)),
            "en": list(runs(model, part.text.en, "en", values)),
        }
    if part.table:
        return {"kind": "table", **_quality(model, terms)}
    blanks = [model.blanks[name] for name in part.facts]
    return {
        "kind": "facts",
        "rows": [
            row(pair(blank.label), values[blank.name], blank.name, blank.type == "digest") for blank in blanks
        ],
    }


def _quality(model: Model, terms: FirstTerms) -> dict[str, Any]:
    head = [label(model, name) for name in ("indicator", "scope", "threshold")]
    return {"head": head, "rows": [_promise(model, threshold) for threshold in terms.quality]}


def _promise(model: Model, threshold: Threshold) -> list[dict[str, str]]:
    whole = model.word("label", "whole_file")
    scope = whole if threshold.field is None else same(threshold.field)
    operator = model.word("operator", threshold.operator)
    cells = [
        model.word("indicator", threshold.indicator),
        scope,
        Bilingual(f"{operator.zh} {threshold.value}", f"{operator.en} {threshold.value}"),
    ]
    return [{**pair(cell), "field": "quality"} for cell in cells]


def _schedule(model: Model, terms: FirstTerms) -> dict[str, Any]:
    fields = terms.subject.fields
    return {
        "title": label(model, "schedule"),
        "head": [label(model, name) for name in ("column", "type")],
        "rows": [
            [{"value": field.name, "field": "subject.fields"}, {"value": field.type}] for field in fields
        ],
        "rest": label(model, "schedule_rest") if terms.subject.columns > FIELDS_SHOWN else None,
    }


def _signatures(model: Model, terms: FirstTerms) -> dict[str, Any]:
    notes = [
        {"label": label(model, name), **label(model, f"{name}_value")}
        for name in ("signature_method", "signature_place")
    ]
    blocks = [
        {"role": pair(model.word("role", role)), "zh": party.name_zh, "en": party.name_en, "notes": notes}
        for role, party in (("provider", terms.provider), ("buyer", terms.buyer))
    ]
    return {"title": label(model, "signatures"), "blocks": blocks}


def _evidence(model: Model, terms: FirstTerms, policy: bytes) -> list[dict[str, Any]]:
    facts = {
        "terms_sha256": terms.digest(),
        "terms_sm3": terms.sm3(),
        "policy": canonical.sha256(policy),
        "template": model.digest,
    }
    return [{"label": label(model, name), "value": value} for name, value in facts.items()]
