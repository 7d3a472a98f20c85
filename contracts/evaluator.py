"""Decides by a use policy of the profile ``cn:`` whether something may be done, and names the article.

A policy is decided from its own text, without the contract, so that the gate in front of the bytes needs nothing
else.  What is not permitted is denied; a prohibition beats every permission; what is not understood is an error,
never a permission.  Facts that nobody can know for the asker (time, count, payment) are always held against the
policy.  Facts that the asker states (purpose, recipient, territory …) are held against it when they are stated:
unstated, a permission leaves them to the contract, and a prohibition that depends on one stands.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Final

from contracts import canonical, odrl
from contracts.errors import PolicyError
from contracts.literals import Named, Span, Value
from contracts.odrl import Constraint, Group, Policy, Rule

_COUNTRY: Final = re.compile(r"[A-Z]{2}")
_TERRITORIES: Final = {"cn:mainland": {"CN"}}
"""ISO 3166-1 codes of a territory's parts; Hong Kong, Macao and Taiwan have codes of their own."""


@dataclass(frozen=True, slots=True)
class Ask:
    """What is to be done, and the facts of the moment.

    Attributes:
        action: a word of :data:`contracts.odrl.ACTIONS`.
        at: the aware moment of the act.
        in_force_since: when the contract came into force; None while it is not.
        count: how often the action was completed before.
        paid: whether what is owed for the use has been paid.
        purpose: a word of :class:`~contracts.vocabulary.Purpose`; None, as in all that follow, when not stated.
        industry: the words the contract uses.
        recipient: unified social credit code of the organisation that gets the data.
        territory: ISO 3166-1 alpha-2 code of the place.
        channel: a word of the contract's modes of delivery.
        model_use: ``internal`` or ``release``.
        output: ``aggregates`` or ``results``.
        export_route: ``assessed``, ``contract`` or ``certified``.
    """

    action: str
    at: datetime
    in_force_since: datetime | None = None
    count: int = 0
    paid: bool = False
    purpose: str | None = None
    industry: str | None = None
    recipient: str | None = None
    territory: str | None = None
    channel: str | None = None
    model_use: str | None = None
    output: str | None = None
    export_route: str | None = None


@dataclass(frozen=True, slots=True)
class Decision:
    """What the policy says.

    Attributes:
        article: number of the article in the contract the decision rests on.
        reason: stable word: ``permitted``; ``offer`` (nothing is agreed yet), ``prohibited``, ``not_permitted``,
            ``payment``, ``term``, ``date``, ``purpose``, ``industry``, ``recipient``, ``territory``, ``channel``,
            ``training``, ``publication``, ``export``, ``count``, or ``duty`` (one that nobody can show done).
    """

    permitted: bool
    article: int
    reason: str


def decide(policy: bytes, ask: Ask) -> Decision:
    """Decide whether the policy permits what is asked.

    Args:
        policy: canonical bytes; the caller has compared their digest.
        ask: the act and its facts.

    Raises:
        PolicyError: the policy or the question holds something unknown.  Deny.
        CanonicalError: the bytes are not canonical JSON.  Deny.
    """
    _check(ask)
    return _decide(_known(policy), odrl.ACTIONS[ask.action], ask)


def _check(ask: Ask) -> None:
    """Refuse a question that holds anything unknown, whatever the policy would make of it."""
    if ask.action not in odrl.ACTIONS:
        raise PolicyError(f"{ask.action!r} is not an action of the policy language", "policy.unknown_action")
    if any(moment is not None and moment.tzinfo is None for moment in (ask.at, ask.in_force_since)):
        raise PolicyError("the question needs aware times")
    if type(ask.count) is not int or ask.count < 0 or type(ask.paid) is not bool:
        raise PolicyError("the question needs a count from 0, and whether it is paid")
    for left, read in _STATED.items():
        word = read(ask)
        if word is not None and f"cn:{word}" not in odrl.OPERANDS[left].options:
            raise PolicyError(f"{word!r} is not an option of {left}")
    if ask.recipient is not None and not odrl.is_party(f"{odrl.USCC}{ask.recipient}"):
        raise PolicyError(f"{ask.recipient!r} is not a unified social credit code")
    if ask.territory is not None and _COUNTRY.fullmatch(ask.territory) is None:
        raise PolicyError(f"{ask.territory!r} is not a code of ISO 3166-1")


_STATED: Final[dict[str, Callable[[Ask], str | None]]] = {
    "odrl:purpose": lambda ask: ask.purpose,
    "odrl:deliveryChannel": lambda ask: ask.channel,
    "cn:modelUse": lambda ask: ask.model_use,
    "cn:output": lambda ask: ask.output,
    "cn:exportRoute": lambda ask: ask.export_route,
}
"""The operands whose fact is an option that the asker states."""


@lru_cache(maxsize=64)
def _known(policy: bytes) -> Policy:
    """Return what the bytes mean; kept, since the gate asks by the same policy before every MiB."""
    canonical.decode(policy)
    return odrl.parse(policy)


