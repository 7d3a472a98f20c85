"""From terms and model text to the content that is set in type.

The content is plain JSON with every blank already filled; the layout places it and never computes.  Values are passed
to the layout as data, so nothing that a user wrote is ever read as markup.
"""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from contracts import blanks, canonical, history, readings
from contracts.conditions import parse
from contracts.errors import TermsError
from contracts.facts import FIELDS_SHOWN, Party, Subject
from contracts.first import document as first_document
from contracts.first import policy as first_policy
from contracts.first.terms import FirstTerms
from contracts.library import Bilingual, Clause, Model, Part
from contracts.policy import Grounds, compile_policy
from contracts.terms import AnyTerms, Terms
from contracts.wording import calendar, label, numeral, pair, row, runs, same

_ROLES: Final = ("provider", "buyer", "operator")
SETTLED: Final = ("price.", "payment.")
"""Beginnings of the blanks that an amendment cannot change: what is paid, when and how was settled by the parent."""


@dataclass(frozen=True, slots=True)
class Draft:
    """What is handed to the typesetter.

    Attributes:
        content: the filled document as plain JSON.
        terms: canonical bytes attached as contract.json; nothing for a blank form.
        policy: canonical bytes attached as policy.json; nothing for a blank form.
        offer: the signed offer attached as offer.pdf, to an acceptance alone.
    """

    model: Model
    content: dict[str, Any]
    terms: bytes
    policy: bytes
    offer: bytes = b""


def compose(model: Model, terms: AnyTerms, offer: bytes = b"") -> Draft:
    """Return the filled document.

    Args:
        model: the text.
        terms: what fills it.
        offer: the signed offer that an acceptance takes up; without it an acceptance can be read, not rendered.

    Raises:
        TermsError: the terms do not suit the model text: another model, a blank that is missing or filled wrongly, a
            price on a free licence, no promise of quality where one is required; or the offer is another than the one
            that they accept.
        LibraryError: the text names a blank that terms do not fill.
    """
    if terms.model != model.id:
        raise TermsError("model", f"is {terms.model}, not {model.id}")
    if isinstance(terms, FirstTerms):
        return _compose_first(model, terms)
    _require(model, terms)
    if offer and (terms.origin is None or terms.origin.document_digest != canonical.sha256(offer)):
        raise TermsError("origin.document_digest", "names another file than the offer given")
    policy = compile_policy(_grounds(model, terms))
    return Draft(model, _content(model, terms, policy), terms.canonical(), policy, offer)


def _compose_first(model: Model, terms: FirstTerms) -> Draft:
    if model.free and terms.price.amount:
        raise TermsError("price", f"{model.id} is free of charge")
    if model.promises and not terms.quality:
        raise TermsError("quality", f"{model.id} needs at least one promise of quality")
    policy = first_policy.compile_policy(terms, model.articles())
    return Draft(model, first_document.content(model, terms, policy), terms.canonical(), policy)


def _require(model: Model, terms: Terms) -> None:
    """Refuse terms that do not suit the text, or contradict themselves."""
    blanks.require(model, terms.values)
    if model.file != (terms.data is not None):
        raise TermsError("data", "is a registered file exactly where the text is about one")
    if model.free and terms.values.get("price.model", "free") != "free":
        raise TermsError("price.model", f"{model.id} is free of charge")
    if terms.data is not None:
        columns = {column.name for column in terms.data.fields}
        for promise in terms.quality:
            if promise.field is not None and promise.field not in columns:
                raise TermsError("quality", f"{promise.field} is not a column of the data")
    if "use.permitted" in terms.values:
        _ = terms.use
    if terms.amends is not None:
        _require_amended(model, terms)


def _require_amended(model: Model, terms: Terms) -> None:
    """Refuse an amendment that does not say exactly what it changes, or changes what was settled for good."""
    before = terms.amends.before if terms.amends else {}
    for name, value in before.items():
        if name.startswith(SETTLED):
            raise TermsError(name, "is not changed by an amendment", "变更合同不改变价款和付款")
        if name not in model.blanks or terms.values.get(name) == value:
            raise TermsError("amends.before", "names exactly what is filled otherwise than before")
    blanks.require(model, terms.before)
    if terms.amends and terms.amends.clauses != changed_clauses(model, terms):
        raise TermsError("amends.clauses", "names exactly the clauses that read otherwise than before")


def changed_clauses(model: Model, terms: Terms) -> tuple[str, ...]:
    """Return the ids of the articles and schedules that an amendment makes read otherwise, in the text's order."""
    new = dataclasses.replace(terms, amends=None)
    old = dataclasses.replace(new, values=terms.before)
    was, becomes = parts(model, old), parts(model, new)
    return tuple(clause for clause in becomes if was[clause] != becomes[clause])


