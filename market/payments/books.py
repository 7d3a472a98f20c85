"""Double-entry books: which postings each movement of money makes, and what they add up to.

Accounts: ``psp_clearing`` (what the exchange holds at the payment platform), ``order_hold:<trade number>``
(a buyer's money while a trade runs), ``suspense:<trade number>`` (money that came in for it and funds
nothing, until it is sent back), ``provider_payable:<organisation id>``, ``fee_revenue`` (the platform fee
earned), ``psp_fee_expense`` (what the payment platform keeps). A settled trade leaves ``order_hold``,
``suspense`` and ``provider_payable`` at zero, and ``psp_clearing`` is what the payment platform says it holds.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from market.payments.models import Operation, Posting
from market.payments.stripe import PaymentIntent
from market.steps import Pending, Step

CLEARING = "psp_clearing"
FEE_REVENUE = "fee_revenue"
PSP_FEES = "psp_fee_expense"

OF_TRADES: Final = frozenset({"order_hold", "suspense", "provider_payable", "provider_receivable"})
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


def transferred(session: Session, step: Pending, operation: Operation) -> None:
    """Book a release: the hold becomes the provider's and the exchange's, and the provider is paid."""
    hold, payable = hold_of(operation.number), f"provider_payable:{operation.organisation_id}"
    lines = [
        (hold, payable, operation.amount),
        (hold, FEE_REVENUE, operation.fee),
        (payable, CLEARING, operation.amount),
    ]
    _book(session, step, operation, lines, operation.currency)


def refunded(session: Session, step: Pending, operation: Operation, out_of: str) -> None:
    """Book a refund: what the account ``out_of`` holds goes back where it came from."""
    _book(session, step, operation, [(out_of, CLEARING, operation.amount)], operation.currency)


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


def _book(session: Session, step: Pending, operation: Operation, lines: list[Line], currency: str) -> None:
    for place, (debit, credit, amount) in enumerate(line for line in lines if line[2]):
        session.add(
            Posting(
                step_id=step.id,
                operation_id=operation.id,
                number=operation.number,
                place=place,
                debit=debit,
                credit=credit,
                amount=amount,
                currency=currency,
                booked_at=step.time,
            )
        )
