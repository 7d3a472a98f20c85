"""The one door through which an asset or an organisation is suspended, restored or cancelled.

The registration or the organisation, its listings and every grant it touches change in one step, so that
no byte leaves on grounds that are gone. Trades of a cancelled asset are decided one by one afterwards, by
job: what nobody fetched is refunded, what was fetched in part goes to the operator.
"""

import uuid
from collections.abc import Collection, Mapping

from sqlalchemy import select
from sqlalchemy.orm import Session

from market import jobs, permissions, steps
from market.actor import Actor
from market.catalog import service as catalog
from market.db import transaction
from market.delivery import service as delivery
from market.delivery.gate import Hold
from market.participants import service as participants
from market.participants import states
from market.participants.models import Organisation
from market.participants.states import Decision
from market.registry import reading
from market.registry import service as registry
from market.registry import states as registrations
from market.registry.models import Asset
from market.registry.states import RegistrationEvent, RegistrationState
from market.steps import Kind, Pending, Step
from market.trades import deadlines, service
from market.trades.models import Trade

ASSET_CANCELLED = "the registration of the asset was cancelled"

_ASSET = {
    RegistrationEvent.SUSPEND: ("asset.suspend", Kind.ASSET_SUSPENDED, RegistrationState.SUSPENDED),
    RegistrationEvent.RESTORE: ("asset.restore", Kind.ASSET_RESTORED, RegistrationState.REGISTERED),
    RegistrationEvent.CANCEL: ("asset.cancel", Kind.ASSET_CANCELLED, RegistrationState.CANCELLED),
}

ACTS = {
    "suspension": RegistrationEvent.SUSPEND,
    "restoration": RegistrationEvent.RESTORE,
    "cancellation": RegistrationEvent.CANCEL,
}
"""The acts by the word that stands in an address."""

_STANDINGS = frozenset(kind.value for _action, kind, _state in _ASSET.values())

_ORGANISATION = {
    Decision.SUSPEND: Kind.ORGANISATION_SUSPENDED,
    Decision.RESTORE: Kind.ORGANISATION_RESTORED,
}


def decide_asset(
    session: Session, actor: Actor, asset_id: uuid.UUID, event: RegistrationEvent, reason: str
) -> Step:
    """Suspend, restore or cancel a registration with its listings and grants (rule book R2.6).

    Args:
        session: the session of the transaction.
        actor: the operator; a provider may cancel its own.
        asset_id: which asset.
        event: SUSPEND, RESTORE or CANCEL.
        reason: why; kept in the step.

    Raises:
        NotFound: no such asset, or not one the actor may see.
        Forbidden: the actor may not do this.
        Conflict: the registration is not in a state for it.
    """
    action, kind, target = _ASSET[event]
    asset = reading.asset_of(session, actor, asset_id, lock=True)
    permissions.require(actor, action, reading.relation(actor, asset))
    given = {"reason": reason}
    before = steps.taken(session, actor, kind, asset.handle, given) if asset.state is target else None
    if before is not None:
        return before
    step = steps.begin(actor, kind, asset.handle)
    registry.change(step, asset, event)
    _follow_asset(session, step, asset, event)
    return steps.record(session, step, given=given, note=given)


def offered(actor: Actor, asset: Asset) -> list[str]:
    """Return which words of :data:`ACTS` the actor may decide about an asset as it stands."""
    relation = reading.relation(actor, asset)
    return [
        word
        for word, event in ACTS.items()
        if (asset.state, event) in registrations.TRANSITIONS
        and permissions.allowed(actor, _ASSET[event][0], relation)
    ]


def decide_organisation(
    session: Session, actor: Actor, organisation_id: uuid.UUID, decision: Decision, reason: str
) -> tuple[Organisation, Step]:
    """Decide about an organisation; suspending and restoring reach its grants on either side.

    Args:
        session: the session of the transaction.
        actor: an operator, of another organisation (R1.5).
        organisation_id: whom it concerns.
        decision: what is decided.
        reason: why; kept in the step and shown to the organisation.

    Raises:
        Forbidden: not an operator (R1.4), or the matter is the operator's own (R1.5).
        NotFound: no such organisation.
        Conflict: the decision does not fit its state, or was taken with another reason.
    """
    kind = _ORGANISATION.get(decision)
    if kind is None:
        return participants.decide(session, actor, organisation_id, decision, reason)
    organisation = participants.seen(session, actor, organisation_id, lock=True)
    permissions.require(actor, "organisation.decide", participants.relation(actor, organisation))
    given = {"organisation": organisation.id, "decision": decision.value, "reason": reason}
    if organisation.state is states.target(decision):
        return organisation, steps.repeat(session, actor, kind, organisation.handle, given)
    step = steps.begin(actor, kind, steps.new_handle())
    participants.put(step, organisation, decision, reason)
    delivery.freeze_all(session, organisation.id)
    change = delivery.hold if decision is Decision.SUSPEND else delivery.lift
    change(session, step, Hold.PROVIDER, organisation.id)
    change(session, step, Hold.BUYER, organisation.id)
    return organisation, steps.record(session, step, given=given, note={"reason": reason})


def freeze(session: Session, step: Pending, lost: Mapping[str, Collection[str]]) -> None:
    """Let nothing leave and nothing be sold on grounds that are not known any more, within a step.

    Args:
        session: the session of the step.
        step: the step; it stands on a handle of its own.
        lost: handle -> kinds of its steps whose values are gone, in their order; each is the last of its object.
    """
    for trade_id in session.scalars(select(Trade.id).where(Trade.handle.in_(lost)).order_by(Trade.id)).all():
        delivery.hold(session, step, Hold.RECOVERED, trade_id)
    catalog.suspend_named(session, step, lost)
    for asset in reading.of_handles(session, lost):
        if asset.state is RegistrationState.REGISTERED:
            registry.change(step, asset, RegistrationEvent.SUSPEND)
            catalog.suspend_all(session, step, asset.id)
        if _stopped(lost[asset.handle]):
            delivery.hold(session, step, Hold.ASSET, asset.id)


def _stopped(kinds: Collection[str]) -> bool:
    """Tell whether lost steps of an asset ended in its delivery being stopped; a kind is known, a reason is not."""
    last = [kind for kind in kinds if kind in _STANDINGS][-1:]
    return last not in ([], [Kind.ASSET_RESTORED.value])


def on_asset_cancelled(number: str) -> None:
    """Decide a trade whose asset was cancelled before it was delivered."""
    with transaction() as session:
        deadlines.undeliverable(session, service.life(session, number, lock=True), ASSET_CANCELLED)


def _follow_asset(session: Session, step: Pending, asset: Asset, event: RegistrationEvent) -> None:
    match event:
        case RegistrationEvent.SUSPEND:
            catalog.suspend_all(session, step, asset.id)
            delivery.hold(session, step, Hold.ASSET, asset.id)
        case RegistrationEvent.RESTORE:
            catalog.restore_all(session, step, asset.id)
            delivery.lift(session, step, Hold.ASSET, asset.id)
        case _:
            catalog.withdraw_all(session, step, asset.id)
            delivery.end(session, step, asset.id)
            for number in session.scalars(select(Trade.number).where(Trade.asset_id == asset.id)):
                jobs.queue(session, "asset.cancelled", number=number)
