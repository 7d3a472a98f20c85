"""Accrediting: the operator lets an organisation attach inspections of its own to others' data, or no longer (R1.6)."""

import uuid

from sqlalchemy.orm import Session

from market import permissions, steps
from market.actor import Actor
from market.errors import Conflict, Forbidden
from market.i18n import gettext as _
from market.participants import service
from market.participants.models import Organisation
from market.participants.states import OrganisationState
from market.steps import Kind, Step

RULE = "R1.6"


def accredit(
    session: Session, actor: Actor, organisation_id: uuid.UUID, *, give: bool, reason: str
) -> tuple[Organisation, Step]:
    """Accredit an organisation, or withdraw it; what it attached before stays.

    Args:
        session: the session of the transaction.
        actor: an operator, of another organisation (R1.5).
        organisation_id: whom it concerns.
        give: whether it is given or withdrawn.
        reason: why; kept in the step.

    Raises:
        Forbidden: not an operator, or the matter is the operator's own.
        NotFound: no such organisation.
        Conflict: only a verified organisation is accredited (``organisation.wrong_state``), or the step was taken by
            somebody else or with another reason.
    """
    organisation = service.seen(session, actor, organisation_id, lock=True)
    permissions.require(actor, "organisation.accredit", service.relation(actor, organisation))
    given = {"organisation": organisation.id, "give": give, "reason": reason}
    kind = Kind.ACCREDITATION_GIVEN if give else Kind.ACCREDITATION_WITHDRAWN
    if (organisation.accredited_at is not None) is give:
        return organisation, steps.repeat(session, actor, kind, organisation.handle, given)
    if give and organisation.state is not OrganisationState.VERIFIED:
        raise Conflict(
            "organisation.wrong_state",
            _("The organisation is in another state. Look at it again before you decide."),
            state=organisation.state.value,
        )
    step = steps.begin(actor, kind, steps.new_handle())
    organisation.accredited_at = step.time if give else None
    organisation.handle = step.handle
    organisation.step_id = step.id
    return organisation, steps.record(session, step, given=given, note={"reason": reason})


def demand(session: Session, actor: Actor) -> Organisation:
    """Return the actor's organisation, which must be verified and accredited, and stays so in this transaction.

    Raises:
        Forbidden: ``organisation.not_accredited``.
    """
    if actor.organisation_id is not None:
        service.hold(session, actor.organisation_id)
    organisation = service.verified(session, actor)
    if organisation.accredited_at is None:
        raise Forbidden(
            "organisation.not_accredited",
            _("Your organisation is not accredited to inspect others' data. Ask the operator."),
            rule=RULE,
        )
    return organisation
