"""Use policies in the words of ODRL 2.2 and of the profile ``cn:``: the shapes, read strictly, and their meaning.

A policy is JSON whose names mean ODRL, ``http://www.w3.org/ns/odrl/2/`` (``odrl:``), or the profile,
``urn:qilu:policy:2#`` (``cn:``).  It is written as the Dataspace Protocol 2025-1 needs: names prefixed except for
structure and operators, an action is one name, a right operand is text, an object or a list, and no list is empty.
The context ``urn:qilu:policy:2`` says one thing only: that ``cn`` stands for the profile.

The profile, whole.  What is not in this table is refused, since a rule that is not understood must never permit:

=========================  ============================  =========================================================
name                       stands in                     means
=========================  ============================  =========================================================
``cn:article``             rule, constraint, duty        the article of the contract it comes from
``cn:unlisted``            policy                        the article by which all that is not permitted is denied
``cn:model``               policy                        the model text, ``<name>/<version>``
``cn:name``                one right operand             an organisation's name beside its code
``cn:train``               action                        training a model with the data
``cn:reidentify``          action                        identifying individuals; always prohibited
``cn:export``              action                        taking the data out of the mainland
``cn:certifyDeletion``     action of a duty              giving a certificate that the data were deleted
``cn:modelUse``            left operand, iri             where a trained model stays: ``cn:internal``, ``cn:release``
``cn:output``              left operand, iri             what is published: ``cn:aggregates``, ``cn:results``
``cn:exportRoute``         left operand, iri             the lawful way out: ``cn:assessed`` …
``cn:priceModel``          left operand of a duty, iri   which price is owed: ``cn:fixed`` …
``cn:derivativeOwner``     left operand of a duty, iri   whose derived data are: ``cn:buyer`` …
``cn:mainland``            right operand of a territory  the mainland of China (ISO 3166-1 ``CN``)
``cn:assignee``            right operand of recipient    whoever the assignee is, so that an offer can say it
``cn:research`` …          other right operands          the option of the same name in the contract
``urn:uscc:<code>``        parties                       an organisation by its unified social credit code
``urn:sha256:<digest>``    target                        exactly the bytes with this digest
=========================  ============================  =========================================================

ODRL's own words that are understood: the actions of :data:`ACTIONS` and :data:`DUTIES`, the operands of
:data:`OPERANDS`, constraints joined by ``and`` and ``or``.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final, NoReturn

from contracts import canonical, literals
from contracts.errors import ContractError, IdentifierError, PolicyError
from contracts.identifiers import parse_credit_code
from contracts.literals import Named, Value
from contracts.vocabulary import Purpose

DATASPACE: Final = "https://w3id.org/dspace/2025/1/context.jsonld"
CONTEXT: Final = "urn:qilu:policy:2"
PROFILE: Final = literals.NAMESPACES["cn"]
ARTICLE: Final = "cn:article"
UNLISTED: Final = "cn:unlisted"
MODEL: Final = "cn:model"
ASSIGNEE: Final = "cn:assignee"
USCC: Final = "urn:uscc:"

_CONTEXTS: Final = {DATASPACE, CONTEXT, "http://www.w3.org/ns/odrl.jsonld"}
_IDS: Final = {"@id", "id", "uid", "odrl:uid"}
_TYPES: Final = {"@type", "type"}

ACTIONS: Final = {
    "reproduce": "odrl:reproduce",
    "extract": "odrl:extract",
    "derive": "odrl:derive",
    "train": "cn:train",
    "present": "odrl:present",
    "distribute": "odrl:distribute",
    "sell": "odrl:sell",
    "reidentify": "cn:reidentify",
    "sublicense": "odrl:grantUse",
    "transfer": "odrl:transfer",
    "export": "cn:export",
}
"""What may be asked for, by the contract's word; the policy's name of it."""

DUTIES: Final = {
    "odrl:compensate",
    "odrl:attribute",
    "odrl:nextPolicy",
    "odrl:delete",
    "cn:certifyDeletion",
}
"""What a party may owe: the price before a use, the others during and after it."""


@dataclass(frozen=True, slots=True)
class Operand:
    """A left operand: how its right side is written and compared.

    Attributes:
        kind: ``iri``, ``text``, ``whole``, ``days`` or ``moment``.
        reason: the word of a denial that rests on it; empty where only a duty carries it.
        options: the names it may be held against; empty for values that are no closed list.
    """

    kind: str
    operators: frozenset[str]
    reason: str = ""
    options: frozenset[str] = frozenset()


def _options(*words: str) -> frozenset[str]:
    return frozenset(f"cn:{word}" for word in words)


_ONE_OF: Final = frozenset({"eq", "neq", "isAnyOf", "isNoneOf"})
_ONE: Final = frozenset({"eq", "isAnyOf"})
_AT_MOST: Final = frozenset({"lt", "lteq"})
_DATED: Final = frozenset({"lt", "lteq", "eq", "gteq", "gt"})
_CHANNELS: Final = _options("download", "api", "query", "sandbox", "stream", "media")
_PRICES: Final = _options("fixed", "usage", "subscription", "tiers")

OPERANDS: Final = {
    "odrl:elapsedTime": Operand("days", _AT_MOST, "term"),
    "odrl:dateTime": Operand("moment", _DATED, "date"),
    "odrl:purpose": Operand("iri", _ONE_OF, "purpose", _options(*Purpose)),
    "odrl:industry": Operand("text", _ONE_OF, "industry"),
    "odrl:recipient": Operand("iri", _ONE_OF, "recipient"),
    "odrl:spatial": Operand("iri", frozenset({"isPartOf"}), "territory", _options("mainland")),
    "odrl:deliveryChannel": Operand("iri", _ONE_OF, "channel", _CHANNELS),
    "cn:modelUse": Operand("iri", _ONE_OF, "training", _options("internal", "release")),
    "cn:output": Operand("iri", _ONE_OF, "publication", _options("aggregates", "results")),
    "cn:exportRoute": Operand("iri", _ONE_OF, "export", _options("assessed", "contract", "certified")),
    "odrl:count": Operand("whole", _AT_MOST, "count"),
    "odrl:event": Operand("iri", frozenset({"gt"}), "", frozenset({"odrl:policyUsage"})),
    "cn:priceModel": Operand("iri", _ONE, "", _PRICES),
    "cn:derivativeOwner": Operand("iri", _ONE, "", _options("buyer", "provider", "shared")),
}
"""In the order in which a denial is sought, so that the same question always gets the same reason."""

_PLACES: Final = {name: place for place, name in enumerate(OPERANDS)}
_SAME: Final = {"eq": "isAnyOf", "neq": "isNoneOf"}


@dataclass(frozen=True, slots=True)
class Constraint:
    """One comparison; ``eq`` of a member is written as ``isAnyOf``, and the members stand in order."""

    left: str
    operator: str
    right: tuple[Value, ...]
    article: int


@dataclass(frozen=True, slots=True)
class Group:
    """Constraints of which one must hold (``or``) or all (``and``, only inside an ``or``)."""

    word: str
    items: tuple["Constraint | Group", ...]
    article: int


@dataclass(frozen=True, slots=True)
class Rule:
    """A permission, prohibition or duty; only a permission has duties, which come before the use."""

    action: str
    constraints: tuple[Constraint | Group, ...]
    duties: tuple["Rule", ...]
    article: int


@dataclass(frozen=True, slots=True)
class Policy:
    """What a policy means: everything but the order and the spelling of what it says."""

    kind: str
    id: str
    model: str
    assigner: str
    assignee: str | None
    target: str | None
    permissions: tuple[Rule, ...]
    prohibitions: tuple[Rule, ...]
    obligations: tuple[Rule, ...]
    unlisted: int


def is_profiled(policy: bytes) -> bool:
    """Tell whether the bytes name a profile, as every policy since model texts 1.0 does and none of 0.1 did."""
    try:
        body = canonical.decode(policy)
    except ContractError:
        return False
    return isinstance(body, dict) and "profile" in body


def parse(policy: bytes) -> Policy:
    """Return what the policy means.

    Raises:
        PolicyError: not JSON, or anything in it is unknown, missing or of another shape.  Deny.
    """
    try:
        return _policy(json.loads(policy, object_pairs_hook=_once, parse_constant=_refuse))
    except (ValueError, RecursionError, TypeError, KeyError, AttributeError, OverflowError):
        raise PolicyError("the policy is not one that can be decided") from None


def same(one: bytes, other: bytes) -> bool:
    """Tell whether two policies mean the same, however they are ordered and spelled.

    Order of lists and groups, groups of one, ``isAnyOf`` of one beside ``eq``, prefixed names beside whole ones,
    ``@id`` beside ``uid`` and the writing of the context make no difference; anything else does.

    Raises:
        PolicyError: one of them holds something unknown, so its meaning cannot be compared.
    """
    return parse(one) == parse(other)


def _refuse(what: object) -> NoReturn:
    raise PolicyError(f"the policy holds {what!r}, which this exchange does not know")


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise PolicyError("the policy says a thing twice")
    return found


def name(text: Any) -> str:
    """Return a name in its one spelling: ``odrl:…`` or ``cn:…`` for a whole IRI of either, ``odrl:`` for a bare one."""
    if not isinstance(text, str):
        _refuse(text)
    found = literals.short(text)
    return found if ":" in found else f"odrl:{found}"


def _fields(body: Any, allowed: Iterable[str]) -> dict[str, Any]:
    """Return an object's fields by their one spelling; one that is not allowed refuses the policy."""
    if not isinstance(body, dict):
        _refuse(body)
    known = set(allowed)
    found: dict[str, Any] = {}
    for key, value in body.items():
        short = "@id" if key in _IDS else "@type" if key in _TYPES else name(key)
        short = short.removeprefix("odrl:") if short not in known else short
        if short not in known or short in found:
            _refuse(key)
        found[short] = value
    return found


