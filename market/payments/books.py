"""Double-entry books: which postings each movement of money makes, and what they add up to.

Accounts: ``psp_clearing`` (what the exchange holds at the payment platform), ``order_hold:<trade number>``
(a buyer's money while a trade runs), ``provider_payable:<organisation id>``, ``fee_revenue`` (the platform
fee earned), ``psp_fee_expense`` (what the payment platform keeps). A settled trade leaves ``order_hold``
and ``provider_payable`` at zero, and ``psp_clearing`` is what the payment platform says it holds.
"""

from collections.abc import Iterable

from sqlalchemy import select
from sqlalchemy.orm import Session

from market.payments.models import Operation, Posting
from market.steps import Pending

CLEARING = "psp_clearing"
FEE_REVENUE = "fee_revenue"
PSP_FEES = "psp_fee_expense"

Line = tuple[str, str, int]
"""Debit account, credit account, minor units."""


def paid(session: Session, step: Pending, operation: Operation, psp_fee: int) -> None:
    """Book a payment that came in: the platform holds it for the trade, less what it keeps itself.

    Args:
        session: the session of the step.
        step: the step that was begun.
        operation: the checkout.
        psp_fee: minor units the payment platform kept, 0 when not known in this currency.
    """
    hold = hold_of(operation.number)
    _book(session, step, operation, [(CLEARING, hold, operation.amount), (PSP_FEES, CLEARING, psp_fee)])


def transferred(session: Session, step: Pending, operation: Operation) -> None:
    """Book a release: the hold becomes the provider's and the exchange's, and the provider is paid."""
    hold, payable = hold_of(operation.number), f"provider_payable:{operation.organisation_id}"
    lines = [
        (hold, payable, operation.amount),
        (hold, FEE_REVENUE, operation.fee),
        (payable, CLEARING, operation.amount),
    ]
    _book(session, step, operation, lines)


def refunded(session: Session, step: Pending, operation: Operation) -> None:
    """Book a refund before release: the hold goes back where it came from."""
    _book(session, step, operation, [(hold_of(operation.number), CLEARING, operation.amount)])


def hold_of(number: str) -> str:
    """Return the account that holds a trade's money."""
    return f"order_hold:{number}"


def postings_of(session: Session, number: str) -> list[Posting]:
    """Return a trade's postings in the order they were booked."""
    query = select(Posting).where(Posting.number == number)
    return list(session.scalars(query.order_by(Posting.booked_at, Posting.operation_id, Posting.place)))


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


def _book(session: Session, step: Pending, operation: Operation, lines: list[Line]) -> None:
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
                currency=operation.currency,
                booked_at=step.time,
            )
        )
