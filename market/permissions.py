"""Who may do what: one table of action -> (role, relation) pairs, the rule that says so, the token's scope.

Pure: the feature computes how the actor's organisation stands to the object (its *relation*), this
table decides, and a refusal names the rule of the rule book. What is not in the table is not allowed.
Whether an object may be *seen* at all is the feature's query: an unseen object is not found (404).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from itertools import product
from typing import Final

from market.actor import Actor, Role, Scope
from market.errors import Forbidden, Unauthenticated
from market.i18n import gettext as _


class Relation(StrEnum):
    """How the actor's organisation stands to the object."""

    OWN = "own"
    """The object belongs to it (organisation, asset, listing)."""
    PROVIDER = "provider"
    """It provides in this contract or trade."""
    BUYER = "buyer"
    """It buys in this contract or trade."""
    OTHER = "other"
    """It has no part in it."""


@dataclass(frozen=True)
class Permit:
    """Who may act.

    Attributes:
        scope: what an API token must be made for.
        rule: the rule of the rule book that a refusal names.
        pairs: which role may act in which relation.
        unverified: whether organisations that the operator has not verified may act too.
    """

    scope: Scope
    rule: str
    pairs: frozenset[tuple[Role, Relation]]
    unverified: bool = False


STAFF: Final = frozenset({Role.OPERATOR, Role.REVIEWER, Role.AUDITOR})
"""Roles of the operator's organisation; they never act on a matter of their own (R1.5)."""

UNVERIFIED_RULE: Final = "R1.1"
BARRED_RULE: Final = "R1.2"
ROLE_RULE: Final = "R1.3"
OWN_MATTER_RULE: Final = "R1.5"

_OWN, _OTHER, _PROVIDER, _BUYER = Relation.OWN, Relation.OTHER, Relation.PROVIDER, Relation.BUYER
_MEMBERS: Final = (Role.ADMIN, Role.PROVIDER, Role.BUYER, Role.APPROVER)
"""Whoever has a part in an organisation's trades."""


def _permit(scope: Scope, rule: str, *pairs: tuple[Role, Relation], unverified: bool = False) -> Permit:
    return Permit(scope, rule, frozenset(pairs), unverified)


