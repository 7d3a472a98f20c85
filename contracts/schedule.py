"""The values of schedule 2 in their normal form: what two sets of terms that mean the same have in common.

A contract can say a thing in two ways (training in the list of prohibited actions, or as the option ``none``) and can
say what needs no saying (territory: anywhere).  The normal form says each thing once and leaves the rest out, so that
the same meaning gives the same policy, byte for byte, and a policy can be read back.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta, timezone
from typing import Any, Final

from contracts import odrl
from contracts.errors import ContractError, TermsError
from contracts.identifiers import parse_credit_code
from contracts.literals import Named, Span
from contracts.odrl import Constraint, Policy, Rule
from contracts.vocabulary import Action, Purpose

GRADED: Final = {"train": "use.training", "present": "use.publication", "export": "compliance.export"}
"""Actions of which a term says how far they may go; ``none`` prohibits them."""

GRADES: Final[dict[str, tuple[str, dict[str, list[str]]]]] = {
    "use.training": ("cn:modelUse", {"internal": ["internal"], "release": ["internal", "release"]}),
    "use.publication": ("cn:output", {"aggregates": ["aggregates"], "results": ["aggregates", "results"]}),
    "compliance.export": (
        "cn:exportRoute",
        {route: [route] for route in ("assessed", "contract", "certified")},
    ),
}
"""The operand of such a term, and what each of its options lets pass."""

_WHOLLY: Final = {"train": "release", "present": "results"}
"""What an action in the list of permitted ones means where no term says how far it goes."""

GRANTED: Final = {"sublicense": "rights.sublicense", "transfer": "rights.transferable"}
"""Actions that a term permits or prohibits by yes or no."""

PASSING_ON: Final = {"present", "distribute", "sell", "sublicense", "transfer"}
"""Actions whose very point is that others get something: who may use a copy says nothing about them."""

_CHINA: Final = timezone(timedelta(hours=8))
_LIMITS: Final = {
    "term.days": (1, 36_500),
    "term.deletion_days": (1, 36_500),
    "delivery.downloads": (1, 1_000_000),
}
_CHOICES: Final = {
    "use.territory": {"mainland", "anywhere"},
    "use.derivatives": {"buyer", "provider", "shared"},
    "delivery.mode": {"download", "api", "query", "sandbox", "stream", "media"},
    "price.model": {"fixed", "usage", "subscription", "tiers", "free"},
    **{name: {"none", *grades} for name, (_, grades) in GRADES.items()},
}
_YES_NO: Final = {
    "use.attribution",
    "use.waiver",
    "term.deletion",
    "term.certificate",
    *GRANTED.values(),
}
_DATES: Final = {"term.from", "term.until"}
_COMMON: Final = {"use.purposes", "use.industry", "use.territory", "price.model", "term.days", *_DATES}
"""What limits every permission, and has nothing to limit where nothing is permitted."""

_NEUTRAL: Final = {
    "use.territory": "anywhere",
    "price.model": "free",
    "use.attribution": False,
    "term.deletion": False,
    "term.certificate": False,
}
"""Options that say no more than their absence does."""

ORGANISATIONS: Final = 100
"""Affiliates that one contract may name."""


def normal(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values that schedule 2 is made of, in their normal form; others are left out.

    Raises:
        TermsError: a value is not one that its blank may have, or contradicts another.
    """
    found = {name: value for name, value in values.items() if value is not None and _typed(name, value)}
    permitted = _words(values, "use.permitted", Action)
    prohibited = _words(values, "use.prohibited", Action) | {Action.REIDENTIFY}
    if found.pop("use.waiver", False):
        prohibited |= {Action.SELL, Action.DISTRIBUTE}
    if both := permitted & prohibited:
        raise TermsError("use.prohibited", f"{', '.join(sorted(both))} cannot be permitted in this contract")
    for action, whole in _WHOLLY.items():
        _grade(found, action, whole, permitted, prohibited)
    found |= {
        "use.permitted": [word.value for word in Action if word in permitted - GRADED.keys()],
        "use.prohibited": [word.value for word in Action if word in prohibited - GRADED.keys()],
        "use.recipients": _organisations(values.get("use.recipients") or []),
    }
    if purposes := _purposes(values):
        found["use.purposes"] = purposes
    if "term.deletion_days" in found:
        found.setdefault("term.deletion", True)
    if found.get("term.from", "") > found.get("term.until", "9999"):
        raise TermsError("term.until", "lies before term.from")
    found = {name: value for name, value in found.items() if name not in _NEUTRAL or value != _NEUTRAL[name]}
    return _reduced(found)


