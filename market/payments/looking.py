"""Whether a pay page was paid: the platform is asked, never the webhook or the browser believed.

A webhook only brings the look forward; without any the poller looks by itself, less and less often,
until the page is paid, refused or expired, so a lost webhook cannot hold money. A page that is over for us
is looked at all the same: whatever money is found there is booked and sent back.
"""

import uuid

from market import jobs
from market.db import transaction
from market.payments import outcomes
from market.payments.models import Operation
from market.payments.platform import client
from market.payments.states import OperationState
from market.payments.stripe import CheckoutSession, PaymentIntent, Stripe

NOT_PAID = "not_paid"
"""Failure of a page that was filled in and brought no money (a bank that refused after days)."""


def on_look(operation_id: str, turn: int = 0) -> None:
    """Job: look at a pay page and, while it stays open, look again later.

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
    """Fetch a pay page on which no money was found yet, and record what became of it.

    Raises:
        StripeError: the platform cannot be asked now.
    """
    if found.state not in outcomes.UNPAID or found.stripe_id is None:
        return
    platform = client()
    page = platform.checkout(found.stripe_id)
    if page.status == "complete":
        _complete(platform, found, page)
    elif page.status == "expired" and found.state is OperationState.OPEN:
        outcomes.expired(found)


def _complete(platform: Stripe, found: Operation, page: CheckoutSession) -> None:
    """Record what a page brought that was filled in to its end.

    Which means of payment it offers is set at the platform, since buyers here need wallets; some of them bring
    their money days later, or never, so the payment intent decides and not the page.
    """
    intent = platform.payment_intent(page.payment_intent)
    if intent.status == "processing":
        return
    if page.payment_status == "paid" and intent.amount_received:
        wrong = mismatches(found, page, intent, live=platform.live)
        if found.state is OperationState.OPEN and not wrong:
            outcomes.settled(found, intent)
        # Whatever has not settled it by now funds nothing, and nothing is kept that funds nothing.
        outcomes.strayed(found, intent, wrong)
    elif intent.status != "succeeded" and found.state is OperationState.OPEN:
        outcomes.failed(found, NOT_PAID)


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
