"""People and accounts at a bank: a receiving account in use, a provider's, and what the bank's statement says."""

import io
import itertools
import uuid
from typing import Any

from werkzeug.datastructures import FileStorage

from market import clock
from market.actor import Actor, Role
from market.db import read, transaction
from market.i18n import CHINA
from market.participants import service as participants
from market.payments.bank import accounts, announcing, confirming, desk, importing, recording
from market.payments.bank.accounts import Entered
from market.payments.bank.models import BankLine
from market.payments.bank.recording import Told
from market.payments.bank.states import Entry
from market.payments.service import Bill, Operation, operations_of
from market.trades import transferring
from tests import people
from tests.deals import Deal

_serial = itertools.count(1)


def entered(organisation_id: uuid.UUID, *, receiving: bool = False, **other: Any) -> Entered:
    """Return what is typed of an account in the organisation's name."""
    with read() as session:
        name = participants.found(session, organisation_id).name_zh
    given: dict[str, Any] = {
        "holder": name,
        "bank": "济南银行历下支行",
        "number": "3700 1616 8888 0000",
        "code": "313451000012",
        "currency": "CNY",
        **({"institution": "示例支付有限公司", "supervised": True} if receiving else {}),
    }
    return Entered(**{**given, **other})


class Bank:
    """Two operators, a receiving account, and a provider's.

    Args:
        provider: an administrator's organisation that is paid, or None.
    """

    def __init__(self, provider: Actor | None = None) -> None:
        self.first = people.operator()
        self.second = people.colleague(self.first, Role.OPERATOR)
        assert self.first.organisation_id is not None
        self.open(self.first, entered(self.first.organisation_id, receiving=True))
        if provider is not None and provider.organisation_id is not None:
            self.open(people.colleague(provider, Role.ADMIN), entered(provider.organisation_id))

    def open(self, who: Actor, given: Entered) -> uuid.UUID:
        """Enter an account and let the second operator confirm it."""
        with transaction() as session:
            row, _step = accounts.propose(session, who, given)
        with transaction() as session:
            accounts.confirm(session, self.second, row.id)
        return row.id

    def announce(self, bill: Bill, buyer: Actor) -> Operation:
        with transaction() as session:
            return announcing.announce(session, buyer, bill)[0].operation

    def say(self, told: Told, who: Actor | None = None) -> uuid.UUID:
        """Let one person record a line."""
        with transaction() as session:
            return recording.record(session, who or self.first, told)[0].id

    def confirm(self, line_id: uuid.UUID, who: Actor | None = None) -> BankLine:
        with transaction() as session:
            return confirming.confirm(session, who or self.second, line_id)[0]

    def both(self, told: Told) -> BankLine:
        """Let two people say the same."""
        return self.confirm(self.say(told))

    def funded(self, bill: Bill, buyer: Actor) -> Operation:
        """Announce a transfer, and let it come in as announced."""
        operation = self.announce(bill, buyer)
        self.both(came(operation))
        return operation

    def orders(self, bill: Bill) -> list[Operation]:
        """Return the orders that wait."""
        with read() as session:
            found = operations_of(session, bill.number)
        return [one for one in found if one.kind.value != "checkout" and one.state.value == "PLANNED"]


def came(operation: Operation, amount: int | None = None, **other: Any) -> Told:
    """Return the line of a transfer that came in."""
    return told(Entry.ARRIVED, operation, amount, **other)


def left(operation: Operation, **other: Any) -> Told:
    """Return the line of an order that the bank made."""
    return told(Entry.EXECUTED, operation, None, **other)


def refused(operation: Operation) -> Told:
    """Return what is said of an order that the bank refused."""
    return told(Entry.REFUSED, operation, 0, serial=None, reason="账号与户名不符")


def told(entry: Entry, operation: Operation, amount: int | None, **other: Any) -> Told:
    given: dict[str, Any] = {
        "entry": entry,
        "reference": f"货款 {operation.reference}",
        "value_date": clock.now().astimezone(CHINA).date(),
        "serial": serial(),
        "amount": operation.amount if amount is None else amount,
        "currency": operation.currency,
        "counterparty": "买方有限公司 6222 0000",
    }
    return Told(**{**given, **other})


def serial() -> str:
    """Return a serial that no other line here has."""
    return f"SN{next(_serial):08d}"


def nobodys() -> Operation:
    """Return what money is about that names nothing."""
    return Operation(reference="none", amount=700, currency="CNY")


def announced(deal: Deal) -> None:
    """Choose bank transfer for a trade that is due, and send a proof of it."""
    transferring.announce(deal.buyer, deal.number)
    file = FileStorage(io.BytesIO(b"%PDF-1.7\n%%EOF\n"), filename="proof.pdf")
    transferring.show_proof(deal.buyer, deal.number, file)


def story(deal: Deal) -> Operation:
    """Pay a trade that is due by bank transfer, seen on a statement with another line that nobody knows."""
    bank = Bank(deal.provider)
    announced(deal)
    with read() as session:
        (operation,) = operations_of(session, deal.number)
    with transaction() as session:
        importing.import_statement(session, bank.first, statement(operation), 900)
    with read() as session:
        lines = {one.line.operation_id: one.line.id for one in desk.shown(session, bank.second).lines}
    bank.confirm(lines[operation.id])
    with transaction() as session:
        recording.dismiss(session, bank.second, lines[None], "利息")
    return operation


def statement(operation: Operation) -> bytes:
    """Return a statement with what came in for a payment, and the bank's interest."""
    day = clock.now().astimezone(CHINA).date().isoformat()
    yuan = f"{operation.amount / 100:.2f}"
    return (
        "date,serial,amount,direction,counterparty,reference\n"
        f"{day},{serial()},{yuan},in,买方有限公司,{operation.reference}\n"
        f"{day},{serial()},9.00,in,银行,利息\n"
    ).encode()


def proposed(actor: Actor) -> str:
    """Return an account of somebody's organisation that waits for its second person."""
    assert actor.organisation_id is not None
    typed = entered(actor.organisation_id)
    with transaction() as session:
        return str(accounts.propose(session, actor, typed)[0].id)


def waiting(provider: Actor, deal: Deal) -> dict[str, str]:
    """Let a trade wait for a bank transfer with a proof; return an account and a line that wait for another person."""
    assert provider.organisation_id is not None
    bank = Bank(provider)
    announced(deal)
    typed = entered(provider.organisation_id, number="6222 0000 1111")
    with transaction() as session:
        account, _step = accounts.propose(session, provider, typed)
    return {
        "bank_account": str(account.id),
        "bank_line": str(bank.say(came(nobodys()))),
        "provider_name": typed.holder,
        "bank_statement": statement(nobodys()).decode(),
    }