def _typed(name: str, value: Any) -> bool:
    """Return whether the value stands by itself in the normal form; refuse one of another type."""
    if name in _LIMITS:
        low, high = _LIMITS[name]
        _demand(
            type(value) is int and low <= value <= high, name, f"needs a whole number from {low} to {high}"
        )
    elif name in _CHOICES:
        known = isinstance(value, str) and value in _CHOICES[name]
        _demand(known, name, f"is one of {', '.join(sorted(_CHOICES[name]))}")
    elif name in _YES_NO:
        _demand(type(value) is bool, name, "is yes or no")
    elif name in _DATES:
        _demand(isinstance(value, str) and _is_date(value), name, "is a day such as 2026-11-22")
    elif name == "use.industry":
        _demand(isinstance(value, str), name, "is text")
        return bool(value)
    else:
        return False
    return True


def _demand(fine: bool, name: str, message: str) -> None:
    if not fine:
        raise TermsError(name, message)


def _is_date(text: str) -> bool:
    try:
        return date.fromisoformat(text).isoformat() == text and "1900" < text < "9000"
    except ValueError:
        return False


def _words(values: Mapping[str, Any], name: str, known: Iterable[str]) -> set[str]:
    """Return the words of a list of options, each of which must be known."""
    listed = values.get(name) or []
    words = {str(word) for word in known}
    fine = isinstance(listed, list | tuple) and all(
        isinstance(word, str) and word in words for word in listed
    )
    _demand(fine, name, f"lists words of {', '.join(sorted(words))}")
    return {str(word) for word in listed}


def _purposes(values: Mapping[str, Any]) -> list[str]:
    """Return the purposes in the order of the vocabulary; none where any lawful one will do."""
    if values.get("use.purposes") is None:
        return []
    purposes = _words(values, "use.purposes", Purpose)
    _demand(bool(purposes), "use.purposes", "needs at least one purpose")
    return [] if Purpose.ANY_LAWFUL in purposes else [word.value for word in Purpose if word in purposes]


def _grade(found: dict[str, Any], action: str, whole: str, permitted: set[str], prohibited: set[str]) -> None:
    """Say by its term alone how far an action may go, wherever the contract said it."""
    name = GRADED[action]
    if action in permitted:
        _demand(found.setdefault(name, whole) != "none", name, f"is none, but {action} is permitted")
    if action in prohibited:
        _demand(found.setdefault(name, "none") == "none", name, f"is not none, but {action} is prohibited")


def _organisations(listed: Any) -> list[dict[str, str]]:
    name = "use.recipients"
    _demand(
        isinstance(listed, list | tuple) and len(listed) <= ORGANISATIONS, name, "is a list of organisations"
    )
    found: dict[str, dict[str, str]] = {}
    for one in listed:
        fine = isinstance(one, Mapping) and set(one) == {"name", "credit_code"}
        fine = fine and all(isinstance(text, str) and text for text in one.values())
        _demand(fine, name, "names each organisation with its credit code")
        try:
            code = parse_credit_code(one["credit_code"])
        except ContractError as error:
            raise TermsError(name, str(error)) from error
        _demand(
            code == one["credit_code"] and code not in found, name, "lists each credit code once, in capitals"
        )
        found[code] = {"name": one["name"], "credit_code": code}
    return [found[code] for code in sorted(found)]


def _reduced(found: dict[str, Any]) -> dict[str, Any]:
    """Leave out what limits only things that are not permitted, or follows only from what is not owed."""
    allowed = permitted(found)
    gone: set[str] = set() if allowed else set(_COMMON)
    if "reproduce" not in allowed:
        gone |= {"delivery.mode", "delivery.downloads"}
    if "derive" not in allowed:
        gone.add("use.derivatives")
    if "term.deletion" not in found:
        gone |= {"term.deletion_days", "term.certificate"}
    if not set(allowed) - PASSING_ON:
        found = found | {"use.recipients": []}
    return {name: value for name, value in found.items() if name not in gone}


