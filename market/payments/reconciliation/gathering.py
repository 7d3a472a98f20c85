"""Both sides of a report: the platform's movements and balance, fetched outside any transaction, and our books."""

import uuid
from collections.abc import Collection, Iterable, Iterator, Mapping, Set
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import ColumnElement, Select, and_, case, func, or_, select
from sqlalchemy.orm import Session

from market import clock
from market.db import read
from market.payments import books
from market.payments.models import Chargeback, Operation, Posting
from market.payments.platform import client
from market.payments.reconciliation import matching
from market.payments.reconciliation.matching import Booking, Clue, Line, Movement, Outcome, Window
from market.payments.states import OperationKind, OperationState, Processor
from market.payments.stripe import BalanceTransaction, InvalidRequest, Stripe

OVERLAP: Final = timedelta(days=3)
"""How long before and after the window the other side of a movement is looked for."""

SETTLES: Final = timedelta(days=1)
"""How long a movement may be without its outcome in the books before it is a difference."""

LOOKS: Final = 200
"""How many sources that do not match are asked about one by one; beyond that something larger is wrong."""

TRIES: Final = 3
"""How often the list is fetched again because money moved meanwhile."""

_CHUNK: Final = 500
_QUESTIONED: Final = ("du_", "dp_")
"""How the platform's numbers of chargebacks begin; what one takes is booked at the next look."""
_WAITING: Final = frozenset({OperationState.PLANNED, OperationState.OPEN})


@dataclass(frozen=True)
class Account:
    """What is held in one currency, minor units.

    Attributes:
        currency: ISO 4217, upper case.
        platform: what the platform says it holds, available or not yet.
        books: ``psp_clearing``.
        in_flight: what the platform moved and the books will have in a moment.
        explained: what was not explained at the last sign-off, where a person said what it is: payouts to the bank,
            fees of the platform's that belong to no trade.
    """

    currency: str
    platform: int
    books: int
    in_flight: int
    explained: int = 0

    @property
    def difference(self) -> int:
        """Return what is not explained; above zero where the platform holds more."""
        return self.platform - self.books - self.in_flight - self.explained


@dataclass(frozen=True)
class Found:
    """What a report says: every line of its window, and the balances as they are now."""

    lines: list[Line]
    accounts: list[Account]


def gather(begins_at: datetime, ends_at: datetime) -> Found:
    """Hold the books against the platform. Call it outside any transaction.

    Args:
        begins_at: the beginning of the window.
        ends_at: its end, left out.

    Raises:
        StripeError: the platform cannot be asked now.
    """
    platform = client()
    window = Window(int(begins_at.timestamp()), int(ends_at.timestamp()))
    both = _both(platform, begins_at - OVERLAP)
    lines = matching.match(both.movements, both.bookings, window)
    unlike = [line.source for line in lines if line.outcome in matching.DIFFERENT][:LOOKS]
    known = {one.id for one in both.movements}
    movements = [*both.movements, *(one for one in _of(platform, unlike) if one.id not in known)]
    # The balance is explained by everything in flight, inside the window or not.
    everything = Window(0, 1 << 40)
    lines = matching.match(movements, both.bookings, everything)
    unbooked = [line.source for line in lines if line.outcome is Outcome.PLATFORM]
    clues = _clues(platform, unbooked[-LOOKS:], movements)
    in_flight = matching.match(movements, both.bookings, everything, clues)
    return Found(
        matching.match(movements, both.bookings, window, clues),
        _accounts(both.balances, both.totals, in_flight),
    )


@dataclass(frozen=True)
class _Both:
    """Both sides as they stood at one moment, as far as that can be had without stopping either."""

    movements: list[Movement]
    bookings: list[Booking]
    balances: dict[str, int]
    totals: dict[str, int]


def _both(platform: Stripe, since: datetime) -> _Both:
    """Fetch the movements since a time and read the books of them, again if money moved meanwhile."""
    tries = TRIES
    while True:
        with read() as session:
            before = clearing(session)
        balances = platform.balance().amounts
        created = {"gte": int(since.timestamp())}
        movements = [_movement(one) for one in platform.balance_transactions(created=created)]
        tries -= 1
        still = tries == 0 or platform.balance().amounts == balances
        with read() as session:
            totals = clearing(session)
            if still and (tries == 0 or totals == before):
                bookings = _bookings(session, since, {one.source for one in movements})
                named = {currency.upper(): amount for currency, amount in balances.items()}
                return _Both(movements, bookings, named, totals)


def clearing(session: Session) -> dict[str, int]:
    """Return what the books say that the platform holds, minor units by currency."""
    signed = case((Posting.debit == books.CLEARING, Posting.amount), else_=-Posting.amount)
    query = select(Posting.currency, func.sum(signed)).where(_of_clearing()).group_by(Posting.currency)
    return {currency: int(total) for currency, total in session.execute(query)}


def _movement(one: BalanceTransaction) -> Movement:
    return Movement(one.id, one.type, one.source, one.amount, one.fee, one.currency.upper(), one.created)


def _of(platform: Stripe, sources: Iterable[str]) -> list[Movement]:
    """Fetch every movement of single sources, however long ago: a refund may fail weeks later."""
    return [
        _movement(one)
        for source in sources
        if "_" in source
        for one in platform.balance_transactions(source=source)
    ]


def _of_clearing() -> ColumnElement[bool]:
    return or_(Posting.debit == books.CLEARING, Posting.credit == books.CLEARING)


