"""Bank accounts: entered by one person, in use once another one, an operator, has confirmed them.

Whoever could change the account that money goes to could take it, so no change counts by one person's word: an
operator enters the receiving account and another operator confirms it; an administrator enters the account on which
the organisation is paid, and an operator confirms it after looking that it is the organisation's. The account before
stays in use until then. To close one, so that nothing goes there any more, takes one person and a reason.
"""

import uuid
from collections.abc import Sequence
from dataclasses import asdict, dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from market import permissions, steps
from market.actor import Actor
from market.errors import Conflict, Forbidden, Invalid, NotFound
from market.i18n import gettext as _
from market.participants import service as participants
from market.payments.bank.models import BankAccount
from market.payments.bank.states import BankAccountEvent, BankAccountState, advance_account
from market.permissions import Relation
from market.steps import Kind, Step

RULE = "R7.7"
"""Two people stand behind every movement at the bank (rule book)."""

REPLACED = "replaced"
"""Reason of an account that another one took the place of."""


@dataclass(frozen=True)
class Entered:
    """What was typed of an account.

    Attributes:
        holder: in whose name it is.
        bank: the bank and its branch.
        number: of the account.
        code: the bank's own number in the payment system.
        currency: ISO 4217, upper case.
        institution: the licensed institution that holds a receiving account; None for another.
        supervised: whether it is stated to be a supervised account of that institution.
    """

    holder: str
    bank: str
    number: str
    code: str
    currency: str
    institution: str | None = None
    supervised: bool = False


def propose(session: Session, actor: Actor, given: Entered) -> tuple[BankAccount, Step]:
    """Enter the account of the actor's organisation; the exchange is paid to the operator's.

    Raises:
        Forbidden: neither an operator nor an administrator of another organisation.
        Invalid: ``bank_account.other_holder``: it is not in the organisation's name;
            ``bank_account.not_supervised``: a receiving account must be one (R7.7).
    """
    if actor.organisation_id is None:
        permissions.require(actor, "bank_account.propose", Relation.OWN)
        raise NotFound("organisation.not_found", _("There is no such organisation."))
    owner = participants.found(session, actor.organisation_id, lock=True)
    if owner.operator:
        permissions.require(actor, "bank.act", Relation.OTHER)
    else:
        permissions.require(actor, "bank_account.propose", Relation.OWN)
    _demand_right({owner.name_zh, owner.name_en}, given, receiving=owner.operator)
    before = _of(session, owner.id, BankAccountState.PROPOSED)
    if before is not None and _says(before, given) and before.proposed_by == actor.user_id:
        return before, session.get_one(Step, before.step_id)
    step = steps.begin(actor, Kind.PAYEE_PROPOSED, steps.new_handle())
    if before is not None:
        _close(before, step, REPLACED)
        session.flush()
    row = BankAccount(
        id=uuid.uuid4(),
        step_id=step.id,
        handle=step.handle,
        organisation_id=owner.id,
        receiving=owner.operator,
        state=BankAccountState.PROPOSED,
        proposed_by=actor.user_id,
        proposed_at=step.time,
        **asdict(given),
    )
    session.add(row)
    return row, steps.record(session, step, given=asdict(given))


def confirm(session: Session, actor: Actor, account_id: uuid.UUID) -> tuple[BankAccount, Step]:
    """Take an account into use, as another person than entered it; the one before is closed in the same step.

    Raises:
        NotFound: there is no such account.
        Forbidden: not an operator; ``bank_account.same_person``.
        Conflict: it was confirmed by somebody else, or closed.
    """
    permissions.require(actor, "bank.act", Relation.OTHER)
    row = _locked(session, account_id)
    if row.state is BankAccountState.OPEN and row.confirmed_by == actor.user_id:
        return row, session.get_one(Step, row.step_id)
    state = advance_account(row.state, BankAccountEvent.CONFIRM)
    if row.proposed_by == actor.user_id:
        message = _("Somebody else than who entered the account confirms it.")
        raise Forbidden("bank_account.same_person", message, rule=RULE)
    step = steps.begin(actor, Kind.PAYEE_CONFIRMED, row.handle)
    if (before := _of(session, row.organisation_id, BankAccountState.OPEN)) is not None:
        _close(before, step, REPLACED)
        session.flush()
    row.state, row.confirmed_by, row.step_id = state, actor.user_id, step.id
    return row, steps.record(session, step)


