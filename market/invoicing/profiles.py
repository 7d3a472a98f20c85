"""What an organisation wants on invoices made out to it: reading it, and setting it as a step with a fresh handle."""

import uuid
from dataclasses import asdict, dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from market import permissions, steps
from market.actor import Actor
from market.errors import NotFound
from market.i18n import gettext as _
from market.invoicing.models import TaxProfile
from market.participants import service as participants
from market.steps import Kind, Step


@dataclass(frozen=True)
class TaxData:
    """What stands on an invoice beside the credit code, which is that of the verified organisation.

    Attributes:
        title: 抬头, the name of whom the invoice is made out to.
        address: empty where none is wanted on the invoice, as the next three.
        phone: of the organisation.
        bank: where it has its account.
        bank_account: number of the account.
        email: where invoices are delivered to.
    """

    title: str
    address: str
    phone: str
    bank: str
    bank_account: str
    email: str


def row_of(session: Session, organisation_id: uuid.UUID, *, lock: bool = False) -> TaxProfile | None:
    """Return the row of an organisation; None when it never set one."""
    query = select(TaxProfile).where(TaxProfile.organisation_id == organisation_id)
    if lock:
        query = query.with_for_update().execution_options(populate_existing=True)
    return session.scalars(query).one_or_none()


def own(session: Session, actor: Actor) -> tuple[str, TaxProfile | None]:
    """Return the credit code of the actor's organisation, and its row if there is one.

    Raises:
        NotFound: the actor belongs to none.
    """
    organisation_id = _own(actor)
    return participants.found(session, organisation_id).credit_code, row_of(session, organisation_id)


def data_of(row: TaxProfile) -> TaxData:
    """Return what a row says."""
    return TaxData(row.title, row.address, row.phone, row.bank, row.bank_account, row.email)


def put(session: Session, actor: Actor, data: TaxData) -> Step:
    """Set the tax data of the actor's organisation; they count for what is asked for from now on.

    Args:
        session: the session of the transaction.
        actor: an administrator.
        data: what it is from now on.

    Raises:
        Forbidden: not an administrator (R1.3).
        Conflict: somebody else set just these data.
    """
    permissions.require(actor, "tax_profile.change")
    organisation_id = _own(actor)
    participants.found(session, organisation_id, lock=True)
    row = row_of(session, organisation_id, lock=True)
    # The input is a person's to erase, so its digest does not stand in the record: the row's commitments do.
    if row is not None and data_of(row) == data:
        before = session.get_one(Step, row.step_id)
        return steps.repeat(session, actor, Kind.PROFILE_CHANGED, before.object)
    step = steps.begin(actor, Kind.PROFILE_CHANGED, steps.new_handle())
    if row is None:
        row = TaxProfile(id=uuid.uuid4(), organisation_id=organisation_id)
        session.add(row)
    row.step_id, row.changed_at = step.id, step.time
    for name, value in asdict(data).items():
        setattr(row, name, value)
    return steps.record(session, step)


def _own(actor: Actor) -> uuid.UUID:
    if actor.organisation_id is None:
        raise NotFound("organisation.not_found", _("There is no such organisation."))
    return actor.organisation_id
