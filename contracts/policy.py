"""Schedule 2 of a contract as a use policy, and back: terms ⇄ ODRL 2.2 with the profile of :mod:`contracts.odrl`.

What each term becomes; the article is that of the clause named last, or of ``use`` where the text has no such clause:

==========================  =====================================================================  ===========
term                        in the policy                                                          clause
==========================  =====================================================================  ===========
``use.permitted``           a permission for each action                                           use
``use.prohibited``          a prohibition for each action; identifying individuals always          use
``use.waiver``              own use only: reselling and passing on are prohibited                  use
``use.training``            none: prohibition of cn:train; else permission with cn:modelUse        use
``use.publication``         none: prohibition of present; else permission with cn:output           use
``use.purposes``            purpose isAnyOf, on every permission; any lawful purpose: nothing      use
``use.industry``            industry eq, on every permission                                       use
``use.territory``           mainland: spatial isPartOf, on every permission; anywhere: nothing     use
``use.recipients``          recipient isAnyOf the assignee and these, where a copy is used         use
``use.derivatives``         obligation nextPolicy with cn:derivativeOwner, where derive is allowed  results
``use.attribution``         obligation attribute                                                   use
``rights.sublicense``       yes: permission, no: prohibition of grantUse                           rights
``rights.transferable``     yes: permission, no: prohibition of transfer                           rights
``compliance.export``       none: prohibition of cn:export; else permission with cn:exportRoute    compliance
``term.days``               elapsedTime lteq, on every permission                                  term
``term.from, term.until``   dateTime gteq and lteq, days in China Standard Time                    term
``term.deletion``           obligation delete after the use, within ``term.deletion_days``         term
``term.certificate``        obligation cn:certifyDeletion after the use                            term
``delivery.downloads``      count lteq, on reproduce                                               delivery
``delivery.mode``           deliveryChannel eq, on reproduce                                       delivery
``price.model``             duty compensate with cn:priceModel before every use; free: nothing     price
==========================  =====================================================================  ===========

Other terms stand in the prose alone.  That narrows nothing wrongly: what the policy does not permit, it denies.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from contracts import canonical, odrl, schedule
from contracts.errors import ContractError, PolicyError
from contracts.identifiers import parse_credit_code, parse_number
from contracts.literals import typed

same = odrl.same

_MODEL: Final = re.compile(r"[a-z]+(-[a-z]+)*/[0-9]+\.[0-9]+")
_IDS: Final = {"Offer": "urn:qilu:offer:", "Agreement": "urn:qilu:contract:"}
_TARGET: Final = "urn:sha256:"
_ZONE: Final = "+08:00"
_CLAUSES: Final = {
    "odrl:elapsedTime": "term",
    "odrl:dateTime": "term",
    "odrl:count": "delivery",
    "odrl:deliveryChannel": "delivery",
    "cn:exportRoute": "compliance",
    "cn:export": "compliance",
    "odrl:grantUse": "rights",
    "odrl:transfer": "rights",
    "odrl:compensate": "price",
    "cn:priceModel": "price",
    "odrl:nextPolicy": "results",
    "cn:derivativeOwner": "results",
    "odrl:delete": "term",
    "cn:certifyDeletion": "term",
    "odrl:event": "term",
}
"""The clause that a rule or constraint comes from, where it is not ``use``."""


@dataclass(frozen=True, slots=True)
class Grounds:
    """What a policy is compiled from.

    Attributes:
        kind: ``Offer`` (a standing offer, to nobody yet) or ``Agreement``.
        number: public number of the offer or contract.
        model: ``<name>/<version>`` of the model text.
        assigner: unified social credit code of the provider.
        assignee: that of the buyer; None exactly for an offer.
        target: SHA-256 of the data's bytes.
        articles: article number of each clause of the model text; needs ``use``.
        values: the terms by the names of their blanks; those the table of this module does not name are left out.
    """

    kind: str
    number: str
    model: str
    assigner: str
    assignee: str | None
    target: str
    articles: Mapping[str, int]
    values: Mapping[str, Any]


def compile_policy(grounds: Grounds) -> bytes:
    """Return the canonical bytes of the policy: the same bytes for the same meaning of the values.

    It is an offer as a message of the Dataspace Protocol carries it; in a catalogue it stands without ``target``.

    Raises:
        TermsError: a value is not one that its blank may have, or contradicts another; it names the blank.
        PolicyError: the parties, the number or the model are not such.
    """
    _check(grounds)
    values = schedule.normal(grounds.values)
    drawing = _Drawing(grounds.articles, values)
    body: dict[str, Any] = {
        "@context": [odrl.DATASPACE, odrl.CONTEXT],
        "@id": _IDS[grounds.kind] + grounds.number,
        "@type": grounds.kind,
        "profile": odrl.PROFILE,
        "assigner": odrl.USCC + grounds.assigner,
        "target": _TARGET + grounds.target,
        odrl.MODEL: grounds.model,
        odrl.UNLISTED: drawing.article("use"),
    }
    if grounds.assignee is not None:
        body["assignee"] = odrl.USCC + grounds.assignee
    rules = {
        "permission": [drawing.permission(action) for action in schedule.permitted(values)],
        "prohibition": [drawing.rule(odrl.ACTIONS[action]) for action in schedule.prohibited(values)],
        "obligation": list(drawing.obligations()),
    }
    return canonical.encode(body | {word: listed for word, listed in rules.items() if listed})


def _check(grounds: Grounds) -> None:
    if (grounds.assignee is None) != (grounds.kind == "Offer") or grounds.kind not in _IDS:
        raise PolicyError("an Offer has no assignee, an Agreement has one")
    codes = [grounds.assigner] if grounds.assignee is None else [grounds.assigner, grounds.assignee]
    try:
        known = parse_number(grounds.number) == grounds.number
        known = known and all(parse_credit_code(code) == code for code in codes)
    except ContractError as error:
        raise PolicyError(str(error)) from error
    if not known or len(set(codes)) != len(codes) or not canonical.is_digest(grounds.target):
        raise PolicyError("a policy is between two organisations about the bytes with one digest")
    if _MODEL.fullmatch(grounds.model) is None or "use" not in grounds.articles:
        raise PolicyError("a policy names its model text, and the article of the clause use")


@dataclass(frozen=True, slots=True)
class _Drawing:
    """Draws the rules of normal values."""

    articles: Mapping[str, int]
    values: Mapping[str, Any]

    def article(self, name: str) -> int:
        """Return the article of a rule or constraint."""
        return self.articles.get(_CLAUSES.get(name, "use"), self.articles["use"])

    def rule(self, name: str, constraints: list[dict[str, Any]] | None = None) -> dict[str, Any]:
        """Return a rule or duty; an empty list of constraints is left out, as the schemas demand."""
        body: dict[str, Any] = {"action": name, odrl.ARTICLE: self.article(name)}
        return body | {"constraint": constraints} if constraints else body

    def permission(self, action: str) -> dict[str, Any]:
        """Return the permission of an action with all that limits it."""
        body = self.rule(odrl.ACTIONS[action], [*self.common(), *self.own(action)])
        if model := self.values.get("price.model"):
            owed = self.limit("cn:priceModel", "eq", {"@id": f"cn:{model}"})
            body["duty"] = [self.rule("odrl:compensate", [owed])]
        return body

    def limit(self, left: str, operator: str, right: Any) -> dict[str, Any]:
        """Return a constraint."""
        return {
            "leftOperand": left,
            "operator": operator,
            "rightOperand": right,
            odrl.ARTICLE: self.article(left),
        }

    def common(self) -> Iterator[dict[str, Any]]:
        """Yield what limits every permission."""
        values = self.values
        if "term.days" in values:
            yield self.limit("odrl:elapsedTime", "lteq", typed(f"P{values['term.days']}D", "duration"))
        for name, operator in (("term.from", "gteq"), ("term.until", "lteq")):
            if name in values:
                yield self.limit("odrl:dateTime", operator, typed(values[name] + _ZONE, "date"))
        if "use.purposes" in values:
            purposes = [{"@id": f"cn:{purpose}"} for purpose in values["use.purposes"]]
            yield self.limit("odrl:purpose", "isAnyOf", purposes)
        if "use.industry" in values:
            yield self.limit("odrl:industry", "eq", values["use.industry"])
        if "use.territory" in values:
            yield self.limit("odrl:spatial", "isPartOf", {"@id": f"cn:{values['use.territory']}"})

    def own(self, action: str) -> Iterator[dict[str, Any]]:
        """Yield what limits the permission of this action alone."""
        values = self.values
        if action not in schedule.PASSING_ON:
            who = [{"@id": odrl.ASSIGNEE}] + [
                {"@id": odrl.USCC + one["credit_code"], "cn:name": one["name"]}
                for one in values["use.recipients"]
            ]
            yield self.limit("odrl:recipient", "isAnyOf", who)
        if action == "reproduce" and "delivery.mode" in values:
            yield self.limit("odrl:deliveryChannel", "eq", {"@id": f"cn:{values['delivery.mode']}"})
        if action == "reproduce" and "delivery.downloads" in values:
            yield self.limit("odrl:count", "lteq", typed(str(values["delivery.downloads"]), "integer"))
        if action in schedule.GRADED:
            left, grades = schedule.GRADES[schedule.GRADED[action]]
            names = [{"@id": f"cn:{grade}"} for grade in grades[values[schedule.GRADED[action]]]]
            yield self.limit(left, "isAnyOf", names)

    def obligations(self) -> Iterator[dict[str, Any]]:
        """Yield what is owed during and after the use."""
        values = self.values
        if values.get("use.attribution"):
            yield self.rule("odrl:attribute")
        if "use.derivatives" in values:
            owner = {"@id": f"cn:{values['use.derivatives']}"}
            yield self.rule("odrl:nextPolicy", [self.limit("cn:derivativeOwner", "eq", owner)])
        after = self.limit("odrl:event", "gt", {"@id": "odrl:policyUsage"})
        if "term.deletion" in values:
            limits = [after]
            if "term.deletion_days" in values:
                days = typed(f"P{values['term.deletion_days']}D", "duration")
                limits.append(self.limit("odrl:elapsedTime", "lteq", days))
            yield self.rule("odrl:delete", limits)
        if "term.certificate" in values:
            yield self.rule("cn:certifyDeletion", [after])


def read_policy(policy: bytes) -> Grounds:
    """Return what a policy was compiled from: its parties, articles and the normal values of schedule 2.

    Compiling them again gives these bytes, which is also how everything unknown or moved is found.

    Raises:
        PolicyError: the bytes are not a policy that :func:`compile_policy` makes.
    """
    meaning = odrl.parse(policy)
    assignee = meaning.assignee
    reading = schedule.read(meaning)
    articles = {_CLAUSES.get(name, "use"): article for name, article in sorted(reading.articles.items())} | {
        "use": meaning.unlisted
    }
    grounds = Grounds(
        kind=meaning.kind,
        number=meaning.id.rpartition(":")[2],
        model=meaning.model,
        assigner=meaning.assigner.removeprefix(odrl.USCC),
        assignee=None if assignee is None else assignee.removeprefix(odrl.USCC),
        target=(meaning.target or "").removeprefix(_TARGET),
        articles=articles,
        values=reading.values,
    )
    try:
        again = compile_policy(grounds)
    except ContractError:
        again = b""
    if again != policy:
        raise PolicyError("the policy is not one that this exchange compiled")
    return grounds
