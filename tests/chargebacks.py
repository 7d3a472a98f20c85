"""Chargebacks for tests: what the payment platform would say of one, without any network."""

import uuid
from dataclasses import replace

from market.db import read
from market.payments import service as payments
from market.payments.chargebacks import recording
from market.payments.models import Chargeback, Operation
from market.payments.states import OperationKind, OperationState
from market.payments.stripe import Dispute

FEE = 1_500


def paid_of(number: str, place: int = 1, state: OperationState = OperationState.OK) -> Operation:
    """Return a payment that funded a trade, or another that came for it, counted from 1."""
    with read() as session:
        found = [
            one
            for one in payments.operations_of(session, number)
            if one.kind is OperationKind.CHECKOUT and one.state is state
        ]
    return found[place - 1]


def said(
    number: str,
    *,
    amount: int | None = None,
    status: str = "needs_response",
    place: int = 1,
    state: OperationState = OperationState.OK,
) -> Dispute:
    """Return the platform's object about a trade's payment: all of it, or a part."""
    paid = paid_of(number, place, state)
    whole = paid.amount if amount is None else amount
    taken = 0 if status.startswith("warning_") else whole
    return Dispute(
        id=f"du_{uuid.uuid4().hex}",
        status=status,
        reason="fraudulent",
        amount=whole,
        currency=paid.currency.lower(),
        charge=paid.charge or "",
        payment_intent=paid.payment_intent or "",
        taken=taken and taken + FEE,
        withdrawn=taken,
        fee=taken and FEE,
        taken_currency=paid.currency.lower(),
        due_by=4_000_000_000,
        submissions=0,
        livemode=False,
    )


def questioned(
    number: str,
    *,
    amount: int | None = None,
    status: str = "needs_response",
    place: int = 1,
    state: OperationState = OperationState.OK,
) -> Chargeback:
    """Let the buyer's bank question a trade's payment; return what is recorded of it."""
    seen = said(number, amount=amount, status=status, place=place, state=state)
    recording.opened(paid_of(number, place, state), seen)
    return known(seen.id)


def known(stripe_id: str) -> Chargeback:
    """Return what is recorded of the platform's object."""
    with read() as session:
        found = recording.of_dispute(session, stripe_id)
    assert found is not None
    return found


def won(found: Chargeback) -> None:
    """Let the bank decide for the exchange: the money and the fee come back."""
    seen = replace(
        said(found.number), id=found.stripe_id, status="won", withdrawn=0, fee=0, amount=found.amount
    )
    recording.changed(found.stripe_id, seen)
    recording.ended(found.stripe_id, seen)


def lost(found: Chargeback) -> None:
    """Let the bank keep the money."""
    recording.lost(found.stripe_id)
