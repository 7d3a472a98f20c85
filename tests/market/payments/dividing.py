"""Steps of a price that is divided, or paid back after its release, and what platform and books make of them."""

import uuid

from market import steps
from market.actor import Actor
from market.db import read, transaction
from market.migrations import metadata
from market.payments import service
from market.payments.models import Operation
from market.payments.service import Bill
from market.payments.states import OperationKind
from market.steps import Kind, fsck
from tests.market.payments.conftest import Money

SYSTEM = Actor.system("test")


class Killed(BaseException):
    """The process ends here."""


def divide(money: Money, bill: Bill) -> None:
    """Plan both ways, as the room above does."""
    money.out(bill, service.plan_refund)
    money.out(bill, service.plan_transfer)


def repay(bill: Bill, cause_id: uuid.UUID, amount: int, fee: int = 0) -> Operation:
    with transaction() as session:
        return service.plan_repayment(session, SYSTEM, bill, cause_id, amount, fee)


def take_back(bill: Bill, cause_id: uuid.UUID, amount: int) -> Operation | None:
    with transaction() as session:
        return service.plan_reversal(session, SYSTEM, bill, cause_id, amount)


def close(bill: Bill, cause_id: uuid.UUID, missing: int) -> None:
    """Book what is missing, within a step as the room above takes one."""
    with transaction() as session:
        step = steps.begin(SYSTEM, Kind.REDRESS_CLOSED, bill.handle)
        service.book_shortfall(session, step, bill, cause_id, missing)
        steps.record(session, step)


def owes(bill: Bill) -> int:
    with transaction() as session:
        return service.owed_by(session, bill.provider_id, bill.currency)


def account(money: Money, bill: Bill) -> str:
    with read() as session:
        found = service.account_of(session, bill.provider_id)
    assert found is not None
    return str(found.stripe_id)


def paid_out(money: Money, bill: Bill, amount: int) -> None:
    """Let the provider have its money paid out, so that the platform cannot take it back."""
    money.control(f"objects/{account(money, bill)}", _paid_out={"cny": amount})


def moved(money: Money, *bills: Bill) -> dict[str, list[int]]:
    """Return the amounts of all movements that the platform has made for trades."""
    found: dict[str, list[int]] = {"transfer": [], "refund": [], "reversal": []}
    for bill in bills:
        paid = next(one for one in money.all(bill) if one.kind is OperationKind.CHECKOUT)
        transfers = list(money.stripe.transfers(f"trade-{bill.number}"))
        found["transfer"] += [one.amount for one in transfers]
        found["refund"] += [one.amount for one in money.stripe.refunds(paid.payment_intent or "")]
        for one in transfers:
            found["reversal"] += [back.amount for back in money.stripe.reversals(one.id)]
    return found


def balanced(money: Money, *bills: Bill) -> dict[str, int]:
    """Return the books of trades together, once they are what the platform holds and fsck finds nothing."""
    totals: dict[str, int] = {}
    for bill in bills:
        for name, amount in money.balances(bill).items():
            totals[name] = totals.get(name, 0) + amount
    assert money.stripe.balance().amounts == {"cny": totals["psp_clearing"]}
    with read() as session:
        assert list(fsck.check(session, metadata())) == []
    return totals
