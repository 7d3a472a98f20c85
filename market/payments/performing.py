"""Doing what was planned: the outside call, then its outcome as a step of its own.

Whoever comes first records the outcome (the buyer's request, a job, a webhook's job); the others find
the operation further on and change nothing. After a crash between call and outcome the job repeats the
call with the same key and gets the first result; once the key may be forgotten it looks the result up.
"""

import time
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import structlog

from market import config, jobs, steps
from market.db import read, transaction
from market.errors import Conflict, Unavailable
from market.i18n import gettext as _
from market.payments import outcomes
from market.payments.accounts import account_of
from market.payments.chargebacks import reading
from market.payments.looking import look_at
from market.payments.models import Operation
from market.payments.platform import REPLAYABLE, client, stuck, too_old
from market.payments.recovering import reversible
from market.payments.states import OperationKind, OperationState, Processor
from market.payments.stripe import (
    CheckoutSession,
    InvalidRequest,
    Refund,
    Reversal,
    StripeError,
    Transfer,
)

NOT_DONE = "not_done"
"""Failure of an operation whose answer was lost and that the platform, asked later, has not done."""

KEY_IN_USE = "idempotency_key_in_use"
"""Code of a call refused because the same call is being made at this moment (Stripe, "Error codes")."""

Made: TypeAlias = CheckoutSession | Transfer | Refund | Reversal
"""What the platform makes of an operation."""

_UNDONE = frozenset({"failed", "canceled"})
"""States of a refund whose money is back with the exchange (Stripe, "Refund object")."""

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
    if found.processor is Processor.BANK:
        message = _("A bank transfer is announced for this. Make it, or withdraw it to pay otherwise.")
        raise Conflict("payment.by_bank", message)
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
        outcomes.expired(found)
        # Unless the buyer's own request opened it meanwhile: then it is closed like any other.
        found = outcomes.get(found.id)
    if found.state is OperationState.OPEN and found.processor is Processor.BANK:
        outcomes.expired(found)
    elif found.state is OperationState.OPEN:
        try:
            client().expire_checkout(found.stripe_id or "", key=f"expire:{found.id}:1")
        except InvalidRequest:
            log.info("payment.not_open", operation=operation_id)
        look_at(found)


def close_page(operation_id: uuid.UUID) -> None:
    """Close a pay page now, because the buyer pays otherwise; a faster payment is recorded. Outside any transaction.

    Raises:
        Unavailable: the platform does not answer, so the page may still be paid on.
    """
    try:
        on_close(str(operation_id))
    except StripeError as error:
        message = _("The payment platform does not answer. Nothing is lost; try again in a moment.")
        raise Unavailable("payment.unavailable", message) from error


def on_retry(operation_id: str) -> None:
    """Job: plan a failed movement again, once no earlier attempt at it is found done; its money is owed.

    An attempt that was given up may have been made after all, however late: the platform's own list is asked
    before another key could make the movement a second one. A reversal that was refused is tried again for what
    the provider's account holds, and given up where that is nothing.

    Raises:
        StripeError: the platform cannot be asked now; the job tries again.
    """
    found = outcomes.get(uuid.UUID(operation_id))
    if found.state is not OperationState.FAILED or found.failure == outcomes.CHARGED_BACK:
        return
    if found.processor is Processor.BANK:
        # Two people said that the bank refused it: nobody else knows better.
        outcomes.planned_again(found)
        return
    with read() as session:
        attempts = outcomes.attempts(session, found)
        stopped = reading.stops(session, found)
    if look_up(attempts) or stopped:
        return  # what is stopped is queued again by the end of the chargeback
    if found.kind is not OperationKind.REVERSAL or found.failure == NOT_DONE:
        outcomes.planned_again(found)
    elif least := reversible(found, len(attempts)):
        outcomes.planned_again(found, least)
    else:
        outcomes.given_up(found)


def look_up(attempts: Sequence[Operation]) -> bool:
    """Record what the platform has made of attempts at one movement; tell whether one was made, or is under way.

    Raises:
        StripeError: the platform cannot be asked now.
    """
    for attempt, made in _made(attempts):
        if not (isinstance(made, Refund) and made.status in _UNDONE):
            _record(attempt, made)
            return True
    return False


def _perform(found: Operation) -> None:
    """Make the call and record its outcome; while its payment is questioned, only look whether it was made before.

    Raises:
        StripeError: the outcome is unknown.
        Frozen: what followed this plan was lost, and may have been the other way round.
    """
    with read() as session:
        steps.demand_unfrozen(session, found.handle)
        stopped = reading.stops(session, found)
    if stopped:
        look_up([found])
        return
    if not found.amount:
        outcomes.transferred(found, None)
        return
    if found.processor is Processor.BANK:
        return
    if too_old(found.planned_at):
        _resolve(found)
        return
    try:
        made = _CALLS[found.kind](found)
    except StripeError as error:
        if error.refused:
            log.exception("operation.refused", operation=str(found.id), code=error.code)
            outcomes.failed(found, error.code or "refused", request_id=error.request_id)
        elif stuck(error, found.planned_at):
            _resolve(found)
        else:
            raise
    else:
        # Apart from the call: a refusal while its result is looked at does not undo the call.
        _record(found, made)


