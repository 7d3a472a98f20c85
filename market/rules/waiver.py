"""The startup waiver (R4.18): who uses an authority's public data free of charge, from when, until when, or why not.

Pure: what is known of the buyer, the asset and the listing goes in, a verdict comes out. Days are days in China
Standard Time; a period of years ends with its last day, which counts as a whole (Civil Code, articles 201 to 203).
"""

from calendar import isleap
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, timezone
from enum import StrEnum
from typing import Final

RULE: Final = "R4.18"
YEARS: Final = "waiver.years"
"""The value of the rule book that says how many years it lasts; books without it know no waiver."""
BLANK: Final = "use.waiver"
"""The blank of the model text by which a contract says that it is applied."""
_CHINA: Final = timezone(timedelta(hours=8))
_TURNS: Final = timedelta(hours=24)


class Why(StrEnum):
    """Why there is no waiver."""

    FREE = "free"
    """Nothing is charged, so there is nothing to waive."""
    NOT_PUBLIC = "not_public"
    """The asset is not registered as the public data of an authority."""
    NO_CLAUSE = "no_clause"
    """The model text has no clause on it."""
    TOO_EARLY = "too_early"
    """The buyer is not established yet, by the day that was verified."""
    TOO_OLD = "too_old"
    """The period since the buyer's establishment is over."""


@dataclass(frozen=True)
class Verdict:
    """What the rule says on one day.

    Attributes:
        first: the day of the buyer's establishment, from which on it is free.
        last: the last day of free use.
        why: why it is not applied; None when it is.
    """

    first: date
    last: date
    why: Why | None

    @property
    def eligible(self) -> bool:
        """Whether the fee is waived."""
        return self.why is None


def last_day(established_on: date, years: int) -> date:
    """Return the last day of a period of years: its day of the year, of 29 February the last of the month.

    Args:
        established_on: the day from which it is counted.
        years: at least 1.
    """
    year = established_on.year + years
    if (established_on.month, established_on.day) == (2, 29) and not isleap(year):
        return date(year, 2, 28)
    return established_on.replace(year=year)


def ends_at(last: date) -> datetime:
    """Return the moment after the last day of free use (aware UTC)."""
    return (datetime.combine(last, time(), _CHINA) + _TURNS).astimezone(UTC)


def day_of(moment: datetime) -> date:
    """Return the day on which an aware moment falls."""
    return moment.astimezone(_CHINA).date()


def days_left(today: date, last: date) -> int:
    """Return the days of free use that are left, today's among them; 0 once it is over."""
    return max((last - today).days + 1, 0)


def judge(
    *, established_on: date, authority: str | None, price: int, has_clause: bool, today: date, years: int
) -> Verdict:
    """Return whether the fee is waived for a buyer today.

    Args:
        established_on: the day of establishment that the operator verified.
        authority: whose public data the asset is registered as; None for nobody's.
        price: what the listing asks for, in minor units.
        has_clause: whether the model text has the blank :data:`BLANK`.
        today: the day in China Standard Time on which a contract is asked for.
        years: value :data:`YEARS` of the rule book.
    """
    last = last_day(established_on, years)
    why = None
    if not price:
        why = Why.FREE
    elif not authority:
        why = Why.NOT_PUBLIC
    elif not has_clause:
        why = Why.NO_CLAUSE
    elif today < established_on:
        why = Why.TOO_EARLY
    elif today > last:
        why = Why.TOO_OLD
    return Verdict(established_on, last, why)