def close(session: Session, actor: Actor, account_id: uuid.UUID, reason: str) -> tuple[BankAccount, Step]:
    """Take an account out of use, or refuse one that was entered, with a reason.

    Raises:
        NotFound: there is no such account, or it is another organisation's.
        Forbidden: neither an operator nor an administrator of the organisation.
        Conflict: it is closed already.
    """
    row = _seen(session, actor, account_id, lock=True)
    if permissions.allowed(actor, "bank.act", Relation.OTHER):
        permissions.require(actor, "bank.act", Relation.OTHER)
    else:
        permissions.require(actor, "bank_account.propose", Relation.OWN)
    given = {"reason": reason}
    if row.state is BankAccountState.CLOSED:
        return row, steps.repeat(session, actor, Kind.PAYEE_CLOSED, row.handle, given)
    step = steps.begin(actor, Kind.PAYEE_CLOSED, row.handle)
    _close(row, step, reason)
    return row, steps.record(session, step, given=given, note=given)


def listed(session: Session, actor: Actor) -> Sequence[BankAccount]:
    """Return the accounts in use or waiting: one's own, or all for operator and auditor; the latest first.

    Raises:
        Forbidden: the actor's role does not include it.
    """
    query = select(BankAccount).where(BankAccount.state != BankAccountState.CLOSED)
    if not permissions.allowed(actor, "bank.look", Relation.OTHER):
        permissions.require(actor, "bank_account.read", Relation.OWN)
        query = query.where(BankAccount.organisation_id == actor.organisation_id)
    return session.scalars(query.order_by(BankAccount.proposed_at.desc(), BankAccount.id).limit(200)).all()


def one(session: Session, actor: Actor, account_id: uuid.UUID) -> BankAccount:
    """Return an account, one's own or for operator and auditor any.

    Raises:
        NotFound: there is none, or it is another organisation's.
        Forbidden: the actor's role does not include it.
    """
    if not permissions.allowed(actor, "bank.look", Relation.OTHER):
        permissions.require(actor, "bank_account.read", Relation.OWN)
    return _seen(session, actor, account_id)


def receiving(session: Session, currency: str) -> BankAccount | None:
    """Return the account to which buyers pay in a currency, or None: then bank transfer is not offered."""
    query = select(BankAccount).where(
        BankAccount.receiving.is_(True),
        BankAccount.state == BankAccountState.OPEN,
        BankAccount.currency == currency,
    )
    return session.scalars(query).one_or_none()


def of_provider(session: Session, organisation_id: uuid.UUID, currency: str) -> BankAccount | None:
    """Return the account on which an organisation is paid in a currency, or None where it has none in use."""
    found = _of(session, organisation_id, BankAccountState.OPEN)
    return found if found is not None and found.currency == currency else None


def demand_payable(session: Session, provider_id: uuid.UUID, currency: str) -> BankAccount:
    """Return the receiving account, if money that comes to it could also be paid on to the provider.

    Raises:
        Conflict: ``bank.not_offered``: there is no receiving account; ``bank.provider_without_account``.
    """
    into = receiving(session, currency)
    if into is None:
        raise Conflict("bank.not_offered", _("The operator offers no bank transfer in this currency now."))
    if of_provider(session, provider_id, currency) is None:
        message = _("The provider has no bank account on which it can be paid. Ask it, or pay otherwise.")
        raise Conflict("bank.provider_without_account", message)
    return into


def _demand_right(names: set[str], given: Entered, *, receiving: bool) -> None:
    if given.holder not in names:
        sentence = _("The account must be in the name of your organisation, as it is registered here.")
        raise Invalid("bank_account.other_holder", sentence, fields={"holder": [sentence]})
    if receiving and not (given.institution and given.supervised):
        sentence = _(
            "Name the licensed institution that holds it, and state that it is a supervised account."
        )
        raise Invalid("bank_account.not_supervised", sentence, fields={"institution": [sentence]}, rule=RULE)


def _says(row: BankAccount, given: Entered) -> bool:
    return all(getattr(row, name) == value for name, value in asdict(given).items())


def _close(row: BankAccount, step: steps.Pending, reason: str) -> None:
    row.state = advance_account(row.state, BankAccountEvent.CLOSE)
    row.reason, row.step_id = reason, step.id


def _of(session: Session, organisation_id: uuid.UUID, state: BankAccountState) -> BankAccount | None:
    query = select(BankAccount).where(
        BankAccount.organisation_id == organisation_id, BankAccount.state == state
    )
    return session.scalars(query).one_or_none()


def _locked(session: Session, account_id: uuid.UUID) -> BankAccount:
    row = session.get(BankAccount, account_id, with_for_update=True, populate_existing=True)
    if row is None:
        raise _unknown()
    return row


def _seen(session: Session, actor: Actor, account_id: uuid.UUID, *, lock: bool = False) -> BankAccount:
    query = select(BankAccount).where(BankAccount.id == account_id)
    if not permissions.allowed(actor, "bank.look", Relation.OTHER):
        query = query.where(BankAccount.organisation_id == actor.organisation_id)
    if lock:
        query = query.with_for_update().execution_options(populate_existing=True)
    row = session.scalars(query).one_or_none()
    if row is None:
        raise _unknown()
    return row


def _unknown() -> NotFound:
    return NotFound("bank_account.not_found", _("There is no such bank account."))