def _checkout(found: Operation) -> CheckoutSession:
    base = config.current().base_url.rstrip("/")
    return client().open_checkout(
        key=_key(found),
        amount=found.amount,
        currency=found.currency.lower(),
        description=f"{found.title} · {found.number}",
        transfer_group=outcomes.group_of(found),
        success_url=f"{base}/payments/{found.id}",
        cancel_url=f"{base}/trades/{found.number}",
        expires_at=int((found.planned_at + REPLAYABLE).timestamp()),
        metadata={"operation": str(found.id)},
        means=(found.means or "").split(),
    )


def _transfer(found: Operation) -> Transfer:
    source = outcomes.source_of(found)
    with read() as session:
        account = account_of(session, found.organisation_id)
    if account is None or account.stripe_id is None:
        raise RuntimeError(f"no connected account for operation {found.id}")
    return client().create_transfer(
        key=_key(found),
        amount=found.amount,
        currency=found.currency.lower(),
        destination=account.stripe_id,
        source_transaction=source.charge or "",
        transfer_group=outcomes.group_of(found),
        metadata={"operation": str(found.id)},
    )


def _refund(found: Operation) -> Refund:
    return client().create_refund(
        key=_key(found),
        payment_intent=outcomes.source_of(found).payment_intent or "",
        amount=found.amount,
        metadata={"operation": str(found.id)},
    )


def _reversal(found: Operation) -> Reversal:
    return client().create_reversal(
        _reversed_transfer(found),
        key=_key(found),
        amount=found.amount,
        metadata={"operation": str(found.id)},
    )


def _reversed_transfer(found: Operation) -> str:
    with read() as session:
        transfer = outcomes.transfer_of(session, found.source_id)
    if transfer is None or transfer.stripe_id is None:
        raise RuntimeError(f"no transfer to reverse for operation {found.id}")
    return transfer.stripe_id


def _record(found: Operation, made: Made) -> None:
    """Record what the platform has made of an operation.

    Raises:
        StripeError: how a refund stands cannot be asked now.
    """
    match made:
        case CheckoutSession():
            outcomes.opened(found, made)
        case Transfer():
            outcomes.transferred(found, made)
        case Reversal():
            outcomes.reversed_(found, made)
        case Refund(status="succeeded"):
            outcomes.refunded(found, made)
        case Refund():
            # A repeated key answers with the first result, so the present one is fetched.
            _refunded(found, client().refund(made.id))


def _refunded(found: Operation, made: Refund) -> None:
    planned = found.state is OperationState.PLANNED
    if made.status == "succeeded":
        outcomes.refunded(found, made)
    elif made.status in _UNDONE and planned:
        outcomes.failed(found, f"refund_{made.status}", request_id=made.request_id)
    else:
        job = "payment.perform" if planned else "payment.retry"
        with transaction() as session:
            jobs.queue(session, job, due_at=outcomes.next_look(), operation_id=found.id)


_CALLS: Mapping[OperationKind, Callable[[Operation], Made]] = {
    OperationKind.CHECKOUT: _checkout,
    OperationKind.TRANSFER: _transfer,
    OperationKind.REFUND: _refund,
    OperationKind.REVERSAL: _reversal,
}


def _resolve(found: Operation) -> None:
    """Find out by other means than the key whether a call was done, and record that.

    Raises:
        StripeError: the platform cannot be asked now.
    """
    if found.kind is OperationKind.CHECKOUT:
        outcomes.expired(found)
        return
    done = next(_made([found]), None)
    if done is None:
        outcomes.failed(found, NOT_DONE)
    else:
        _record(*done)


def _made(attempts: Sequence[Operation]) -> Iterator[tuple[Operation, Transfer | Refund | Reversal]]:
    """Yield what attempts at one movement have made, as the platform lists it.

    It is found by the trade's group, the payment or the transfer, and the operation's own id in the metadata.

    Raises:
        StripeError: the platform cannot be asked now.
    """
    by_id = {str(attempt.id): attempt for attempt in attempts}
    for made in _listed(attempts[0]):
        attempt = by_id.get(made.metadata.get("operation", ""))
        if attempt is not None:
            yield attempt, made


def _listed(found: Operation) -> Iterator[Transfer | Refund | Reversal]:
    """Return everything that the platform has made where a movement would stand."""
    match found.kind:
        case OperationKind.TRANSFER:
            return client().transfers(outcomes.group_of(found))
        case OperationKind.REVERSAL:
            return client().reversals(_reversed_transfer(found))
        case _:
            return client().refunds(outcomes.source_of(found).payment_intent or "")


def _key(found: Operation) -> str:
    """Return the idempotency key: a committed row's id and its attempt, never anything random."""
    return f"{found.kind.value}:{found.id}:{found.attempt}"
