"""Reports on books and platform in every state, made from what a test says that both sides have."""

import uuid

from market import clock
from market.actor import Actor
from market.db import read, transaction
from market.payments.models import Reconciliation, WebhookEvent
from market.payments.reconciliation import service
from market.payments.reconciliation.gathering import Account, Found
from market.payments.reconciliation.matching import Line, Outcome

NOTE = "查明：另一家店铺的收款。"


def planned(chief: Actor) -> Reconciliation:
    """Ask for a report on today."""
    today = clock.now().date()
    with transaction() as session:
        return service.ask(session, chief, today, today, None)


def made(chief: Actor, *, differs: bool = True) -> Reconciliation:
    """Return a report, as a rule with a payment that only the platform has."""
    row = planned(chief)
    now = int(clock.now().timestamp())
    line = Line(Outcome.PLATFORM, "ch_stranger", "charge", "", "", "CNY", now, 1_000, None, 29, None)
    account = Account("CNY", 971 if differs else 0, 0, 0)
    service.record_made(row.id, Found([line] if differs else [], [account]))
    with read() as session:
        return session.get_one(Reconciliation, row.id)


def signed(chief: Actor, colleague: Actor) -> Reconciliation:
    """Return a report with a difference that a second person has signed off."""
    row = made(chief)
    with transaction() as session:
        service.sign(session, colleague, row.id, NOTE)
    with read() as session:
        return session.get_one(Reconciliation, row.id)


def waiting_event() -> None:
    """Keep a webhook that nobody could place."""
    with transaction() as session:
        session.add(
            WebhookEvent(
                id=f"evt_{uuid.uuid4().hex}",
                type="checkout.session.completed",
                object_id="cs_nowhere",
                body_digest="0" * 64,
                received_at=clock.now(),
            )
        )
