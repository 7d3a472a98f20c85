"""The policy of 0.1: terms compiled to a small policy in ODRL's shape, and the evaluator that decides by it.

A policy is decided from its own text, without the contract, so that the gate in front of the bytes needs nothing
else.  Every rule carries the number of the article it comes from, and every decision names it.  What is not
permitted is denied; what cannot be decided is denied; an unknown action is an error, never a permission.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from contracts import canonical
from contracts.errors import PolicyError
from contracts.terms import Terms
from contracts.vocabulary import Action, Purpose

_CONTEXT: Final = ["http://www.w3.org/ns/odrl.jsonld", {"qilu": "urn:qilu:policy:1#"}]
_OWN: Final = frozenset({Action.TRAIN, Action.REIDENTIFY})


@dataclass(frozen=True, slots=True)
class Decision:
    """What the policy says.

    Attributes:
        article: number of the article in the contract the decision rests on.
        reason: stable word: ``permitted``, ``prohibited``, ``not_permitted``, ``purpose``, ``term`` or ``count``.
    """

    permitted: bool
    article: int
    reason: str


def compile_policy(terms: Terms, articles: Mapping[str, int]) -> bytes:
    """Return the canonical bytes of the policy (an odrl:Agreement) that the terms amount to.

    Args:
        terms: the terms of one contract.
        articles: article number of each clause of the model text; needs ``use`` and ``delivery``.
    """
    target = f"urn:sha256:{terms.subject.content_digest}"
    common = [_constraint("elapsedTime", "lteq", f"P{terms.term_days}D", articles["use"])]
    if Purpose.ANY_LAWFUL not in terms.use.purposes:
        purposes = [purpose.value for purpose in terms.use.purposes]
        common.append(_constraint("purpose", "isAnyOf", purposes, articles["use"]))
    permissions = []
    for action in terms.use.permitted:
        own = [_constraint("count", "lteq", terms.delivery.downloads, articles["delivery"])]
        constraints = common + (own if action is Action.REPRODUCE else [])
        permissions.append(_rule(action, target, articles["use"]) | {"constraint": constraints})
    return canonical.encode(
        {
            "@context": _CONTEXT,
            "type": "Agreement",
            "uid": f"urn:qilu:contract:{terms.number}",
            "assigner": f"urn:uscc:{terms.provider.credit_code}",
            "assignee": f"urn:uscc:{terms.buyer.credit_code}",
            "permission": permissions,
            "prohibition": [_rule(action, target, articles["use"]) for action in terms.use.prohibited],
            "qilu:unlisted": articles["use"],
        }
    )


def _constraint(left: str, operator: str, right: object, article: int) -> dict[str, object]:
    return {"leftOperand": left, "operator": operator, "rightOperand": right, "qilu:article": article}


def _rule(action: Action, target: str, article: int) -> dict[str, object]:
    name = f"qilu:{action}" if action in _OWN else action.value
    return {"action": name, "target": target, "qilu:article": article}


def decide(
    policy: bytes, action: str, *, elapsed_days: int, count: int = 0, purpose: Purpose | None = None
) -> Decision:
    """Decide whether the policy permits ``action``.

    Args:
        policy: canonical bytes made by :func:`compile_policy`; the caller has compared their digest.
        action: a word of :class:`~contracts.vocabulary.Action`.
        elapsed_days: whole days since the contract came into force.
        count: how often the action was completed before.
        purpose: what for; None where the asker states none, which leaves the purpose to the contract.

    Raises:
        PolicyError: the action is unknown, or the bytes are not such a policy.  Deny.
    """
    try:
        known = Action(action)
    except ValueError:
        raise PolicyError(
            f"{action!r} is not an action of the policy language", "policy.unknown_action"
        ) from None
    body = canonical.decode(policy)
    try:
        return _decide(body, known, elapsed_days, count, purpose)
    except (KeyError, TypeError, ValueError, AttributeError):
        raise PolicyError("the policy is not one that this exchange compiled") from None


def _decide(body: Any, action: Action, elapsed_days: int, count: int, purpose: Purpose | None) -> Decision:
    name = f"qilu:{action}" if action in _OWN else action.value
    for rule in body["prohibition"]:
        if rule["action"] == name:
            return Decision(False, rule["qilu:article"], "prohibited")
    for rule in body["permission"]:
        if rule["action"] != name:
            continue
        for constraint in rule["constraint"]:
            if reason := _broken(constraint, elapsed_days, count, purpose):
                return Decision(False, constraint["qilu:article"], reason)
        return Decision(True, rule["qilu:article"], "permitted")
    return Decision(False, body["qilu:unlisted"], "not_permitted")


def _broken(constraint: Any, elapsed_days: int, count: int, purpose: Purpose | None) -> str:
    """Return the reason why a constraint does not hold, or nothing; unknown constraints raise."""
    right = constraint["rightOperand"]
    match constraint["leftOperand"], constraint["operator"]:
        case "elapsedTime", "lteq":
            return "" if 0 <= elapsed_days < int(right.removeprefix("P").removesuffix("D")) else "term"
        case "purpose", "isAnyOf":
            return "" if purpose is None or purpose.value in right else "purpose"
        case "count", "lteq":
            return "" if count < right else "count"
    raise PolicyError("the policy holds a constraint that this evaluator does not know")