def permitted(values: Mapping[str, Any]) -> list[str]:
    """Return the actions that normal values permit, in the order of the language."""
    listed = set(values["use.permitted"])
    listed |= {action for action, name in GRADED.items() if values.get(name, "none") != "none"}
    listed |= {action for action, name in GRANTED.items() if values.get(name) is True}
    return [action for action in odrl.ACTIONS if action in listed]


def prohibited(values: Mapping[str, Any]) -> list[str]:
    """Return the actions that normal values rule out by name, in the same order."""
    listed = set(values["use.prohibited"])
    listed |= {action for action, name in GRADED.items() if values.get(name) == "none"}
    listed |= {action for action, name in GRANTED.items() if values.get(name) is False}
    return [action for action in odrl.ACTIONS if action in listed]


@dataclass(frozen=True, slots=True)
class Reading:
    """What stands in a policy.

    Attributes:
        values: the normal values.
        articles: the article of each rule and constraint, by its name in the policy.
    """

    values: dict[str, Any]
    articles: dict[str, int]


def read(policy: Policy) -> Reading:
    """Return the values a policy was drawn from, so far as it is one that was drawn from values."""
    reading = Reading({"use.permitted": [], "use.prohibited": [], "use.recipients": []}, {})
    words = {name: word for word, name in odrl.ACTIONS.items()}
    for action in sorted({words[rule.action] for rule in policy.permissions}, key=list(odrl.ACTIONS).index):
        _note(reading.values, action, "use.permitted", None, True)
    for action in sorted({words[rule.action] for rule in policy.prohibitions}, key=list(odrl.ACTIONS).index):
        _note(reading.values, action, "use.prohibited", "none", False)
    for rule in (*policy.permissions, *policy.prohibitions, *policy.obligations):
        _read(reading, rule, owed=rule in policy.obligations)
    return reading


def _note(values: dict[str, Any], action: str, listing: str, grade: str | None, granted: bool) -> None:
    if action in GRADED:
        values.update({GRADED[action]: grade} if grade else {})
    elif action in GRANTED:
        values[GRANTED[action]] = granted
    else:
        values[listing].append(action)


def _read(reading: Reading, rule: Rule, *, owed: bool) -> None:
    reading.articles[rule.action] = rule.article
    if rule.action in _OWED:
        reading.values.update(_OWED[rule.action])
    for duty in rule.duties:
        _read(reading, duty, owed=True)
    for item in rule.constraints:
        if isinstance(item, Constraint):
            reading.articles[item.left] = item.article
            reading.values.update(_value(item, owed))


_OWED: Final[dict[str, dict[str, Any]]] = {
    "odrl:attribute": {"use.attribution": True},
    "odrl:delete": {"term.deletion": True},
    "cn:certifyDeletion": {"term.certificate": True},
}

_PLAIN: Final = {
    "odrl:industry": "use.industry",
    "odrl:spatial": "use.territory",
    "odrl:deliveryChannel": "delivery.mode",
    "odrl:count": "delivery.downloads",
    "cn:priceModel": "price.model",
    "cn:derivativeOwner": "use.derivatives",
}


def _value(item: Constraint, owed: bool) -> dict[str, Any]:
    """Return the term that a constraint was drawn from; nothing for what was drawn from none."""
    first = item.right[0]
    words = [one.iri.removeprefix("cn:") for one in item.right if isinstance(one, Named)]
    for name, (left, grades) in GRADES.items():
        if item.left == left:
            return next(({name: grade} for grade in grades if sorted(grades[grade]) == sorted(words)), {})
    if item.left in _PLAIN:
        return {_PLAIN[item.left]: words[0] if words else first}
    if item.left == "odrl:elapsedTime":
        return {"term.deletion_days" if owed else "term.days": first}
    if item.left == "odrl:dateTime" and isinstance(first, Span):
        day = first.start.astimezone(_CHINA).date().isoformat()
        return {"term.from" if item.operator == "gteq" else "term.until": day}
    if item.left == "odrl:purpose":
        return {"use.purposes": [word.value for word in Purpose if word in words]}
    if item.left == "odrl:recipient":
        others = [one for one in item.right if isinstance(one, Named) and one.iri != odrl.ASSIGNEE]
        return {
            "use.recipients": [
                {"name": one.label, "credit_code": one.iri.removeprefix(odrl.USCC)} for one in others
            ]
        }
    return {}