def _grounds(model: Model, terms: Terms) -> Grounds:
    data = terms.data
    return Grounds(
        kind="Offer" if terms.buyer is None else "Agreement",
        number=terms.number,
        model=terms.model,
        assigner=terms.provider.credit_code,
        assignee=None if terms.buyer is None else terms.buyer.credit_code,
        target=canonical.sha256(terms.canonical()) if data is None else data.content_digest,
        articles=model.articles(),
        values=terms.values,
    )


def _content(model: Model, terms: Terms, policy: bytes) -> dict[str, Any]:
    filled = {**_filled_in(model, terms.values), **readings.given(terms)}
    return {
        **_body(model, terms.values, filled, terms, policy),
        "attached": True,
        "number": {"label": label(model, "number"), "value": terms.number},
        "date": {"label": pair(model.blanks["date"].label), **pair(calendar(terms.date))},
        "day": [terms.date.year, terms.date.month, terms.date.day],
        "parties": [_party(model, role, terms) for role in _ROLES],
        "signatures": _signatures(model, terms),
        "evidence": {"title": label(model, "evidence"), "rows": _evidence(model, terms, policy)},
        **({} if terms.standing is None else {"standing": label(model, "offer")}),
        **({} if terms.origin is None else {"offer": True}),
    }


def blank_form(model: Model, values: Mapping[str, Any], day: date) -> Draft:
    """Return the text as a form: filled as far as ``values`` go, lines where they do not; nobody's contract.

    Args:
        model: a text from 1.0 on.
        values: checked values of some of its blanks; :func:`contracts.blanks.defaults` gives those to begin with.
        day: printed nowhere, but a document needs a date.
    """
    open_ones = {blank.name for blank in blanks.asked(model, values)}
    unfilled = {
        name: readings.UNFILLED for name, blank in model.blanks.items() if blank.given or name in open_ones
    }
    filled = {**unfilled, **_filled_in(model, values), **readings.computed(values)}
    line = pair(readings.UNFILLED)
    content = {
        **_body(model, values, filled),
        "attached": False,
        "form": label(model, "form"),
        "number": {"label": label(model, "number"), "value": readings.UNFILLED.en},
        "date": {"label": pair(model.blanks["date"].label), **line},
        "day": [day.year, day.month, day.day],
        "parties": [_unnamed(model, role) for role in _ROLES[:2]],
        "signatures": {
            "title": label(model, "signatures"),
            "blocks": [{"role": pair(model.word("role", role)), **line, "notes": []} for role in _ROLES[:2]],
        },
        "evidence": None,
    }
    return Draft(model, content, b"", b"")


def _unnamed(model: Model, role: str) -> dict[str, Any]:
    rows = [
        row(label(model, name), readings.UNFILLED, role) for name in ("name_zh", "name_en", "credit_code")
    ]
    return {"role": pair(model.word("role", role)), "rows": rows}


def _body(
    model: Model,
    values: Mapping[str, Any],
    filled: Mapping[str, Bilingual],
    terms: Terms | None = None,
    policy: bytes = b"",
) -> dict[str, Any]:
    """Return what a contract and a blank form have in common: title, articles and schedules."""
    place = _Place(model, values, filled, terms, policy)
    return {
        "title": pair(model.title),
        "model": model.id,
        "articles": [
            {
                "label": {"zh": f"第{numeral(number)}条", "en": f"Article {number}"},
                **_section(place, clause),
            }
            for number, clause in enumerate(model.clauses, start=1)
        ],
        "schedules": [
            {
                "label": {"zh": f"附件{numeral(number)}", "en": f"Schedule {number}"},
                **_section(place, schedule),
            }
            for number, schedule in enumerate(model.schedules, start=1)
        ],
        "labels": {name: label(model, name) for name in ("compiler", "fonts", "end")},
    }


@dataclass(frozen=True, slots=True)
class _Place:
    """What a part of the text is filled from; a blank form has neither terms nor policy."""

    model: Model
    values: Mapping[str, Any]
    filled: Mapping[str, Bilingual]
    terms: Terms | None
    policy: bytes


def parts(model: Model, terms: Terms) -> dict[str, list[dict[str, Any] | None]]:
    """Return every part of every article and schedule as it is filled, by the clause's id.

    A part that is not printed under these terms is None, so that the parts of two contracts stand side by side.
    """
    filled = {**_filled_in(model, terms.values), **readings.given(terms)}
    place = _Place(model, terms.values, filled, terms, compile_policy(_grounds(model, terms)))
    return {clause.id: _parts(place, clause) for clause in (*model.clauses, *model.schedules)}