def _policy(body: Any) -> Policy:
    if not isinstance(body, dict):
        _refuse(body)
    _context(body.pop("@context", None))
    lists = ("permission", "prohibition", "obligation")
    found = _fields(
        body, {"@id", "@type", "profile", "assigner", "assignee", "target", MODEL, UNLISTED, *lists}
    )
    kind = name(found["@type"]).removeprefix("odrl:")
    if kind not in {"Offer", "Agreement"} or ("assignee" in found) != (kind == "Agreement"):
        _refuse(kind)
    if _list(found["profile"]) != [PROFILE]:
        _refuse(found["profile"])
    rules = {word: _rules(found[word], word) if word in found else () for word in lists}
    if not rules["permission"] and not rules["prohibition"]:
        raise PolicyError("the policy neither permits nor prohibits anything")
    return Policy(
        kind,
        _iri(found["@id"]),
        _text(found[MODEL]),
        _iri(found["assigner"]),
        _iri(found["assignee"]) if kind == "Agreement" else None,
        _iri(found["target"]) if "target" in found or kind == "Agreement" else None,
        rules["permission"],
        rules["prohibition"],
        rules["obligation"],
        _article(found[UNLISTED]),
    )


def _context(context: Any) -> None:
    """Refuse a context that could make a name mean something else."""
    known = False
    for item in _list(context):
        if isinstance(item, dict):
            if any(literals.NAMESPACES.get(prefix) != space for prefix, space in item.items()):
                _refuse(item)
            known = known or "cn" in item
        elif item in _CONTEXTS:
            known = known or item == CONTEXT
        else:
            _refuse(item)
    if not known:
        raise PolicyError("the policy does not name the profile's context")


