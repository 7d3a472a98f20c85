"""When which part of a price is owed: the plan that follows from the terms and the moment they came into force.

Pure, so that the exchange that collects the money and a stranger who checks it come to the same instalments.  The
article on the price says when each is due: at once within the days to pay, in the instalments of the schedule, or
for each period of a subscription; days and periods are counted from the day the contract came into force.
"""

from calendar import monthrange
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from types import MappingProxyType
from typing import Any, Final

from contracts.errors import TermsError
from contracts.money import Money, split
from contracts.terms import CHINA, AnyTerms, Filled

MONTHS: Final[Mapping[str, int]] = MappingProxyType({"month": 1, "quarter": 3, "year": 12})
"""Words of the model texts for a period, and how many calendar months it has."""
_PARTS: Final = 1_000_000_000
"""A share is written with nine decimal places at most; as whole numbers they are exact weights."""
_WHOLE: Final = 10_000
"""Basis points of a whole price."""


@dataclass(frozen=True, slots=True)
class Instalment:
    """One part of a price.

    Attributes:
        ordinal: 1, 2, … in the order in which they fall due.
        amount: minor units of the price's currency, more than 0.
        due_at: until when it is to be paid (aware UTC).
        label: what the schedule calls it; None where it has no name.
        starts: first moment of the period that it is for (aware UTC); None where it is for no period.
        ends: end of that period, left out.
    """

    ordinal: int
    amount: int
    due_at: datetime
    label: str | None = None
    starts: datetime | None = None
    ends: datetime | None = None


def plan(terms: AnyTerms | Filled, in_force: datetime) -> tuple[Instalment, ...]:
    """Return the instalments of a price, in the order in which they fall due; none where nothing is owed.

    Args:
        terms: what was agreed.
        in_force: when it came into force (aware UTC).

    Raises:
        TermsError: the price is counted by use, so that no amount is known beforehand, or is filled in wrongly.
    """
    price, days = terms.price, timedelta(days=terms.payment_days)
    values = terms.values if isinstance(terms, Filled) else {}
    if not price.amount:
        return ()
    if values.get("price.model") == "subscription":
        return _periods(values, in_force, days)
    if rows := values.get("price.milestones"):
        return _milestones(rows, price, in_force)
    return (Instalment(1, price.amount, in_force + days),)


def fees(plan: Sequence[Instalment], points: int) -> list[int]:
    """Return the fee on each instalment in minor units; together they are just the fee on the whole.

    Args:
        plan: the instalments of one price.
        points: the fee in basis points of the price.
    """
    amounts = [one.amount for one in plan]
    if not amounts:
        return []
    return split(split(sum(amounts), [_WHOLE - points, points])[1], amounts)


def begins(in_force: datetime, period: str, place: int) -> datetime:
    """Return when a period begins, by the calendar of China Standard Time.

    A day that the month does not have is its last day; each period is counted from the first, so that one which
    began on the 31st does so again wherever there is one.

    Args:
        in_force: when the first one begins (aware UTC).
        period: ``month``, ``quarter`` or ``year``.
        place: 0 for the first, 1 for the next, …

    Raises:
        TermsError: no such period.
    """
    if period not in MONTHS:
        raise TermsError("price.period", "is month, quarter or year", "应为月、季度或年")
    day = in_force.astimezone(CHINA)
    months = day.year * 12 + day.month - 1 + place * MONTHS[period]
    year, month = divmod(months, 12)
    last = monthrange(year, month + 1)[1]
    return day.replace(year=year, month=month + 1, day=min(day.day, last)).astimezone(in_force.tzinfo)


def _periods(values: Mapping[str, Any], in_force: datetime, days: timedelta) -> tuple[Instalment, ...]:
    amount, period = Money(**values["price.period_amount"]).amount, str(values.get("price.period"))
    starts = [begins(in_force, period, place) for place in range(values["price.periods"] + 1)]
    return tuple(
        Instalment(place, amount, start + days, None, start, end)
        for place, (start, end) in enumerate(pairwise(starts), 1)
    )


def _milestones(
    rows: Sequence[Mapping[str, Any]], price: Money, in_force: datetime
) -> tuple[Instalment, ...]:
    """Return the instalments of the schedule, the earliest first; a row without a share owes nothing."""
    amounts = split(price.amount, [int(Decimal(row["share"]) * _PARTS) for row in rows])
    owed = [(row["days"], row["label"], amount) for row, amount in zip(rows, amounts, strict=True) if amount]
    in_order = sorted(owed, key=lambda one: int(one[0]))
    return tuple(
        Instalment(place, amount, in_force + timedelta(days=after), label)
        for place, (after, label, amount) in enumerate(in_order, 1)
    )
