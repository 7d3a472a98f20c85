"""Doing what was planned: the outside call, then its outcome as a step of its own.

Whoever comes first records the outcome (the buyer's request, a job, a webhook's job); the others find
the operation further on and change nothing. After a crash between call and outcome the job repeats the
call with the same key and gets the first result; once the key may be forgotten it looks the result up.
"""

import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import structlog

from market import config, jobs
from market.db import read, transaction
from market.errors import Conflict, Unavailable
from market.i18n import gettext as _
from market.payments import outcomes
from market.payments.accounts import account_of
from market.payments.looking import look_at
from market.payments.models import Operation
from market.payments.platform import REPLAYABLE, client, stuck, too_old
from market.payments.states import OperationKind, OperationState
from market.payments.stripe import InvalidRequest, Refund, StripeError, Transfer

NOT_DONE = "not_done"
"""Failure of an operation whose answer was lost and that the platform, asked later, has not done."""

KEY_IN_USE = "idempotency_key_in_use"
"""Code of a call refused because the same call is being made at this moment (Stripe, "Error codes")."""

TICK, PATIENCE_TICKS = 0.1, 100
"""Seconds between two looks for the other call's outcome, and how many: ten seconds in all."""

log = structlog.get_logger()


@dataclass(frozen=True)
class PayPage:
    """Where the buyer pays.

    Attributes:
        url: the platform's pay page.
        entry_id: the ledger entry that opened it.
    """

    url: str
    entry_id: uuid.UUID


def open_page(operation_id: uuid.UUID) -> PayPage:
    """Return the pay page of a planned payment, opening it if need be. Call it outside any transaction.

    Raises:
        Unavailable: the platform does not answer; the page will be opened as soon as it does.
        Conflict: ``payment.closed``: this page is paid, refused, expired or its trade was cancelled.
    """
    found = outcomes.get(operation_id)
    if found.state is OperationState.PLANNED:
        try:
            _perform(found)
        except StripeError as error:
            if not (error.code == KEY_IN_USE and _opened_meanwhile(operation_id)):
                log.warning("payment.unavailable", operation=str(operation_id), error=str(error))
                message = _("The payment platform does not answer. Nothing is lost; try again in a moment.")
                raise Unavailable("payment.unavailable", message) from error
        found = outcomes.get(operation_id)
    if found.state is not OperationState.OPEN or found.url is None:
        message = _("This payment cannot go on. Look at the trade and begin the payment again if it is due.")
        raise Conflict("payment.closed", message, state=found.state.value)
    return PayPage(found.url, found.step_id)


def _opened_meanwhile(operation_id: uuid.UUID) -> bool:
    """Wait for whoever else is making this very call; tell whether its outcome was recorded in time."""
    for _tick in range(PATIENCE_TICKS):
        if outcomes.get(operation_id).state is not OperationState.PLANNED:
            return True
        time.sleep(TICK)
    return False


def on_perform(operation_id: str) -> None:
    """Job: do a planned operation; nothing if that was done.

    Raises:
        StripeError: the outcome is unknown; the job tries again with the same key.
    """
    found = outcomes.get(uuid.UUID(operation_id))
    if found.state is OperationState.PLANNED:
        _perform(found)


def on_close(operation_id: str) -> None:
    """Job: close a pay page, so that nobody pays for a cancelled trade; a faster payment is recorded.

    Raises:
        StripeError: the outcome is unknown; the job tries again.
    """
    found = outcomes.get(uuid.UUID(operation_id))
    if found.state is OperationState.PLANNED:
        # Nobody was ever shown its address: even a page that a lost answer opened cannot be paid.
        outcomes.expired(found.id)
    elif found.state is OperationState.OPEN:
        try:
            client().expire_checkout(found.stripe_id or "", key=f"expire:{found.id}:1")
        except InvalidRequest:
            log.info("payment.not_open", operation=operation_id)
        look_at(found)


def on_retry(operation_id: str) -> None:
    """Job: plan a refused transfer or refund again; its money is still owed."""
    outcomes.planned_again(uuid.UUID(operation_id))