ACTIONS: Final[Mapping[str, Permit]] = {
    # participants
    "organisation.list": _permit(
        Scope.READ, "R1.4", (Role.OPERATOR, _OTHER), (Role.REVIEWER, _OTHER), (Role.AUDITOR, _OTHER)
    ),
    "organisation.decide": _permit(Scope.OPERATE, "R1.4", (Role.OPERATOR, _OTHER)),
    "organisation.accredit": _permit(Scope.OPERATE, "R1.6", (Role.OPERATOR, _OTHER)),
    "member.invite": _permit(Scope.MEMBERS, "R1.3", (Role.ADMIN, _OWN)),
    "member.change": _permit(Scope.MEMBERS, "R1.3", (Role.ADMIN, _OWN)),
    "member.remove": _permit(Scope.MEMBERS, "R1.3", (Role.ADMIN, _OWN)),
    # approvals: the rule is the organisation's; who approves is not who signs
    "approval.rule": _permit(Scope.MEMBERS, "R1.3", (Role.ADMIN, _OWN)),
    "contract.approve": _permit(
        Scope.CONTRACTS, "R4.10", (Role.APPROVER, _PROVIDER), (Role.APPROVER, _BUYER),
        (Role.ADMIN, _PROVIDER), (Role.ADMIN, _BUYER),
    ),
    # keys: whoever signs contracts or inspections has keys; to take one out of use waits for no decision
    "certificate.request": _permit(
        Scope.CONTRACTS, "R1.3", (Role.PROVIDER, _OWN), (Role.BUYER, _OWN), (Role.ASSESSOR, _OWN)
    ),
    "certificate.revoke": _permit(
        Scope.CONTRACTS, "R1.3", (Role.PROVIDER, _OWN), (Role.BUYER, _OWN), (Role.ASSESSOR, _OWN),
        (Role.ADMIN, _OWN), (Role.OPERATOR, _OTHER), unverified=True,
    ),
    # registry
    "asset.draft": _permit(Scope.ASSETS, "R1.3", (Role.PROVIDER, _OWN)),
    "asset.submit": _permit(Scope.ASSETS, "R2.1", (Role.PROVIDER, _OWN)),
    "asset.review": _permit(Scope.OPERATE, "R2.3", (Role.REVIEWER, _OTHER)),
    "asset.correct": _permit(Scope.OPERATE, "R2.7", (Role.REVIEWER, _OTHER)),
    "asset.declare": _permit(Scope.ASSETS, "R2.7", (Role.PROVIDER, _OWN)),
    "asset.clean": _permit(Scope.ASSETS, "R2.1", (Role.PROVIDER, _OWN)),
    "asset.appeal": _permit(Scope.ASSETS, "R2.7", (Role.PROVIDER, _OWN)),
    "asset.release": _permit(Scope.OPERATE, "R2.7", (Role.OPERATOR, _OTHER)),
    "asset.attest": _permit(Scope.ASSETS, "R2.9", (Role.ASSESSOR, _OTHER)),
    "asset.suspend": _permit(Scope.OPERATE, "R2.6", (Role.OPERATOR, _OTHER)),
    "asset.restore": _permit(Scope.OPERATE, "R2.6", (Role.OPERATOR, _OTHER)),
    "asset.cancel": _permit(Scope.ASSETS, "R2.6", (Role.PROVIDER, _OWN), (Role.OPERATOR, _OTHER)),
    # catalog
    "listing.draft": _permit(Scope.LISTINGS, "R3.1", (Role.PROVIDER, _OWN)),
    "listing.publish": _permit(Scope.LISTINGS, "R3.1", (Role.PROVIDER, _OWN)),
    "listing.withdraw": _permit(Scope.LISTINGS, "R3.4", (Role.PROVIDER, _OWN)),
    "listing.suspend": _permit(Scope.OPERATE, "R3.4", (Role.OPERATOR, _OTHER)),
    "listing.restore": _permit(Scope.OPERATE, "R3.4", (Role.OPERATOR, _OTHER)),
    # contracting
    "contract.request": _permit(Scope.CONTRACTS, "R4.5", (Role.BUYER, _OTHER)),
    "contract.renew": _permit(Scope.CONTRACTS, "R4.11", (Role.BUYER, _BUYER)),
    "contract.sign": _permit(Scope.CONTRACTS, "R4.3", (Role.PROVIDER, _PROVIDER), (Role.BUYER, _BUYER)),
    "contract.offer": _permit(Scope.CONTRACTS, "R4.6", (Role.PROVIDER, _PROVIDER), (Role.BUYER, _BUYER)),
    "contract.accept": _permit(Scope.CONTRACTS, "R4.8", (Role.BUYER, _BUYER)),
    "contract.decline": _permit(Scope.CONTRACTS, "R4.4", (Role.PROVIDER, _PROVIDER), (Role.BUYER, _BUYER)),
    "contract.withdraw": _permit(Scope.CONTRACTS, "R4.4", (Role.PROVIDER, _PROVIDER), (Role.BUYER, _BUYER)),
    "offer.open": _permit(Scope.CONTRACTS, "R4.9", (Role.PROVIDER, _OWN)),
    "offer.withdraw": _permit(Scope.CONTRACTS, "R4.9", (Role.PROVIDER, _OWN)),
    "waiver.list": _permit(Scope.READ, "R7.2", (Role.OPERATOR, _OTHER), (Role.AUDITOR, _OTHER)),
    # payments and delivery
    "payment.begin": _permit(Scope.PAYMENTS, "R5.1", (Role.BUYER, _BUYER)),
    # the bank: what one operator records another one confirms; whose account it is, its administrator says
    "bank_account.propose": _permit(Scope.MEMBERS, "R1.3", (Role.ADMIN, _OWN)),
    "bank_account.read": _permit(Scope.READ, "R7.2", *product(_MEMBERS, (_OWN,)), unverified=True),
    "bank.look": _permit(Scope.READ, "R7.2", (Role.OPERATOR, _OTHER), (Role.AUDITOR, _OTHER)),
    "bank.act": _permit(Scope.OPERATE, "R7.7", (Role.OPERATOR, _OTHER)),
    "proof.read": _permit(
        Scope.READ, "R7.2", *product(_MEMBERS, (_BUYER,)), (Role.OPERATOR, _OTHER), (Role.AUDITOR, _OTHER),
        unverified=True,
    ),
    "account.onboard": _permit(Scope.PAYMENTS, "R1.3", (Role.ADMIN, _OWN), (Role.PROVIDER, _OWN)),
    "operation.list": _permit(Scope.READ, "R7.2", (Role.OPERATOR, _OTHER), (Role.AUDITOR, _OTHER)),
    # whoever sees a trade sees its money; of the other party's calls, what they are called elsewhere is left out
    "trade.money": _permit(
        Scope.READ, "R7.2", *product(_MEMBERS, (_PROVIDER, _BUYER)), (Role.OPERATOR, _OTHER), (Role.AUDITOR, _OTHER),
        unverified=True,
    ),
    "statement.read": _permit(
        Scope.READ, "R7.2", *product(_MEMBERS, (_OWN,)), (Role.OPERATOR, _OTHER), (Role.AUDITOR, _OTHER),
        unverified=True,  # what is held for it is its own, in a quarrel too
    ),
    "reconciliation.look": _permit(Scope.READ, "R7.2", (Role.OPERATOR, _OTHER), (Role.AUDITOR, _OTHER)),
    "reconciliation.ask": _permit(Scope.OPERATE, "R7.6", (Role.OPERATOR, _OTHER)),
    "reconciliation.sign": _permit(Scope.OPERATE, "R7.6", (Role.OPERATOR, _OTHER)),
    "delivery.download": _permit(Scope.DELIVERY, "R5.2", (Role.BUYER, _BUYER), unverified=True),
    # trades; a suspended party begins none, but keeps its word in those that run (silence would be acceptance)
    "acceptance.accept": _permit(Scope.TRADES, "R5.3", (Role.BUYER, _BUYER), unverified=True),
    "acceptance.reject": _permit(Scope.TRADES, "R5.3", (Role.BUYER, _BUYER), unverified=True),
    "trade.cancel": _permit(Scope.TRADES, "R5.5", (Role.BUYER, _BUYER), unverified=True),
    "agreement.end": _permit(Scope.TRADES, "R4.12", (Role.PROVIDER, _PROVIDER), (Role.BUYER, _BUYER), unverified=True),
    "agreement.suspend": _permit(Scope.TRADES, "R4.13", (Role.PROVIDER, _PROVIDER), unverified=True),
    "duty.perform": _permit(Scope.TRADES, "R4.14", (Role.BUYER, _BUYER), unverified=True),
    "dispute.rule": _permit(Scope.OPERATE, "R6.2", (Role.OPERATOR, _OTHER)),
    # invoices: a suspended party still gets and gives those of what was paid
    "tax_profile.change": _permit(Scope.MEMBERS, "R1.3", (Role.ADMIN, _OWN)),
    "invoice.request": _permit(Scope.PAYMENTS, "R8.1", (Role.BUYER, _BUYER), unverified=True),
    "invoice.issue": _permit(Scope.PAYMENTS, "R8.1", (Role.PROVIDER, _PROVIDER), unverified=True),
    "fee_invoice.request": _permit(Scope.PAYMENTS, "R8.1", (Role.PROVIDER, _PROVIDER), unverified=True),
    "fee_invoice.issue": _permit(Scope.OPERATE, "R8.1", (Role.OPERATOR, _OTHER)),
    "invoice.export": _permit(Scope.READ, "R8.2", (Role.PROVIDER, _OWN), (Role.OPERATOR, _OTHER), unverified=True),
    "redress.order": _permit(Scope.OPERATE, "R6.4", (Role.OPERATOR, _OTHER)),
    "chargeback.answer": _permit(Scope.OPERATE, "R6.5", (Role.OPERATOR, _OTHER)),
    # governance
    "person.erase": _permit(Scope.OPERATE, "R7.4", (Role.OPERATOR, _OTHER)),
    # oversight
    "trade.audit": _permit(Scope.READ, "R7.2", (Role.AUDITOR, _OTHER)),
    "ledger.look": _permit(Scope.READ, "R7.2", (Role.OPERATOR, _OTHER), (Role.AUDITOR, _OTHER)),
    "ledger.check": _permit(Scope.OPERATE, "R7.2", (Role.OPERATOR, _OTHER), (Role.AUDITOR, _OTHER)),
    "bundle.export": _permit(
        Scope.READ, "R7.3", (Role.PROVIDER, _PROVIDER), (Role.BUYER, _BUYER), (Role.AUDITOR, _OTHER),
        unverified=True,  # at any time, says the rule: in a quarrel too
    ),
}  # fmt: skip