def _list(value: Any) -> list[Any]:
    """Return the items of a list; one value stands for a list of one."""
    items = value if isinstance(value, list) else [value]
    if not items:
        raise PolicyError("the policy holds an empty list")
    return items


def _text(value: Any) -> str:
    return value if isinstance(value, str) and value else _refuse(value)


def _iri(value: Any) -> str:
    return _text(value["@id"] if isinstance(value, dict) and set(value) == {"@id"} else value)


def _article(value: Any) -> int:
    if type(value) is not int or not 0 < value < 1000:
        _refuse(value)
    return int(value)


def _rules(body: Any, word: str) -> tuple[Rule, ...]:
    return _ordered(_rule(item, word) for item in _list(body))


def _rule(body: Any, word: str) -> Rule:
    owed = word in {"duty", "obligation"}
    allowed = {"action", "constraint", ARTICLE} | ({"duty"} if word == "permission" else set())
    found = _fields(body, allowed)
    action = name(_iri(found["action"]))
    if action not in (DUTIES if owed else ACTIONS.values()):
        _refuse(action)
    constraints = _flat(found["constraint"], owed) if "constraint" in found else ()
    duties = _rules(found["duty"], "duty") if "duty" in found else ()
    return Rule(action, constraints, duties, _article(found[ARTICLE]))


