"""Statements: what the books say of one organisation in one calendar month in China Standard Time.

An organisation has two sides in the books, each a section of its statement for each currency:

* *purchases*: what is held of its own money, ``order_hold`` and ``suspense`` of the trades in which it paid;
* *sales*: what it is owed, ``provider_payable`` less ``provider_receivable``.

Every figure is taken from postings and from nothing else, so a statement cannot differ from the books; what an
operation says is only whose a trade's money is. A line beside the balance (the platform fee of a sale, which never
was the provider's) stands there twice with opposite signs, so that a reader finds the gross amount and the fee.
"""

import uuid
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from itertools import groupby
from typing import Any, Final

from sqlalchemy import ColumnElement, Select, and_, case, func, or_, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from market import clock, permissions
from market.actor import Actor
from market.i18n import lazy
from market.participants import service as participants
from market.payments import books
from market.payments.models import Operation, Posting
from market.payments.months import Month
from market.payments.states import OperationKind
from market.steps import Step

_NOBODY: Final = uuid.UUID(int=0)
"""The organisation of who has none."""


class Book(StrEnum):
    """Which side of an organisation a section is about."""

    PURCHASES = "purchases"
    SALES = "sales"


class Movement(StrEnum):
    """What moved, as the organisation sees it."""

    PAYMENT = "payment"
    """It paid."""
    RELEASE = "release"
    """What was held of its money went to the provider and the exchange."""
    RETURNED = "returned"
    """What was released came back for it."""
    REFUND = "refund"
    """It got money back."""
    SALE = "sale"
    """The price of a sale was released to it."""
    FEE = "fee"
    """The exchange kept its platform fee."""
    FEE_RETURNED = "fee_returned"
    """The exchange gave a platform fee back."""
    SALE_REFUNDED = "sale_refunded"
    """A price that was released to it went back to the buyer."""
    PAYOUT = "payout"
    """It was paid on its account at the payment platform or at its bank."""
    RECOVERED = "recovered"
    """It gave money back."""
    CHARGEBACK = "chargeback"
    """The buyer's bank took it back through the card network."""
    OTHER = "other"
    """Anything else that the books hold of it."""


BOOKS: Final = {Book.PURCHASES: lazy("Purchases"), Book.SALES: lazy("Sales")}
HELD: Final = {
    Book.PURCHASES: lazy(
        "The balance is what is held of the organisation's money until acceptance or return."
    ),
    Book.SALES: lazy("The balance is what the organisation is owed; with a minus sign, what it owes."),
}
"""What the balance of a section is."""
MOVEMENTS: Final = {
    Movement.PAYMENT: lazy("Payment made"),
    Movement.RELEASE: lazy("Released to the provider"),
    Movement.RETURNED: lazy("Taken back after release"),
    Movement.REFUND: lazy("Refund received"),
    Movement.SALE: lazy("Sale released"),
    Movement.FEE: lazy("Platform fee"),
    Movement.FEE_RETURNED: lazy("Platform fee returned"),
    Movement.SALE_REFUNDED: lazy("Refunded to the buyer"),
    Movement.PAYOUT: lazy("Paid out"),
    Movement.RECOVERED: lazy("Paid back to the exchange"),
    Movement.CHARGEBACK: lazy("Taken back by the buyer's bank"),
    Movement.OTHER: lazy("Other movement"),
}
"""The reader's words; a test holds them complete."""


@dataclass(frozen=True)
class Entry:
    """One movement.

    Attributes:
        kind: what moved.
        number: of the trade.
        operation_id: of the operation that moved it.
        entry_id: of the ledger entry that booked it.
        booked_at: aware UTC.
        amount: minor units that it adds to the balance; negative where it takes.
        balance: minor units after it.
    """

    kind: Movement
    number: str
    operation_id: uuid.UUID
    entry_id: uuid.UUID
    booked_at: datetime
    amount: int
    balance: int


@dataclass(frozen=True)
class Section:
    """One side of an organisation in one currency.

    Attributes:
        book: which side.
        currency: ISO 4217.
        opening: minor units at the beginning of the month, of all that was booked before.
        entries: in the order they were booked.
    """

    book: Book
    currency: str
    opening: int
    entries: list[Entry]

    @property
    def closing(self) -> int:
        """Minor units at the end of the month, which are the next one's opening."""
        return self.opening + sum(entry.amount for entry in self.entries)

    @property
    def totals(self) -> dict[Movement, int]:
        """Minor units by kind of movement, in the order of the kinds."""
        found = {kind: [one.amount for one in self.entries if one.kind is kind] for kind in Movement}
        return {kind: sum(amounts) for kind, amounts in found.items() if amounts}


@dataclass(frozen=True)
class Statement:
    """What the books say of an organisation in a month.

    Attributes:
        organisation_id: whose.
        month: which.
        complete: whether the month is over, so that nothing can be booked in it any more.
        sections: those with a balance or a movement.
    """

    organisation_id: uuid.UUID
    month: Month
    complete: bool
    sections: list[Section]


