"""What the platform moved against what the books say, by the platform's number of each: pure, no database, no network.

All movements of one source are added up before they are compared: a refund that failed is two movements, which come
to nothing, and so do its postings.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeVar

One = TypeVar("One")


class Outcome(StrEnum):
    """What came of comparing one charge, transfer or refund.

    PENDING is in flight: moved at the platform for an operation whose outcome is not recorded yet, or planned here
    and not moved yet. It is no difference, and the next report finds it again.
    """

    MATCHED = "matched"
    AMOUNT = "amount"
    FEE = "fee"
    PLATFORM = "platform"
    BOOKS = "books"
    PENDING = "pending"


DIFFERENT = frozenset({Outcome.AMOUNT, Outcome.FEE, Outcome.PLATFORM, Outcome.BOOKS})
"""Outcomes that a person must explain."""


@dataclass(frozen=True)
class Movement:
    """A movement of the balance, as the platform lists it.

    Attributes:
        id: the platform's number of the movement.
        type: the platform's word for what it is.
        source: its number of the charge, transfer, refund or payout that moved the balance; may be empty.
        amount: signed minor units of ``currency`` before the fee.
        fee: minor units that the platform keeps.
        currency: ISO 4217, upper case.
        created: seconds since the epoch.
    """

    id: str
    type: str
    source: str
    amount: int
    fee: int
    currency: str
    created: int


@dataclass(frozen=True)
class Booking:
    """What one operation moved in ``psp_clearing``, as the books say.

    Attributes:
        operation: our id of it.
        number: the trade's number.
        kind: checkout, transfer or refund.
        source: the platform's number of its charge, transfer or refund; empty while there is none.
        amount: signed minor units of ``currency`` before the fee.
        fee: minor units booked as the platform's fee.
        currency: ISO 4217, upper case.
        moved: seconds since the epoch, when it was booked, or planned if it is not booked yet.
        booked: False for a transfer or refund that is planned: its outcome is not known here.
    """

    operation: str
    number: str
    kind: str
    source: str
    amount: int
    fee: int
    currency: str
    moved: int
    booked: bool = True


@dataclass(frozen=True)
class Clue:
    """What the platform's own object says of a movement that the books do not have.

    Attributes:
        operation: the operation it names; empty when it names none of ours.
        number: that operation's trade.
        open: whether the operation waits for its outcome, so that the books will have it in a moment.
    """

    operation: str
    number: str
    open: bool


@dataclass(frozen=True)
class Line:
    """One charge, transfer or refund, compared; None stands where a side does not have it.

    Attributes:
        outcome: what came of it.
        currency: ISO 4217, upper case.
        at: seconds since the epoch: when the platform moved it, else when the books did.
        platform: signed minor units that the platform moved.
        books: signed minor units that the books say.
        platform_fee: what the platform kept.
        books_fee: what is booked of that.
    """

    outcome: Outcome
    source: str
    type: str
    operation: str
    number: str
    currency: str
    at: int
    platform: int | None
    books: int | None
    platform_fee: int | None
    books_fee: int | None

    @property
    def difference(self) -> int:
        """Return by how much the platform's balance is above what the books say, minor units."""
        platform = (self.platform or 0) - (self.platform_fee or 0)
        return platform - (self.books or 0) + (self.books_fee or 0)


@dataclass(frozen=True)
class Window:
    """A span of time in seconds since the epoch, its end left out."""

    begins: int
    ends: int

    def __contains__(self, moment: int) -> bool:
        return self.begins <= moment < self.ends


def match(
    movements: Iterable[Movement],
    bookings: Iterable[Booking],
    window: Window,
    clues: Mapping[str, Clue] | None = None,
) -> list[Line]:
    """Compare both sides; every source that one of them moved inside the window makes a line for each currency.

    Args:
        movements: what the platform lists, of the window and some days around it; all that there are of a source.
        bookings: what the books say, of the same time and of the same sources.
        window: what the report is about. What both sides moved outside it is another report's.
        clues: what is known of sources that the books do not have.

    Returns:
        The lines, the oldest first, in an order of their own that does not depend on the input's.
    """
    told = {clue.operation for clue in (clues or {}).values()}
    moved = _by_source((one.source or one.id, one) for one in movements)
    # What is planned here, and was found moved there, is one thing in flight, not two.
    booked = _by_source(
        (one.source or one.operation, one) for one in bookings if one.booked or one.operation not in told
    )
    lines = [
        line
        for source in moved.keys() | booked.keys()
        if any(one.created in window for one in moved.get(source, []))
        or any(one.moved in window for one in booked.get(source, []))
        for line in _lines(source, moved.get(source, []), booked.get(source, []), (clues or {}).get(source))
    ]
    return sorted(lines, key=lambda line: (line.at, line.source, line.currency))


def _by_source(pairs: Iterable[tuple[str, One]]) -> dict[str, list[One]]:
    found: dict[str, list[One]] = {}
    for source, one in pairs:
        found.setdefault(source, []).append(one)
    return found


def _lines(source: str, moved: list[Movement], booked: list[Booking], clue: Clue | None) -> Iterator[Line]:
    first = min(booked, key=lambda one: (one.moved, one.operation), default=None)
    type = min(moved, key=lambda one: (one.created, one.id)).type if moved else first.kind if first else ""
    times = [one.created for one in moved] or [one.moved for one in booked]
    for currency in sorted({one.currency for one in moved} | {one.currency for one in booked}):
        theirs = [one for one in moved if one.currency == currency]
        ours = [one for one in booked if one.currency == currency]
        yield Line(
            outcome=_outcome(theirs, ours, bool(moved and booked), clue),
            source=source,
            type=type,
            operation=first.operation if first else clue.operation if clue else "",
            number=first.number if first else clue.number if clue else "",
            currency=currency,
            at=min(times),
            platform=sum(one.amount for one in theirs) if theirs else None,
            books=sum(one.amount for one in ours if one.booked) if any(one.booked for one in ours) else None,
            platform_fee=sum(one.fee for one in theirs) if theirs else None,
            books_fee=sum(one.fee for one in ours if one.booked) if any(one.booked for one in ours) else None,
        )


def _outcome(theirs: list[Movement], ours: list[Booking], both: bool, clue: Clue | None) -> Outcome:
    """Tell what came of one currency; ``both`` says that each side knows the source, in whatever currency."""
    if any(not one.booked for one in ours):
        return Outcome.PENDING
    if not (theirs and ours):
        if both:
            return Outcome.AMOUNT  # the same charge, in another currency
        if ours:
            return Outcome.BOOKS
        return Outcome.PENDING if clue is not None and clue.open else Outcome.PLATFORM
    if sum(one.amount for one in theirs) != sum(one.amount for one in ours):
        return Outcome.AMOUNT
    if sum(one.fee for one in theirs) != sum(one.fee for one in ours):
        return Outcome.FEE
    return Outcome.MATCHED