def _flat(body: Any, owed: bool) -> tuple[Constraint | Group, ...]:
    """Return constraints that must all hold; an ``and`` among them is nothing but more of them."""
    found: list[Constraint | Group] = []
    for item in _list(body):
        one = _constraint(item, owed)
        found += one.items if isinstance(one, Group) and one.word == "and" else [one]
    return _ordered(found)


def _constraint(body: Any, owed: bool) -> Constraint | Group:
    found = _fields(body, {"leftOperand", "operator", "rightOperand", "and", "or", ARTICLE})
    article = _article(found.pop(ARTICLE))
    if len(found) == 1:
        word, items = found.popitem()
        return _group(word, items, article, owed)
    left = name(_iri(found["leftOperand"]))
    operand = OPERANDS.get(left) or _refuse(left)
    operator = name(_iri(found["operator"])).removeprefix("odrl:")
    if operator not in operand.operators or not (owed or operand.reason):
        _refuse(f"{left} {operator}")
    members = _list(found["rightOperand"])
    if len(members) > 1 and (operator not in {"isAnyOf", "isNoneOf"} or not operand.reason):
        _refuse(members)
    right = _ordered(_value(left, operand, item) for item in members)
    listed = operand.kind in {"iri", "text"}
    return Constraint(left, _SAME.get(operator, operator) if listed else operator, right, article)


def _value(left: str, operand: Operand, item: Any) -> Value:
    value = literals.READERS[operand.kind](item)
    if isinstance(value, Named):
        party = left == "odrl:recipient" and is_party(value.iri)
        if not (party or value.iri in operand.options) or (value.label and not party):
            _refuse(value.iri)
    return value


def is_party(iri: str) -> bool:
    """Tell whether a name is that of an organisation, or of whoever the assignee is."""
    code = iri.removeprefix(USCC)
    try:
        return iri == ASSIGNEE or (iri.startswith(USCC) and parse_credit_code(code) == code)
    except IdentifierError:
        return False


def _group(word: str, items: Any, article: int, owed: bool) -> Constraint | Group:
    if word not in {"and", "or"}:
        _refuse(word)
    found: list[Constraint | Group] = []
    for item in _list(items):
        one = _constraint(item, owed)
        found += one.items if isinstance(one, Group) and one.word == word else [one]
    members = _ordered(found)
    return members[0] if len(members) == 1 else Group(word, members, article)


def _ordered(items: Iterable[Any]) -> tuple[Any, ...]:
    """Return each item once, in one order: by the operand's place, then by all that it says."""
    return tuple(
        sorted(set(items), key=lambda item: (_PLACES.get(getattr(item, "left", ""), 99), repr(item)))
    )
