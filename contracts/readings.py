"""How the value of a blank reads in a document, in both languages."""

from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal
from types import MappingProxyType
from typing import Any, Final

from contracts import canonical
from contracts.library import Bilingual, Blank, Model
from contracts.money import Money
from contracts.odrl import ARTICLE
from contracts.terms import Terms
from contracts.wording import calendar, days, label, listed, numeral, pair, same

UNFILLED: Final = Bilingual("__________", "__________")
"""What a form shows where nothing was filled in."""
_LINES: Final = 3
"""Rows of a table that is to be filled in by hand."""
_NONE: Final = Bilingual("无", "none")


def reading(model: Model, blank: Blank, value: Any) -> Bilingual:
    """Return how a value reads; it was checked before (:func:`contracts.blanks.check`)."""
    match blank.type:
        case "choice":
            return model.word(blank.options, value)
        case "choices":
            return listed(model, blank.options, value) if value else _NONE
        case "days":
            return days(value)
        case "whole":
            return same(f"{value:,}")
        case "share":
            return same(f"{(Decimal(value) * 100).normalize():f}%")
        case "money":
            return amount(Money(value["amount"], value["currency"]))
        case "date":
            return calendar(date.fromisoformat(value))
        case "yes_no":
            return model.word("label", "yes" if value else "no")
    return same(value)


def amount(money: Money) -> Bilingual:
    """Return an amount in figures."""
    zh = f"人民币{money.grouped()}元" if money.currency == "CNY" else f"{money.currency} {money.grouped()}"
    return Bilingual(zh, f"{money.currency} {money.grouped()}")


def given(terms: Terms) -> dict[str, Bilingual]:
    """Return the readings of what the exchange fills in from its records, and of what is computed."""
    dated = {"date": calendar(terms.date), "rules.version": same(terms.rules_version)}
    found = dated | computed(terms.values)
    if terms.data is None:
        return found
    subject = terms.data
    return found | {
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
    }


def computed(values: Mapping[str, Any]) -> dict[str, Bilingual]:
    """Return the readings of what is computed from the values: the price in figures and in 大写."""
    if "price.amount" not in values:
        return {}
    price = Money(**values["price.amount"])
    words = price.in_words() if price.currency == "CNY" else f"{price.currency} {price.grouped()}"
    return {"price.figures": amount(price), "price.words": same(words)}


Table = dict[str, Any]
_Cells = list[Bilingual]


def table(model: Model, blank: Blank, rows: list[dict[str, Any]]) -> Table:
    """Return a table that was filled in: ``head`` of labels and ``rows`` of cells in both languages."""
    head, cells = _TABLES[blank.type]
    return {
        "head": [label(model, name) for name in head],
        "rows": [[{**pair(cell), "field": blank.name} for cell in cells(model, row)] for row in rows],
    }


def unfilled(model: Model, blank: Blank) -> Table:
    """Return a table to be filled in by hand: lines in place of cells."""
    head, _ = _TABLES[blank.type]
    line = [pair(UNFILLED) for _ in head]
    return {"head": [label(model, name) for name in head], "rows": [line] * _LINES}


def policy_table(model: Model, policy: bytes) -> Table:
    """Return the rules of a policy in words, each with the article it rests on.

    Args:
        model: the text of the contract.
        policy: what :func:`contracts.policy.compile_policy` made of it.
    """
    body = canonical.decode(policy)
    owed = [duty for rule in body.get("permission", ()) for duty in rule.get("duty", ())]
    rules = {
        "permissions": body.get("permission", []),
        "prohibitions": body.get("prohibition", []),
        "duties": body.get("obligation", []) + owed[:1],
    }
    rows = [
        [model.word("label", kind), _deed(model, rule["action"]), _article(rule[ARTICLE])]
        for kind, found in rules.items()
        for rule in found
    ]
    head = [label(model, name) for name in ("rule", "deed", "article")]
    return {"head": head, "rows": [[{**pair(cell), "field": "policy"} for cell in cells] for cells in rows]}


def _deed(model: Model, action: str) -> Bilingual:
    name = action.partition(":")[2]
    return model.word("action" if name in model.words["action"] else "deed", name)


def _article(number: int) -> Bilingual:
    return Bilingual(f"第{numeral(number)}条", f"Article {number}")


def _promise(model: Model, row: dict[str, Any]) -> _Cells:
    operator = model.word("operator", row["operator"])
    return [
        model.word("indicator", row["indicator"]),
        model.word("label", "whole_file") if row["field"] is None else same(row["field"]),
        Bilingual(f"{operator.zh} {row['value']}", f"{operator.en} {row['value']}"),
        model.word("method", row["method"]),
        model.word("remedy", row["remedy"]),
    ]


def _tier(_: Model, row: dict[str, Any]) -> _Cells:
    return [same(f"{row['from']:,}"), amount(Money(row["amount"]))]


def _milestone(_: Model, row: dict[str, Any]) -> _Cells:
    return [same(row["label"]), same(f"{(Decimal(row['share']) * 100).normalize():f}%"), days(row["days"])]


def _organisation(_: Model, row: dict[str, Any]) -> _Cells:
    return [same(row["name"]), same(row["credit_code"])]


_TABLES: Final[Mapping[str, tuple[tuple[str, ...], Callable[[Model, dict[str, Any]], _Cells]]]] = (
    MappingProxyType(
        {
            "quality": (("indicator", "scope", "threshold", "method", "remedy"), _promise),
            "tiers": (("tier_from", "unit_price"), _tier),
            "milestones": (("milestone", "share", "due"), _milestone),
            "organisations": (("organisation", "credit_code"), _organisation),
        }
    )
)
