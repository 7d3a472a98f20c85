"""The typed facts of a contract of version 0.1, frozen: read and verified for ever, never drawn up again."""

import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from contracts import canonical
from contracts.errors import TermsError
from contracts.facts import (
    Delivery,
    Party,
    Subject,
    Threshold,
    Use,
    plain,
    require_number,
    require_whole,
    typed,
)
from contracts.money import Money

_MODEL: Final = re.compile(r"[a-z]+(-[a-z]+)*/0\.1")


@dataclass(frozen=True, slots=True)
class FirstTerms:
    """Everything two parties agree in one contract of model version 0.1.

    Attributes:
        model: ``<name>/<version>`` of the model text.
        number: public number of contract and trade.
        date: the document's fixed date, a day in China Standard Time.
        price: 0 where nothing is paid.
        payment_days: days after the contract is in force to pay; 0 when the price is 0.
        term_days: days of permitted use after the contract is in force.
        rules_version: the exchange's rule book the trade runs under.
    """

    model: str
    number: str
    date: date
    operator: Party
    provider: Party
    buyer: Party
    subject: Subject
    quality: tuple[Threshold, ...]
    price: Money
    payment_days: int
    delivery: Delivery
    use: Use
    term_days: int
    rules_version: int

    def __post_init__(self) -> None:
        if _MODEL.fullmatch(self.model) is None:
            raise TermsError("model", "is <name>/0.1")
        require_number("number", self.number)
        require_whole("payment_days", self.payment_days, 0, 365)
        require_whole("term_days", self.term_days, 1, 36_500)
        require_whole("rules_version", self.rules_version, 1, 1_000_000)
        if self.provider.credit_code == self.buyer.credit_code:
            raise TermsError("buyer", "nobody contracts with themselves")
        if (self.price.amount == 0) != (self.payment_days == 0):
            raise TermsError("payment_days", "is 0 exactly when the price is 0")
        columns = {column.name for column in self.subject.fields}
        keys = [(threshold.indicator, threshold.operator, threshold.field) for threshold in self.quality]
        if len(set(keys)) != len(keys):
            raise TermsError("quality", "promises the same thing twice")
        for threshold in self.quality:
            if threshold.field is not None and threshold.field not in columns:
                raise TermsError("quality", f"{threshold.field} is not a column of the data")

    def term(self, in_force: datetime) -> tuple[datetime, datetime]:
        """Return first moment and end of the term of a contract that comes into force; aware UTC."""
        return in_force, in_force + timedelta(days=self.term_days)

    def canonical(self) -> bytes:
        """Return the bytes that are hashed, attached to the document as contract.json and kept."""
        return canonical.encode(plain(self))

    def digest(self) -> str:
        """Return SHA-256 of the canonical bytes."""
        return canonical.sha256(self.canonical())

    def sm3(self) -> str:
        """Return SM3 of the canonical bytes (GB/T 32905), kept beside SHA-256."""
        return canonical.sm3(self.canonical())


def parse(data: bytes) -> FirstTerms:
    """Return the terms that canonical bytes hold.

    Raises:
        CanonicalError: the bytes are not canonical JSON.
        TermsError: a term is missing, unknown, of the wrong type or out of bounds.
    """
    terms: FirstTerms = typed("terms", FirstTerms, canonical.decode(data))
    if terms.canonical() != data:
        raise TermsError("terms", "are not written in their one form")
    return terms
