"""Double-entry books: which postings each movement of money makes, and what they add up to.

Accounts: ``psp_clearing`` (what the exchange holds at the payment platform), ``bank`` (what stands on its receiving
account at the bank), ``order_hold:<trade number>`` (a buyer's money while a trade runs), ``suspense:<trade number>``
(money that came in for it and funds nothing, until it is sent back), ``provider_payable:<organisation id>``,
``fee_revenue`` (the platform fee earned), ``psp_fee_expense`` (what the payment platform keeps),
``recovery:<trade number>`` (what the buyer got back after the release and is being taken back from the provider),
``provider_receivable:<organisation id>`` (what could not be taken back: the provider owes it, and later releases are
netted with it). A settled trade leaves ``order_hold``, ``suspense``, ``recovery`` and ``provider_payable`` at zero,
``psp_clearing`` is what the payment platform says it holds, and ``bank`` what the bank's statement says. What came in
by the bank leaves by the bank. ``dispute_suspense:<trade number>`` is what a payer's bank has taken while it decides
on a chargeback; ``dispute_loss`` is what of a lost one nobody owes, so that the exchange bears it.
"""

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from sqlalchemy import case, func, or_, select
from sqlalchemy.orm import Session

from market.payments.models import Chargeback, Operation, Posting
from market.payments.states import OperationState, Processor
from market.payments.stripe import PaymentIntent
from market.steps import Pending, Step

CLEARING = "psp_clearing"
BANK = "bank"
FEE_REVENUE = "fee_revenue"
PSP_FEES = "psp_fee_expense"
LOSS = "dispute_loss"

OF_TRADES: Final = frozenset(
    {"order_hold", "suspense", "dispute_suspense", "recovery", "provider_payable", "provider_receivable"}
)
"""The classes of accounts that a settled trade leaves at zero; the others are the exchange's own."""

Line = tuple[str, str, int]
"""Debit account, credit account, minor units."""


def received(session: Session, step: Pending, operation: Operation, intent: PaymentIntent, into: str) -> None:
    """Book a payment that came in as the platform shows it, less what the platform keeps itself.

    Args:
        session: the session of the step.
        step: the step that was begun.
        operation: the checkout.
        intent: what came in; its fee is booked where it is of the payment's currency.
        into: the account that holds the money now.
    """
    fee = intent.fee if intent.fee_currency == intent.currency else 0
    lines = [(CLEARING, into, intent.amount_received), (PSP_FEES, CLEARING, fee)]
    _book(session, step, operation, lines, intent.currency.upper())


def arrived(session: Session, step: Pending, operation: Operation, amount: int, into: str) -> None:
    """Book what two people saw come in on the bank account, minor units; the bank keeps nothing of it."""
    _book(session, step, operation, [(BANK, into, amount)], operation.currency)


def transferred(session: Session, step: Pending, operation: Operation) -> None:
    """Book a release: the hold becomes the provider's and the exchange's, and the provider is paid.

    What the provider owed to the exchange is settled first, out of its own part.
    """
    hold, payable = hold_of(operation.number), f"provider_payable:{operation.organisation_id}"
    lines = [
        (hold, payable, operation.amount + operation.netted),
        (hold, FEE_REVENUE, operation.fee),
        (payable, receivable_of(operation.organisation_id), operation.netted),
        (payable, place_of(operation), operation.amount),
    ]
    _book(session, step, operation, lines, operation.currency)


def refunded(session: Session, step: Pending, operation: Operation, out_of: str) -> None:
    """Book a refund: what the account ``out_of`` holds goes back where it came from."""
    _book(session, step, operation, [(out_of, place_of(operation), operation.amount)], operation.currency)


def repaid(session: Session, step: Pending, operation: Operation) -> None:
    """Book a refund after the release: the exchange gives its part of the fee, the rest is to be taken back."""
    lines = [
        (recovery_of(operation.number), place_of(operation), operation.amount - operation.fee),
        (FEE_REVENUE, place_of(operation), operation.fee),
    ]
    _book(session, step, operation, lines, operation.currency)


def reversed_(session: Session, step: Pending, operation: Operation) -> None:
    """Book what was taken back from a provider's account at the payment platform."""
    lines = [(place_of(operation), recovery_of(operation.number), operation.amount)]
    _book(session, step, operation, lines, operation.currency)


def fell_short(
    session: Session, step: Pending, refund: Operation, provider_id: uuid.UUID, amount: int
) -> None:
    """Book what could not be taken back: from now on the provider owes it.

    Args:
        session: the session of the step.
        step: the step that was begun.
        refund: the refund whose money is missing.
        provider_id: the organisation that owes it.
        amount: minor units; nothing is booked for 0.
    """
    lines = [(receivable_of(provider_id), recovery_of(refund.number), amount)]
    _book(session, step, refund, lines, refund.currency)


def charged_back(
    session: Session, step: Pending, paid: Operation, chargeback: Chargeback, lines: list[Line]
) -> None:
    """Book what a chargeback takes, gives back or comes to, against the payment that it questions.

    Args:
        session: the session of the step.
        step: the step that was begun.
        paid: the checkout.
        chargeback: of it.
        lines: debit, credit and minor units each; nothing is booked for 0.
    """
    _book(session, step, paid, lines, chargeback.currency, chargeback.id)