def _decide(policy: Policy, action: str, ask: Ask) -> Decision:
    if policy.kind != "Agreement":
        return Decision(False, policy.unlisted, "offer")
    if ask.in_force_since is None or ask.at < ask.in_force_since:
        return Decision(False, policy.unlisted, "term")
    for rule in policy.prohibitions:
        if rule.action == action and all(_holds(item, policy, ask) is not False for item in rule.constraints):
            return Decision(False, rule.article, "prohibited")
    denial = Decision(False, policy.unlisted, "not_permitted")
    for rule in policy.permissions:
        if rule.action == action:
            denial = next(_denials(rule, policy, ask), Decision(True, rule.article, "permitted"))
            if denial.permitted:
                break
    return denial


def _denials(rule: Rule, policy: Policy, ask: Ask) -> Iterator[Decision]:
    """Yield why a permission does not reach the act: what is owed first, then what does not hold."""
    for duty in rule.duties:
        active = all(_holds(item, policy, ask) is not False for item in duty.constraints)
        if active and not (duty.action == "odrl:compensate" and ask.paid):
            yield Decision(False, duty.article, "payment" if duty.action == "odrl:compensate" else "duty")
    for item in rule.constraints:
        if _holds(item, policy, ask) is False:
            yield Decision(False, item.article, _reason(item, policy, ask))


def _reason(item: Constraint | Group, policy: Policy, ask: Ask) -> str:
    if isinstance(item, Constraint):
        return odrl.OPERANDS[item.left].reason
    return next(_reason(one, policy, ask) for one in item.items if _holds(one, policy, ask) is False)


def _holds(item: Constraint | Group, policy: Policy, ask: Ask) -> bool | None:
    """Return whether a constraint holds; None when it rests on a fact that was not stated."""
    if isinstance(item, Group):
        found = {_holds(one, policy, ask) for one in item.items}
        decisive = item.word == "or"
        return decisive if decisive in found else None if None in found else not decisive
    return _CHECKS[item.left](item, policy, ask)


def _elapsed(item: Constraint, _policy: Policy, ask: Ask) -> bool:
    if ask.in_force_since is None:
        return False
    limit = timedelta(days=_whole(item.right[0]))
    elapsed = ask.at - ask.in_force_since
    return elapsed < limit if item.operator == "lt" else elapsed <= limit


def _counted(item: Constraint, _policy: Policy, ask: Ask) -> bool:
    """The act asked for is one more than those completed."""
    limit = _whole(item.right[0])
    return ask.count + 1 < limit if item.operator == "lt" else ask.count + 1 <= limit


def _whole(value: Value) -> int:
    if not isinstance(value, int):
        raise PolicyError(f"the policy holds {value!r}, where a whole number belongs")
    return value


def _dated(item: Constraint, _policy: Policy, ask: Ask) -> bool:
    (span,) = item.right
    if not isinstance(span, Span):
        raise PolicyError(f"the policy holds {span!r}, where a moment belongs")
    before = ask.at < span.start
    after = ask.at > span.end if span.start == span.end else ask.at >= span.end
    return {
        "lt": before,
        "lteq": not after,
        "eq": not before and not after,
        "gteq": not before,
        "gt": after,
    }[item.operator]


def _among(item: Constraint, stated: Iterable[str] | None) -> bool | None:
    """Return whether one of the names of what was stated is among the listed ones."""
    if stated is None:
        return None
    listed = {value.iri if isinstance(value, Named) else value for value in item.right}
    return bool(listed & set(stated)) == (item.operator == "isAnyOf")


def _option(item: Constraint, _policy: Policy, ask: Ask) -> bool | None:
    word = _STATED[item.left](ask)
    return _among(item, None if word is None else [f"cn:{word}"])


def _recipient(item: Constraint, policy: Policy, ask: Ask) -> bool | None:
    if ask.recipient is None:
        return None
    party = f"{odrl.USCC}{ask.recipient}"
    return _among(item, [party, odrl.ASSIGNEE] if party == policy.assignee else [party])


def _industry(item: Constraint, _policy: Policy, ask: Ask) -> bool | None:
    return _among(item, None if ask.industry is None else [ask.industry])


def _territory(item: Constraint, _policy: Policy, ask: Ask) -> bool | None:
    if ask.territory is None:
        return None
    return any(isinstance(place, Named) and ask.territory in _TERRITORIES[place.iri] for place in item.right)


def _described(_item: Constraint, _policy: Policy, _ask: Ask) -> bool:
    """What a duty says about itself always holds."""
    return True


_CHECKS: Final[dict[str, Callable[[Constraint, Policy, Ask], bool | None]]] = {
    "odrl:elapsedTime": _elapsed,
    "odrl:dateTime": _dated,
    "odrl:industry": _industry,
    "odrl:recipient": _recipient,
    "odrl:spatial": _territory,
    "odrl:count": _counted,
    "odrl:event": _described,
    "cn:priceModel": _described,
    "cn:derivativeOwner": _described,
    **dict.fromkeys(_STATED, _option),
}
