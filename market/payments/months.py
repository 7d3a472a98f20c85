"""Calendar months in China Standard Time, by which statements are cut."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from market import clock
from market.errors import Invalid
from market.i18n import CHINA
from market.i18n import gettext as _

_MONTH: Final = re.compile(r"(2[0-9]{3})-(0[1-9]|1[0-2])\Z", re.ASCII)


@dataclass(frozen=True, order=True)
class Month:
    """A calendar month in China Standard Time.

    Attributes:
        year: 2000 to 2999.
        month: 1 to 12.
    """

    year: int
    month: int

    @classmethod
    def of(cls, moment: datetime) -> "Month":
        """Return the month that an aware moment lies in."""
        there = moment.astimezone(CHINA)
        return cls(there.year, there.month)

    @classmethod
    def parse(cls, text: str) -> "Month":
        """Return the month that is written, such as ``2026-11``.

        Raises:
            Invalid: ``month.invalid``: not so written, or it has not begun.
        """
        match = _MONTH.match(text)
        found = cls(int(match[1]), int(match[2])) if match else None
        if found is None or found.begin > clock.now():
            raise Invalid("month.invalid", _("Write a month that has begun, such as 2026-11."))
        return found

    @property
    def begin(self) -> datetime:
        """The first moment of it, aware UTC."""
        return datetime(self.year, self.month, 1, tzinfo=CHINA).astimezone(UTC)

    @property
    def end(self) -> datetime:
        """The first moment after it, aware UTC."""
        return self.next.begin

    @property
    def next(self) -> "Month":
        """The month after it."""
        return Month(self.year + self.month // 12, self.month % 12 + 1)

    def __str__(self) -> str:
        return f"{self.year:04}-{self.month:02}"
