"""Webhooks: kept once by the event's id, answered at once, worked on by a job that asks the platform."""

import hashlib
import json
import uuid
from datetime import datetime, timedelta
from typing import Final

import structlog
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from market import clock, config, jobs
from market.db import read, transaction
from market.errors import MarketError, NotFound
from market.i18n import gettext as _
from market.payments import accounts, outcomes
from market.payments.chargebacks import watching
from market.payments.looking import look_at
from market.payments.models import Account, Operation, WebhookEvent
from market.payments.platform import client
from market.payments.stripe import Event, InvalidRequest, SignatureRefused, verify_signature

JOB: Final = "webhook.received"
PARKED: Final = timedelta(days=3)
"""How long an event is looked at again whose object is not known; then an operator may have it looked at once more."""
SHOULD_BE_HANDLED: Final = timedelta(hours=1)
"""After so long somebody should know of an event that waits."""

log = structlog.get_logger()


def verified(body: bytes, header: str) -> Event:
    """Return the event of a webhook that surely comes from the payment platform.

    Args:
        body: the raw bytes.
        header: the ``Stripe-Signature`` header, empty when there is none.

    Raises:
        NotFound: no webhook secret is set; this exchange takes no webhooks.
        MarketError: not signed for this endpoint, not about now, unreadable, or of the wrong mode.
    """
    settings = config.current()
    if not settings.stripe_webhook_secret:
        raise NotFound("webhook.closed", _("This exchange accepts no webhooks."))
    try:
        verify_signature(body, header, settings.stripe_webhook_secret, clock.now().timestamp())
    except SignatureRefused as error:
        raise MarketError("webhook.not_signed", _("The webhook is not signed for this endpoint.")) from error
    try:
        event = Event.read(json.loads(body))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise MarketError("webhook.unreadable", _("The webhook cannot be read.")) from error
    if event.livemode is not ("_live_" in settings.stripe_secret_key):
        raise MarketError("webhook.wrong_mode", _("The webhook was sent in the other mode (test or live)."))
    return event


def keep(session: Session, event: Event, body: bytes) -> bool:
    """Keep an event and queue the work; False when it is here already (the platform sends at least once).

    Args:
        session: the session of the transaction.
        event: the event.
        body: what was signed; empty for an event that was found in the platform's list.
    """
    if session.get(WebhookEvent, event.id) is not None:
        return False
    session.add(
        WebhookEvent(
            id=event.id,
            type=event.type[:100],
            object_id=event.object_id,
            body_digest=hashlib.sha256(body).hexdigest(),
            received_at=clock.now(),
        )
    )
    jobs.queue(session, JOB, event_id=event.id)
    return True


def on_received(event_id: str, turn: int = 0) -> None:
    """Job: look at what an event is about. Events of other things change nothing.

    An event about an object of ours that is not known yet (the answer that brings its number is still on its way) is
    parked and looked at again, and so is one about an object that the platform does not show.

    Args:
        event_id: the event.
        turn: how many looks there were.

    Raises:
        StripeError: the platform cannot be asked now; the job tries again.
    """
    with read() as session:
        event = session.get_one(WebhookEvent, event_id)
        found, account = _found(session, event.object_id)
    if event.handled_at is not None:
        return
    known = True
    if event.type.startswith("checkout.session."):
        if found is None:
            known = _is_foreign(event.object_id)
        else:
            look_at(found)
    elif event.type == "account.updated":
        if account is None:
            known = not _opens_account()
        else:
            accounts.look_at(account)
    elif event.type.startswith(watching.EVENTS):
        known = watching.look_at(event.object_id)
    with transaction() as session:
        row = session.get_one(WebhookEvent, event_id)
        if known:
            row.handled_at = clock.now()
        elif clock.now() - row.received_at < PARKED:
            due = outcomes.next_look(turn)
            jobs.queue(session, JOB, due_at=due, event_id=event_id, turn=turn + 1)
        else:
            log.error("webhook.dead", event_id=event_id, about=event.object_id)


def _found(session: Session, object_id: str) -> tuple[Operation | None, Account | None]:
    """Return what we know under a number of the platform."""
    operation = session.scalars(select(Operation).where(Operation.stripe_id == object_id)).one_or_none()
    account = session.scalars(select(Account).where(Account.stripe_id == object_id)).one_or_none()
    return operation, account


def _is_foreign(page: str) -> bool:
    """Tell whether a pay page that we do not know is surely not ours: it names no operation of this exchange.

    Raises:
        StripeError: the platform cannot be asked now.
    """
    try:
        named = client().checkout(page).metadata.get("operation", "")
        operation_id = uuid.UUID(named)
    except InvalidRequest:
        return False
    except ValueError:
        return True
    with read() as session:
        return session.get(Operation, operation_id) is None


def _opens_account() -> bool:
    """Tell whether an account is being opened, whose number we do not know yet."""
    with read() as session:
        return session.scalar(select(Account.id).where(Account.stripe_id.is_(None)).limit(1)) is not None


def unhandled(session: Session) -> tuple[int, datetime | None]:
    """Return how many events wait for longer than they should, and since when the first of them."""
    query = select(func.count(), func.min(WebhookEvent.received_at)).where(
        WebhookEvent.handled_at.is_(None), WebhookEvent.received_at < clock.now() - SHOULD_BE_HANDLED
    )
    count, since = session.execute(query).one()
    return int(count), since


def look_again(session: Session) -> None:
    """Queue another look at every event that waits; one that was given up is looked at once more."""
    for event_id in session.scalars(select(WebhookEvent.id).where(WebhookEvent.handled_at.is_(None))):
        jobs.queue(session, JOB, event_id=event_id)