def _bookings(session: Session, since: datetime, sources: Set[str]) -> list[Booking]:
    """Return what the books say of everything since a time, and of the given sources."""
    found = [*_booked(session, _sums().where(Posting.booked_at >= since))]
    for some in _chunks(sources - {one.source for one in found} - {""}):
        named = select(Operation.id).where(or_(Operation.charge.in_(some), Operation.stripe_id.in_(some)))
        taken = select(Chargeback.id).where(Chargeback.stripe_id.in_(some))
        mine = or_(
            and_(Posting.operation_id.in_(named), Posting.chargeback_id.is_(None)),
            Posting.chargeback_id.in_(taken),
        )
        found += _booked(session, _sums().where(mine, Posting.booked_at < since))
    waiting = select(Operation).where(
        Operation.state == OperationState.PLANNED,
        Operation.kind != OperationKind.CHECKOUT,
        Operation.processor == Processor.STRIPE,
    )
    return [*found, *(_planned(row) for row in session.scalars(waiting))]


def _sums() -> Select[uuid.UUID, uuid.UUID | None, str, Any, Any, datetime]:
    into, fee = Posting.debit == books.CLEARING, Posting.debit == books.PSP_FEES
    back = Posting.credit == books.PSP_FEES
    return (
        select(
            Posting.operation_id,
            Posting.chargeback_id,
            Posting.currency,
            func.sum(case((or_(fee, back), 0), (into, Posting.amount), else_=-Posting.amount)),
            func.sum(case((fee, Posting.amount), (back, -Posting.amount), else_=0)),
            func.min(Posting.booked_at),
        )
        .where(_of_clearing())
        .group_by(Posting.operation_id, Posting.chargeback_id, Posting.currency)
    )


def _booked(
    session: Session, sums: Select[uuid.UUID, uuid.UUID | None, str, Any, Any, datetime]
) -> Iterator[Booking]:
    rows = session.execute(sums).all()
    operations: dict[uuid.UUID, Operation] = {}
    for some in _chunks({row[0] for row in rows}):
        operations |= {
            one.id: one for one in session.scalars(select(Operation).where(Operation.id.in_(some)))
        }
    questions: dict[uuid.UUID, str] = {}
    for some in _chunks({row[1] for row in rows if row[1]}):
        named = select(Chargeback).where(Chargeback.id.in_(some))
        questions |= {one.id: one.stripe_id for one in session.scalars(named)}
    for operation_id, chargeback_id, currency, amount, fee, booked_at in rows:
        row = operations[operation_id]
        own = (row.charge if row.kind is OperationKind.CHECKOUT else row.stripe_id) or ""
        yield replace(
            _planned(row),
            kind="chargeback" if chargeback_id else row.kind.value,
            source=questions[chargeback_id] if chargeback_id else own,
            amount=int(amount),
            fee=int(fee),
            currency=currency,
            moved=int(booked_at.timestamp()),
            booked=True,
        )


def _chunks(ids: Collection[Any]) -> Iterator[list[Any]]:
    """Yield ids in parts that a query takes."""
    ordered = sorted(ids)
    for start in range(0, len(ordered), _CHUNK):
        yield ordered[start : start + _CHUNK]


def _planned(row: Operation) -> Booking:
    return Booking(
        operation=str(row.id),
        number=row.number,
        kind=row.kind.value,
        source=row.stripe_id or "",
        amount=0,
        fee=0,
        currency=row.currency,
        moved=int(row.planned_at.timestamp()),
        booked=False,
    )


def _clues(platform: Stripe, sources: Iterable[str], movements: Iterable[Movement]) -> Mapping[str, Clue]:
    """Ask what the platform's own objects say of sources that the books do not have."""
    named: dict[str, uuid.UUID] = {}
    for source in sources:
        operation = _named(platform, source)
        if operation is not None:
            named[source] = operation
    last: dict[str, int] = {}
    for one in movements:
        last[one.source] = max(one.created, last.get(one.source, 0))
    late = int((clock.now() - SETTLES).timestamp())
    clues = {}
    with read() as session:
        for source, operation_id in named.items():
            row = session.get(Operation, operation_id)
            if row is not None:
                waits = row.state in _WAITING or source.startswith(_QUESTIONED)
                is_open = waits and last.get(source, 0) >= late
                clues[source] = Clue(str(row.id), row.number, is_open)
    return clues


def _named(platform: Stripe, source: str) -> uuid.UUID | None:
    """Return the operation that a charge, transfer, refund or chargeback is about, as its metadata say."""
    try:
        if source.startswith(("ch_", "py_")):
            metadata = platform.charge(source).metadata
        elif source.startswith("tr_"):
            metadata = platform.transfer(source).metadata
        elif source.startswith(("re_", "pyr_")):
            metadata = platform.refund(source).metadata
        elif source.startswith(_QUESTIONED):
            metadata = platform.payment_intent(platform.dispute(source).payment_intent).metadata
        else:
            return None
        return uuid.UUID(metadata.get("operation", ""))
    except (InvalidRequest, ValueError):
        return None


def _accounts(balances: Mapping[str, int], totals: Mapping[str, int], lines: Iterable[Line]) -> list[Account]:
    in_flight: dict[str, int] = {}
    for line in lines:
        if line.outcome is Outcome.PENDING:
            in_flight[line.currency] = in_flight.get(line.currency, 0) + line.difference
    return [
        Account(currency, balances.get(currency, 0), totals.get(currency, 0), in_flight.get(currency, 0))
        for currency in sorted(balances.keys() | totals.keys() | in_flight.keys())
    ]