def _section(place: _Place, clause: Clause) -> dict[str, Any]:
    filled = [part for part in _parts(place, clause) if part is not None]
    return {"title": pair(clause.title), "parts": filled}


def _parts(place: _Place, clause: Clause) -> list[dict[str, Any] | None]:
    return [_part(place, part) if parse(part.when).holds(place.values) else None for part in clause.parts]


def _part(place: _Place, part: Part) -> dict[str, Any] | None:
    """Return a filled part; None for facts and tables of which nothing is filled in."""
    model = place.model
    if part.text is not None:
        return {
            "kind": "text",
            "zh": list(runs(model, part.text.zh, "zh", place.filled)),
            "en": list(runs(model, part.text.en, "en", place.filled)),
        }
    if part.table:
        return _table(place, part.table)
    named = [model.blanks[name] for name in part.facts if name in place.filled]
    found = [blank for blank in named if parse(blank.when).holds(place.values)]
    rows = [row(pair(one.label), place.filled[one.name], one.name, one.type == "digest") for one in found]
    return {"kind": "facts", "rows": rows} if rows else None


def _table(place: _Place, name: str) -> dict[str, Any] | None:
    model, terms = place.model, place.terms
    if terms is None and name in ("columns", "history"):
        line = [{"value": readings.UNFILLED.zh}]
        return {"kind": "text", "zh": line, "en": line}
    if name == "columns":
        if terms is None or terms.data is None:
            return None
        return {"kind": "columns", **_columns(model, terms.data)}
    if terms is not None and name == "history":
        return history.table(model, terms)
    if name == "policy":
        return {"kind": "table", **readings.policy_table(model, place.policy)} if place.policy else None
    if rows := place.values.get(name):
        return {"kind": "table", **readings.table(model, model.blanks[name], rows)}
    blank = model.blanks[name]
    if terms is None and not blank.optional and parse(blank.when).holds(place.values):
        return {"kind": "table", **readings.unfilled(model, blank)}
    return None


def _filled_in(model: Model, values: Mapping[str, Any]) -> dict[str, Bilingual]:
    return {
        name: readings.reading(model, model.blanks[name], value)
        for name, value in values.items()
        if model.blanks[name].type not in blanks.TABLES
    }


def _party(model: Model, role: str, terms: Terms) -> dict[str, Any]:
    names = ("name_zh", "name_en", "credit_code")
    party: Party | None = getattr(terms, role)
    if party is None:
        return {"role": pair(model.word("role", role)), "rows": _anybody(model, role, terms)}
    rows = [row(label(model, name), same(getattr(party, name)), f"{role}.{name}") for name in names]
    return {"role": pair(model.word("role", role)), "rows": rows}


def _anybody(model: Model, role: str, terms: Terms) -> list[dict[str, Any]]:
    """Return what stands in the place of a party that a standing offer does not know yet."""
    rows = [row(label(model, "name_zh"), model.word("label", "anybody"), role)]
    if terms.standing is not None:
        rows.append(row(label(model, "valid_until"), calendar(terms.standing.until), "standing.until"))
        rows.append(row(label(model, "most"), same(f"{terms.standing.most:,}"), "standing.most"))
    return rows


def _columns(model: Model, subject: Subject) -> dict[str, Any]:
    return {
        "head": [label(model, name) for name in ("column", "type")],
        "rows": [
            [{"value": field.name, "field": "subject.fields"}, {"value": field.type}]
            for field in subject.fields
        ],
        "rest": label(model, "schedule_rest") if subject.columns > FIELDS_SHOWN else None,
    }


def _signatures(model: Model, terms: Terms) -> dict[str, Any]:
    notes = [
        {"label": label(model, name), **label(model, f"{name}_value")}
        for name in ("signature_method", "signature_place")
    ]
    attached = [{"label": label(model, "signature_method"), **label(model, "signature_offer_value")}]
    parties = [("provider", terms.provider), ("buyer", terms.buyer)]
    blocks = [
        {
            "role": pair(model.word("role", role)),
            "zh": party.name_zh,
            "en": party.name_en,
            "notes": attached if role == "provider" and terms.origin is not None else notes,
        }
        for role, party in parties
        if party is not None
    ]
    return {"title": label(model, "signatures"), "blocks": blocks}


def _evidence(model: Model, terms: Terms, policy: bytes) -> list[dict[str, Any]]:
    facts = {
        "terms_sha256": terms.digest(),
        "terms_sm3": terms.sm3(),
        "policy": canonical.sha256(policy),
        "template": model.digest,
    }
    if terms.origin is not None:
        facts |= {
            "origin_number": terms.origin.number,
            "origin_terms": terms.origin.terms_digest,
            "origin_document": terms.origin.document_digest,
        }
    return [{"label": label(model, name), "value": value} for name, value in facts.items()]