def whose(session: Session, actor: Actor, organisation_id: uuid.UUID | None) -> uuid.UUID:
    """Return the organisation whose statements the actor may read: its own, or any for operator and auditor.

    Args:
        session: a session that reads.
        actor: who asks.
        organisation_id: None for the actor's own.

    Raises:
        NotFound: there is none, or the actor may not know of it.
        Forbidden: the actor's role does not include it.
    """
    organisation = participants.seen(session, actor, organisation_id or actor.organisation_id or _NOBODY)
    permissions.require(actor, "statement.read", participants.relation(actor, organisation))
    return organisation.id


def of_month(session: Session, owner: uuid.UUID, month: Month) -> Statement:
    """Return the statement of an organisation that :func:`whose` gave, for a month that has begun."""
    found = [
        section
        for book in Book
        for section in _sections(session, owner, book, month)
        if section.opening or section.entries
    ]
    return Statement(owner, month, month.end <= clock.now(), found)


def months(session: Session, owner: uuid.UUID) -> list[Month]:
    """Return the months from the first movement to the present one, the latest first."""
    firsts = [
        session.scalar(select(func.min(Posting.booked_at)).where(_touches(owner, book))) for book in Book
    ]
    last = Month.of(clock.now())
    month = min((Month.of(first) for first in firsts if first is not None), default=last)
    found = [month]
    while (month := month.next) <= last:
        found.append(month)
    return found[::-1]


def plain(found: Statement) -> dict[str, Any]:
    """Return a statement for a program."""
    return {
        "organisation_id": found.organisation_id,
        "month": str(found.month),
        "since": found.month.begin,
        "until": found.month.end,
        "complete": found.complete,
        "sections": [_plain(section) for section in found.sections],
    }


def entries(book: Book, postings: Iterable[Posting], opening: int) -> list[Entry]:
    """Return what postings of one currency mean to an organisation, in the order given; pure.

    Args:
        book: which side of it.
        postings: those of its operations on that side, in the order they were booked.
        opening: minor units before the first of them.
    """
    found: list[Entry] = []
    balance = opening
    for (operation_id, entry_id), group in groupby(postings, lambda one: (one.operation_id, one.step_id)):
        sums: dict[Movement, int] = {}
        for posting in group:
            number, booked_at = posting.number, posting.booked_at
            for kind, amount in _meaning(book, posting):
                sums[kind] = sums.get(kind, 0) + amount
        for kind in Movement:
            if kind in sums:
                balance += sums[kind]
                found.append(Entry(kind, number, operation_id, entry_id, booked_at, sums[kind], balance))
    return found


def _plain(section: Section) -> dict[str, Any]:
    return {
        "side": section.book.value,
        "currency": section.currency,
        "opening": section.opening,
        "movements": [
            {**vars(one), "kind": one.kind.value, "trade": one.number, "time": one.booked_at}
            for one in section.entries
        ],
        "totals": [{"kind": kind.value, "amount": amount} for kind, amount in section.totals.items()],
        "closing": section.closing,
    }


def _meaning(book: Book, posting: Posting) -> Iterator[tuple[Movement, int]]:
    """Yield what one posting is to an organisation; the sum is what it adds to the balance."""
    # It is the same to the organisation whether the money came and went by the platform or by the bank.
    debit, credit = (
        books.CLEARING if account == books.BANK else account.partition(":")[0]
        for account in (posting.debit, posting.credit)
    )
    mine = _CLASSES[book]
    if debit in mine and credit in mine:
        return
    if credit in mine:
        yield _IN.get((book, debit), Movement.OTHER), posting.amount
    elif debit in mine:
        kind = _OUT.get((book, debit, credit)) or _OUT.get((book, "", credit), Movement.OTHER)
        yield kind, -posting.amount
    elif (pair := _BESIDE.get((book, debit, credit))) is not None:
        yield pair[0], posting.amount
        yield pair[1], -posting.amount