def between(account: str, other: str, amount: int) -> Line:
    """Return the line that moves an amount from ``other`` to ``account``, or back where it is negative."""
    return (account, other, amount) if amount >= 0 else (other, account, -amount)


def held(session: Session, paid: Operation, account: str) -> int:
    """Return what came in by a payment and has not left the account that holds it, minor units.

    Args:
        session: a session.
        paid: the checkout.
        account: what :func:`holder_of` gives for it.
    """
    own = select(Operation.id).where(or_(Operation.id == paid.id, Operation.source_id == paid.id))
    signed = case((Posting.credit == account, Posting.amount), else_=-Posting.amount)
    query = select(func.coalesce(func.sum(signed), 0)).where(
        or_(Posting.debit == account, Posting.credit == account), Posting.operation_id.in_(own)
    )
    return int(session.scalar(query) or 0)


def holder_of(paid: Operation) -> str:
    """Return the account that holds what a payment brought: the trade's hold, or that of money astray."""
    stray = paid.state is OperationState.STRAY
    return suspense_of(paid.number) if stray else hold_of(paid.number)


def receivable(session: Session, provider_id: uuid.UUID, currency: str) -> int:
    """Return what a provider owes to the exchange by the books, minor units."""
    account = receivable_of(provider_id)
    signed = case((Posting.debit == account, Posting.amount), else_=-Posting.amount)
    query = select(func.coalesce(func.sum(signed), 0)).where(
        or_(Posting.debit == account, Posting.credit == account), Posting.currency == currency
    )
    return int(session.scalar(query) or 0)


def place_of(operation: Operation) -> str:
    """Return the account of where an operation's money is outside: at the payment platform or at the bank."""
    return BANK if operation.processor is Processor.BANK else CLEARING


def receivable_of(provider_id: uuid.UUID) -> str:
    """Return the account of what a provider owes to the exchange."""
    return f"provider_receivable:{provider_id}"


def recovery_of(number: str) -> str:
    """Return the account of what is being taken back from a trade's provider."""
    return f"recovery:{number}"


def dispute_of(number: str) -> str:
    """Return the account of what a payer's bank has taken of a trade's payment while it decides."""
    return f"dispute_suspense:{number}"


def hold_of(number: str) -> str:
    """Return the account that holds a trade's money."""
    return f"order_hold:{number}"


def suspense_of(number: str) -> str:
    """Return the account of money that came in for a trade and funds nothing."""
    return f"suspense:{number}"


def postings_of(session: Session, number: str) -> list[Posting]:
    """Return a trade's postings in the order of the steps that booked them."""
    query = select(Posting).join(Step, Step.id == Posting.step_id).where(Posting.number == number)
    return list(session.scalars(query.order_by(Step.seq, Posting.operation_id, Posting.place)))


def balances(postings: Iterable[Posting]) -> dict[tuple[str, str], int]:
    """Add postings up.

    Returns:
        Debits less credits in minor units, by (account, currency); accounts at zero stay in.
    """
    totals: dict[tuple[str, str], int] = {}
    for posting in postings:
        for account, amount in ((posting.debit, posting.amount), (posting.credit, -posting.amount)):
            totals[account, posting.currency] = totals.get((account, posting.currency), 0) + amount
    return totals


@dataclass(frozen=True)
class Account:
    """What one book account holds of some postings.

    Attributes:
        name: of the account.
        currency: ISO 4217.
        debit: minor units that were debited.
        credit: minor units that were credited.
    """

    name: str
    currency: str
    debit: int
    credit: int

    @property
    def balance(self) -> int:
        """Debits less credits in minor units."""
        return self.debit - self.credit

    @property
    def of_trade(self) -> bool:
        """Whether it is one that a settled trade leaves at zero."""
        return self.name.partition(":")[0] in OF_TRADES


def accounts(postings: Iterable[Posting]) -> list[Account]:
    """Return the accounts that postings name, those of the trade first, with what they come to."""
    sums: dict[tuple[str, str], list[int]] = {}
    for posting in postings:
        for place, name in enumerate((posting.debit, posting.credit)):
            sums.setdefault((name, posting.currency), [0, 0])[place] += posting.amount
    found = [Account(*key, *both) for key, both in sums.items()]
    return sorted(found, key=lambda one: (not one.of_trade, one.name, one.currency))


def _book(
    session: Session,
    step: Pending,
    operation: Operation,
    lines: list[Line],
    currency: str,
    chargeback_id: uuid.UUID | None = None,
) -> None:
    for place, (debit, credit, amount) in enumerate(line for line in lines if line[2]):
        session.add(
            Posting(
                step_id=step.id,
                operation_id=operation.id,
                chargeback_id=chargeback_id,
                number=operation.number,
                place=place,
                debit=debit,
                credit=credit,
                amount=amount,
                currency=currency,
                booked_at=step.time,
            )
        )
