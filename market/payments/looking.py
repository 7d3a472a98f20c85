"""Whether a pay page was paid: the platform is asked, never the webhook or the browser believed.

A webhook only brings the look forward; without any the poller looks by itself, less and less often,
until the page is paid or expired, so a lost webhook cannot hold money.
"""

import uuid

import structlog

from market import jobs
from market.db import transaction
from market.payments import outcomes
from market.payments.models import Operation
from market.payments.platform import client
from market.payments.states import OperationState
from market.payments.stripe import CheckoutSession, PaymentIntent

log = structlog.get_logger()


def on_look(operation_id: str, turn: int = 0) -> None:
    """Job: look at an open pay page and, while it stays open, look again later.

    Args:
        operation_id: the checkout.
        turn: how many looks there were.

    Raises:
        StripeError: the platform cannot be asked now; the job tries again.
    """
    found = outcomes.get(uuid.UUID(operation_id))
    look_at(found)
    if outcomes.get(found.id).state is OperationState.OPEN:
        with transaction() as session:
            due = outcomes.next_look(turn)
            jobs.queue(session, "payment.look", due_at=due, operation_id=found.id, turn=turn + 1)


def look_at(found: Operation) -> None:
    """Fetch an open pay page and record what became of it.

    Raises:
        StripeError: the platform cannot be asked now.
    """
    if found.state is not OperationState.OPEN:
        return
    platform = client()
    page = platform.checkout(found.stripe_id or "")
    if page.status == "expired":
        outcomes.expired(found.id)
    elif page.status == "complete" and page.payment_status == "paid":
        intent = platform.payment_intent(page.payment_intent)
        if intent.status == "processing":
            return
        wrong = mismatches(found, page, intent, live=platform.live)
        if wrong:
            log.error("payment.mismatch", operation=str(found.id), wrong=wrong)
            outcomes.mismatched(found.id, intent, wrong)
        else:
            outcomes.settled(found.id, intent)


def mismatches(found: Operation, page: CheckoutSession, intent: PaymentIntent, *, live: bool) -> list[str]:
    """Name what of a payment is not as planned; empty when it may be booked.

    Args:
        found: the operation.
        page: the pay page, fetched again.
        intent: its payment intent, fetched again.
        live: whether our key is for real money.
    """
    currency = found.currency.lower()
    operation = str(found.id)
    checks = {
        "status": intent.status == "succeeded" and intent.latest_charge != "",
        "amount": found.amount == page.amount_total == intent.amount == intent.amount_received,
        "currency": currency == page.currency == intent.currency,
        "mode": page.livemode is intent.livemode is live,
        "group": intent.transfer_group == outcomes.group_of(found),
        "operation": page.metadata.get("operation") == intent.metadata.get("operation") == operation,
    }
    return [name for name, right in checks.items() if not right]
