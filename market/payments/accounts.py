"""Connected accounts: every verified organisation gets one, since any may come to provide data.

An account is OPEN when, and only as long as, the platform lets money be transferred to it: nobody is charged
for a provider who cannot be paid. The platform may first want to know the provider; until it is content the
account is PENDING and is asked about again and again.
"""

import uuid
from datetime import timedelta

import structlog
from sqlalchemy import select
from sqlalchemy.orm import Session

from market import clock, jobs, steps
from market.actor import Actor
from market.db import locked, read, transaction
from market.participants import service as participants
from market.payments import outcomes
from market.payments.models import Account
from market.payments.platform import client, stuck, too_old
from market.payments.states import ACCOUNT_TRANSITIONS, AccountEvent, AccountState, advance_account
from market.payments.stripe import Account as Opened
from market.payments.stripe import StripeError
from market.steps import Kind

SYSTEM = Actor.system("payments")
AFTER_REFUSAL = timedelta(hours=1)

_EVENTS = {
    True: (AccountEvent.OPEN, Kind.ACCOUNT_OPENED),
    False: (AccountEvent.RESTRICT, Kind.ACCOUNT_RESTRICTED),
}
"""What it means that money can, or cannot, be transferred to an account."""

log = structlog.get_logger()


def on_verified(organisation_id: str) -> None:
    """Job: plan the account of an organisation that was verified; again is nothing new."""
    owner = uuid.UUID(organisation_id)
    with transaction() as session:
        organisation = participants.found(session, owner, lock=True)
        if organisation.operator or account_of(session, owner) is not None:
            return
        step = steps.begin(SYSTEM, Kind.ACCOUNT_PLANNED, steps.new_handle())
        account = Account(
            id=uuid.uuid4(),
            step_id=step.id,
            organisation_id=owner,
            name=organisation.name_en,
            attempt=1,
            state=AccountState.PLANNED,
            planned_at=step.time,
        )
        session.add(account)
        jobs.queue(session, "account.open", account_id=account.id)
        steps.record(session, step)


def on_open(account_id: str) -> None:
    """Job: open a planned account at the platform; a lost answer is repeated with the same key.

    Raises:
        StripeError: the outcome is unknown; the job tries again.
    """
    with read() as session:
        account = session.get_one(Account, uuid.UUID(account_id))
    if account.state is not AccountState.PLANNED:
        return
    if too_old(account.planned_at):
        _plan_again(account)
        return
    try:
        opened = client().create_account(
            key=f"account:{account.id}:{account.attempt}",
            name=account.name,
            metadata={"organisation": str(account.organisation_id)},
        )
    except StripeError as error:
        if not (error.refused or stuck(error, account.planned_at)):
            raise
        log.exception(
            "account.refused", account=str(account.id), code=error.code, request_id=error.request_id
        )
        _plan_again(account)
    else:
        _record(account, opened)


def on_look(account_id: str, turn: int = 0) -> None:
    """Job: ask about an account that cannot be paid yet and, while it cannot, ask again later.

    Args:
        account_id: the account.
        turn: how many times it was asked about.

    Raises:
        StripeError: the platform cannot be asked now; the job tries again.
    """
    with read() as session:
        account = session.get_one(Account, uuid.UUID(account_id))
    look_at(account)
    with transaction() as session:
        if session.get_one(Account, account.id).state is AccountState.PENDING:
            due = outcomes.next_look(turn)
            jobs.queue(session, "account.look", due_at=due, account_id=account.id, turn=turn + 1)


def look_at(account: Account) -> None:
    """Fetch an account and record whether money can be transferred to it.

    Raises:
        StripeError: the platform cannot be asked now.
    """
    if account.stripe_id is not None:
        _record(account, client().account(account.stripe_id))


def account_of(session: Session, organisation_id: uuid.UUID) -> Account | None:
    """Return an organisation's connected account, or None while none is planned."""
    return session.scalars(select(Account).where(Account.organisation_id == organisation_id)).one_or_none()


def _record(seen: Account, opened: Opened) -> None:
    """Record what the platform says of an account, unless that is nothing new or somebody was faster."""
    event, kind = _EVENTS[opened.transfers == "active"]
    with transaction() as session:
        account = locked(session, Account, seen.id)
        if account.state is not seen.state or (account.state, event) not in ACCOUNT_TRANSITIONS:
            return
        step = steps.begin(SYSTEM, kind, steps.new_handle())
        account.state = advance_account(account.state, event)
        account.stripe_id = opened.id
        account.request_id = opened.request_id
        account.step_id = step.id
        if account.state is AccountState.PENDING:
            jobs.queue(session, "account.look", due_at=outcomes.next_look(), account_id=account.id)
        steps.record(session, step)


def _plan_again(seen: Account) -> None:
    """Plan another attempt under a new key. An account left behind by a lost answer is empty and harmless."""
    with transaction() as session:
        account = locked(session, Account, seen.id)
        if account.state is not AccountState.PLANNED or account.attempt != seen.attempt:
            return
        step = steps.begin(SYSTEM, Kind.ACCOUNT_PLANNED, steps.new_handle())
        account.attempt += 1
        account.planned_at = step.time
        account.step_id = step.id
        jobs.queue(session, "account.open", due_at=clock.now() + AFTER_REFUSAL, account_id=account.id)
        steps.record(session, step)