def require(actor: Actor, action: str, relation: Relation = Relation.OWN) -> None:
    """Let the actor act or refuse, naming the rule.

    Args:
        actor: who asks; the exchange's own jobs always may.
        action: a key of :data:`ACTIONS`.
        relation: how the actor's organisation stands to the object.

    Raises:
        Unauthenticated: nobody is signed in.
        Forbidden: ``token.scope_missing``, ``organisation.not_verified``, ``role.missing`` or
            ``relation.wrong``.
        KeyError: the action is not in the table, a mistake in our code.
    """
    permit = ACTIONS[action]
    if _is_system(actor):
        return
    if actor.user_id is None:
        raise Unauthenticated("session.required", _("Sign in and try again."))
    require_scope(actor, permit.scope)
    if not (actor.verified or permit.unverified):
        raise Forbidden(
            "organisation.not_verified",
            _("Your organisation is not verified. Wait for the operator's decision, or ask the operator."),
            rule=BARRED_RULE if actor.barred else UNVERIFIED_RULE,
        )
    if not actor.has(*(role for role, _relation in permit.pairs)):
        raise Forbidden(
            "role.missing",
            _("Your role does not include this. Ask an administrator of your organisation."),
            rule=ROLE_RULE,
            roles=sorted({role.value for role, _relation in permit.pairs}),
        )
    if not _fits(actor, permit, relation):
        own_matter = relation is not Relation.OTHER and any(role in STAFF for role, _r in permit.pairs)
        raise Forbidden(
            "relation.wrong",
            _("Your organisation's part in this matter does not allow it."),
            rule=OWN_MATTER_RULE if own_matter else permit.rule,
        )


