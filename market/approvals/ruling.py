"""The rule of an organisation: what it is, and setting it. Setting it is a step with a fresh handle."""

import uuid
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from contracts.money import Money
from market import permissions, steps
from market.actor import Actor, Role
from market.approvals.asks import Asks
from market.approvals.models import ApprovalRule
from market.errors import Conflict, NotFound
from market.i18n import gettext as _
from market.participants import members
from market.participants import service as participants
from market.participants.models import User
from market.steps import Kind, Step

APPROVERS: Final = frozenset({Role.APPROVER, Role.ADMIN})
"""Roles by which somebody may approve."""
SIGNERS: Final = frozenset({Role.PROVIDER, Role.BUYER})
"""Roles by which somebody may sign."""


@dataclass(frozen=True)
class Rule:
    """When an organisation asks for an approval.

    Attributes:
        asks: never, from a price on, or always.
        threshold: the least price for which it asks; None unless it asks from a price on.
    """

    asks: Asks = Asks.NEVER
    threshold: Money | None = None

    def __post_init__(self) -> None:
        if (self.asks is Asks.FROM) != (self.threshold is not None):
            raise ValueError("a price belongs to a rule that asks from a price on, and to no other")

    def asks_for(self, price: Money) -> bool:
        """Tell whether what costs this much needs an approval."""
        if self.threshold is None:
            return self.asks is Asks.ALWAYS
        return price.currency != self.threshold.currency or price.amount >= self.threshold.amount


def row_of(session: Session, organisation_id: uuid.UUID) -> ApprovalRule | None:
    """Return what an organisation has set, as it stands in the database now; None when it never set anything."""
    query = select(ApprovalRule).where(ApprovalRule.organisation_id == organisation_id)
    return session.scalars(query.execution_options(populate_existing=True)).one_or_none()


def rule_of(session: Session, organisation_id: uuid.UUID) -> Rule:
    """Return the rule of an organisation."""
    row = row_of(session, organisation_id)
    if row is None:
        return Rule()
    if row.amount is None or row.currency is None:
        return Rule(row.asks)
    return Rule(row.asks, Money(row.amount, row.currency))


def own(session: Session, actor: Actor) -> tuple[Rule, ApprovalRule | None]:
    """Return the rule of the actor's organisation, with its row if there is one."""
    organisation_id = _own(actor)
    return rule_of(session, organisation_id), row_of(session, organisation_id)


def put(session: Session, actor: Actor, rule: Rule) -> Step:
    """Set the rule of the actor's organisation; it counts for every signature from now on and undoes none.

    Args:
        session: the session of the transaction.
        actor: an administrator.
        rule: what it is from now on.

    Raises:
        Forbidden: not an administrator (R1.3).
        Conflict: nobody could ever approve what another person signs (``approval.nobody_else``), or somebody else
            set this very rule.
    """
    permissions.require(actor, "approval.rule")
    organisation_id = _own(actor)
    participants.found(session, organisation_id, lock=True)  # whoever signs now waits, or is waited for
    given = _given(rule)
    row = row_of(session, organisation_id)
    if row is not None and rule_of(session, organisation_id) == rule:
        before = session.get_one(Step, row.step_id)
        return steps.repeat(session, actor, Kind.APPROVAL_RULED, before.object, given)
    if rule.asks is not Asks.NEVER and not _two(session, organisation_id):
        raise Conflict(
            "approval.nobody_else",
            _(
                "Nobody could approve what another person signs. First invite a second person, "
                "so that one may sign and another, as approver or administrator, may approve."
            ),
        )
    step = steps.begin(actor, Kind.APPROVAL_RULED, steps.new_handle())
    if row is None:
        row = ApprovalRule(id=uuid.uuid4(), organisation_id=organisation_id)
        session.add(row)
    row.step_id, row.asks, row.ruled_at = step.id, rule.asks, step.time
    row.amount = None if rule.threshold is None else rule.threshold.amount
    row.currency = None if rule.threshold is None else rule.threshold.currency
    return steps.record(session, step, given=given)


def approvers(session: Session, organisation_id: uuid.UUID) -> list[User]:
    """Return the people of an organisation who may approve, in the order in which they came."""
    return [user for user, _roles in members.holding(session, organisation_id, APPROVERS)]


def _two(session: Session, organisation_id: uuid.UUID) -> bool:
    """Tell whether one person may approve what another one signs."""
    signers = {user.id for user, _roles in members.holding(session, organisation_id, SIGNERS)}
    return any(signers - {user.id} for user in approvers(session, organisation_id))


def _given(rule: Rule) -> dict[str, Any]:
    least = rule.threshold
    return {
        "asks": rule.asks.value,
        "amount": None if least is None else least.amount,
        "currency": None if least is None else least.currency,
    }


def _own(actor: Actor) -> uuid.UUID:
    if actor.organisation_id is None:
        raise NotFound("organisation.not_found", _("There is no such organisation."))
    return actor.organisation_id
