"""Webhooks: kept once by the event's id, answered at once, worked on by a job that asks the platform."""

import hashlib
import json

import structlog
from sqlalchemy import select
from sqlalchemy.orm import Session

from market import clock, config, jobs
from market.db import read, transaction
from market.errors import MarketError, NotFound
from market.i18n import gettext as _
from market.payments import accounts
from market.payments.looking import look_at
from market.payments.models import Account, Operation, WebhookEvent
from market.payments.stripe import Event, SignatureRefused, verify_signature

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
    """Keep an event and queue the work; False when it is here already (the platform sends at least once)."""
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
    jobs.queue(session, "webhook.received", event_id=event.id)
    return True


def on_received(event_id: str) -> None:
    """Job: look at what an event is about. Events of other things, or about unknown ones, change nothing.

    Raises:
        StripeError: the platform cannot be asked now; the job tries again.
    """
    with read() as session:
        event = session.get_one(WebhookEvent, event_id)
        found = session.scalars(select(Operation).where(Operation.stripe_id == event.object_id)).one_or_none()
        account = session.scalars(select(Account).where(Account.stripe_id == event.object_id)).one_or_none()
    if event.handled_at is not None:
        return
    if event.type.startswith("checkout.session."):
        if found is None:
            log.warning("webhook.unknown_page", page=event.object_id)
        else:
            look_at(found)
    elif event.type == "account.updated" and account is not None:
        accounts.look_at(account)
    with transaction() as session:
        session.get_one(WebhookEvent, event_id).handled_at = clock.now()