def require_scope(actor: Actor, scope: Scope) -> None:
    """Let an API token be used for this or refuse.

    Raises:
        Forbidden: ``token.scope_missing``; ``scope`` names what is missing.
    """
    if not actor.within(scope):
        raise Forbidden(
            "token.scope_missing",
            _(
                "This token does not allow this (%(scope)s is missing). Make one that does.",
                scope=scope.value,
            ),
            rule=ROLE_RULE,
            scope=scope.value,
        )


def useful_scopes(actor: Actor) -> list[Scope]:
    """Return the scopes that a token of this person could ever use, in their order."""
    acting = {
        permit.scope for permit in ACTIONS.values() if any(role in actor.roles for role, _w in permit.pairs)
    }
    return [scope for scope in Scope if scope is Scope.READ or scope in acting]


def allowed(actor: Actor, action: str, relation: Relation = Relation.OWN) -> bool:
    """Tell whether :func:`require` would let the actor act, for pages that offer a button."""
    permit = ACTIONS[action]
    if _is_system(actor):
        return True
    standing = actor.verified or permit.unverified
    return standing and actor.within(permit.scope) and _fits(actor, permit, relation)


def _is_system(actor: Actor) -> bool:
    return actor.user_id is None and actor.via == "job"


def _fits(actor: Actor, permit: Permit, relation: Relation) -> bool:
    return actor.user_id is not None and any(
        role in actor.roles and wanted is relation for role, wanted in permit.pairs
    )