_HOLD, _SUSPENSE, _PAYABLE, _RECEIVABLE = "order_hold", "suspense", "provider_payable", "provider_receivable"
_RECOVERY, _DISPUTED = "recovery", "dispute_suspense"
_CLASSES: Final = {
    Book.PURCHASES: frozenset({_HOLD, _SUSPENSE}),
    Book.SALES: frozenset({_PAYABLE, _RECEIVABLE, _RECOVERY}),
}
"""The classes of book accounts that make the balance of each side."""
_IN: Final = {
    (Book.PURCHASES, books.CLEARING): Movement.PAYMENT,
    (Book.SALES, _HOLD): Movement.SALE,
    (Book.SALES, books.CLEARING): Movement.RECOVERED,
}
"""What a credit of the balance is, by the account that is debited."""
_OUT: Final = {
    (Book.PURCHASES, "", books.CLEARING): Movement.REFUND,
    (Book.PURCHASES, "", _PAYABLE): Movement.RELEASE,
    (Book.PURCHASES, "", _RECEIVABLE): Movement.RELEASE,
    (Book.PURCHASES, "", books.FEE_REVENUE): Movement.RELEASE,
    (Book.SALES, _PAYABLE, books.CLEARING): Movement.PAYOUT,
    (Book.SALES, _RECOVERY, books.CLEARING): Movement.SALE_REFUNDED,
    (Book.PURCHASES, "", _DISPUTED): Movement.CHARGEBACK,
    (Book.SALES, "", _DISPUTED): Movement.CHARGEBACK,
}
"""What a debit of the balance is, by the account that is debited (empty for any) and the one that is credited."""
_BESIDE: Final = {
    (Book.PURCHASES, _RECOVERY, books.CLEARING): (Movement.RETURNED, Movement.REFUND),
    (Book.PURCHASES, books.FEE_REVENUE, books.CLEARING): (Movement.RETURNED, Movement.REFUND),
    (Book.SALES, _HOLD, books.FEE_REVENUE): (Movement.SALE, Movement.FEE),
    (Book.SALES, books.FEE_REVENUE, books.CLEARING): (Movement.FEE_RETURNED, Movement.SALE_REFUNDED),
    (Book.PURCHASES, _RECOVERY, _DISPUTED): (Movement.RETURNED, Movement.CHARGEBACK),
    (Book.PURCHASES, books.FEE_REVENUE, _DISPUTED): (Movement.RETURNED, Movement.CHARGEBACK),
    (Book.SALES, books.FEE_REVENUE, _DISPUTED): (Movement.FEE_RETURNED, Movement.CHARGEBACK),
}
"""What passes the balance by and is told all the same, in and out."""


def _sections(session: Session, owner: uuid.UUID, book: Book, month: Month) -> Iterator[Section]:
    openings = _openings(session, owner, book, month.begin)
    rows = session.scalars(_postings(owner, book, month)).all()
    for currency in sorted(openings.keys() | {row.currency for row in rows}):
        opening = openings.get(currency, 0)
        these = [row for row in rows if row.currency == currency]
        yield Section(book, currency, opening, entries(book, these, opening))


def _postings(owner: uuid.UUID, book: Book, month: Month) -> Select[Posting]:
    query = select(Posting).join(Step, Step.id == Posting.step_id).where(_concerns(owner, book))
    query = query.where(Posting.booked_at >= month.begin, Posting.booked_at < month.end)
    # Within one moment the order is that of the trade's steps.
    return query.order_by(Posting.booked_at, Step.object, Step.seq, Posting.operation_id, Posting.place)


def _openings(session: Session, owner: uuid.UUID, book: Book, before: datetime) -> dict[str, int]:
    """Return the balance at a moment in minor units by currency: credits less debits."""
    credit = case((_own(owner, book, Posting.credit), Posting.amount), else_=0)
    debit = case((_own(owner, book, Posting.debit), Posting.amount), else_=0)
    query = (
        select(Posting.currency, func.sum(credit - debit))
        .where(_touches(owner, book), Posting.booked_at < before)
        .group_by(Posting.currency)
    )
    return {currency: int(total) for currency, total in session.execute(query)}


def _touches(owner: uuid.UUID, book: Book) -> ColumnElement[bool]:
    """Return the condition that a posting changes the balance of one side of an organisation."""
    touches = or_(_own(owner, book, Posting.debit), _own(owner, book, Posting.credit))
    return and_(Posting.number.in_(_paid(owner)), touches) if book is Book.PURCHASES else touches


def _concerns(owner: uuid.UUID, book: Book) -> ColumnElement[bool]:
    """Return the condition that a posting is of an operation that is told to one side of an organisation."""
    if book is Book.PURCHASES:
        return Posting.number.in_(_paid(owner))
    return Posting.operation_id.in_(select(Posting.operation_id).where(_touches(owner, book)))


def _own(owner: uuid.UUID, book: Book, account: InstrumentedAttribute[str]) -> ColumnElement[bool]:
    """Return the condition that an account is one of those that make the balance."""
    if book is Book.PURCHASES:  # of trades that it pays, see _paid
        return or_(*(account.startswith(f"{name}:") for name in sorted(_CLASSES[book])))
    own = account.in_([f"{name}:{owner}" for name in (_PAYABLE, _RECEIVABLE)])
    return or_(own, and_(account.startswith(f"{_RECOVERY}:"), Posting.number.in_(_sold(owner))))


def _sold(owner: uuid.UUID) -> Select[str]:
    """Return the numbers of the trades in which an organisation was paid."""
    return select(Operation.number).where(
        Operation.organisation_id == owner, Operation.kind == OperationKind.TRANSFER
    )


def _paid(owner: uuid.UUID) -> Select[str]:
    """Return the numbers of the trades in which an organisation pays."""
    return select(Operation.number).where(
        Operation.organisation_id == owner, Operation.kind == OperationKind.CHECKOUT
    )