def _perform(found: Operation) -> None:
    """Make the call and record its outcome.

    Raises:
        StripeError: the outcome is unknown.
    """
    if too_old(found.planned_at):
        _resolve(found)
        return
    try:
        _CALLS[found.kind](found)
    except StripeError as error:
        if error.refused:
            log.exception("operation.refused", operation=str(found.id), code=error.code)
            outcomes.failed(found.id, error.code or "refused", request_id=error.request_id)
        elif stuck(error, found.planned_at):
            _resolve(found)
        else:
            raise


def _checkout(found: Operation) -> None:
    base = config.current().base_url.rstrip("/")
    page = client().open_checkout(
        key=_key(found),
        amount=found.amount,
        currency=found.currency.lower(),
        description=f"{found.title} · {found.number}",
        transfer_group=outcomes.group_of(found),
        success_url=f"{base}/payments/{found.id}",
        cancel_url=f"{base}/trades/{found.number}",
        expires_at=int((found.planned_at + REPLAYABLE).timestamp()),
        metadata={"operation": str(found.id)},
    )
    outcomes.opened(found.id, page)


def _transfer(found: Operation) -> None:
    with read() as session:
        source = session.get_one(Operation, found.source_id)
        account = account_of(session, found.organisation_id)
    if account is None or account.stripe_id is None:
        raise RuntimeError(f"no connected account for operation {found.id}")
    made = client().create_transfer(
        key=_key(found),
        amount=found.amount,
        currency=found.currency.lower(),
        destination=account.stripe_id,
        source_transaction=source.charge or "",
        transfer_group=outcomes.group_of(found),
        metadata={"operation": str(found.id)},
    )
    outcomes.transferred(found.id, made)


def _refund(found: Operation) -> None:
    with read() as session:
        source = session.get_one(Operation, found.source_id)
    platform = client()
    made = platform.create_refund(
        key=_key(found),
        payment_intent=source.payment_intent or "",
        amount=found.amount,
        metadata={"operation": str(found.id)},
    )
    # A repeated key answers with the first result, so its present state is fetched.
    _refunded(found, made if made.status == "succeeded" else platform.refund(made.id))


def _refunded(found: Operation, made: Refund) -> None:
    match made.status:
        case "succeeded":
            outcomes.refunded(found.id, made)
        case "failed" | "canceled":
            outcomes.failed(found.id, f"refund_{made.status}", request_id=made.request_id)
        case _:
            with transaction() as session:
                due = outcomes.next_look()
                jobs.queue(session, "payment.perform", due_at=due, operation_id=found.id)


_CALLS: Mapping[OperationKind, Callable[[Operation], None]] = {
    OperationKind.CHECKOUT: _checkout,
    OperationKind.TRANSFER: _transfer,
    OperationKind.REFUND: _refund,
}


def _resolve(found: Operation) -> None:
    """Find out by other means than the key whether a call was done, and record that.

    Raises:
        StripeError: the platform cannot be asked now.
    """
    if found.kind is OperationKind.CHECKOUT:
        outcomes.expired(found.id)
        return
    done = _find(found)
    if isinstance(done, Transfer):
        outcomes.transferred(found.id, done)
    elif isinstance(done, Refund):
        _refunded(found, done)
    else:
        outcomes.failed(found.id, NOT_DONE)


def _find(found: Operation) -> Transfer | Refund | None:
    """Look for what an operation made, by the trade's group or payment and its own id in the metadata."""
    if found.kind is OperationKind.TRANSFER:
        transfers = client().transfers(outcomes.group_of(found))
        return next((one for one in transfers if one.metadata.get("operation") == str(found.id)), None)
    with read() as session:
        source = session.get_one(Operation, found.source_id)
    refunds = client().refunds(source.payment_intent or "")
    return next((one for one in refunds if one.metadata.get("operation") == str(found.id)), None)


def _key(found: Operation) -> str:
    """Return the idempotency key: a committed row's id and its attempt, never anything random."""
    return f"{found.kind.value}:{found.id}:{found.attempt}"
