"""What two parties agree in one contract: typed values for the blanks of a model text, canonical bytes and digest.

Terms are the single source: prose, pages and policy are views of them.  Their values are named and typed by the model
text itself (:mod:`contracts.blanks`), so a new text needs no new code; what the exchange acts upon, such as price,
delivery and permitted use, is read from them here as facts.  Contracts of version 0.1 have a shape of their own
(:mod:`contracts.first`) and answer to the same names.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, timezone
from types import MappingProxyType
from typing import Any, Final, TypeAlias

from contracts import canonical
from contracts.errors import MoneyError, TermsError
from contracts.facts import (
    Delivery,
    Party,
    Promise,
    Subject,
    Use,
    plain,
    require_digest,
    require_moment,
    require_number,
    require_whole,
    typed,
)
from contracts.first.terms import FirstTerms
from contracts.first.terms import parse as parse_first
from contracts.money import Money
from contracts.vocabulary import Action, DeliveryMode, Purpose

_MODEL: Final = re.compile(r"[a-z]+(-[a-z]+)*/[1-9][0-9]*\.[0-9]+")
_NOTHING: Final = Money(0)
_AMOUNTS: Final = MappingProxyType(
    {"fixed": ("price.amount", ""), "subscription": ("price.period_amount", "price.periods")}
)
"""Price models with an amount that is known beforehand: its blank, and the one that says how often it is owed."""
_BY_USE: Final = (
    "a price counted by use has no amount that is known beforehand; agree on a fixed price or a subscription",
    "按使用量计算的价款事先没有金额；请约定固定价款或订阅",
)
CHINA: Final = timezone(timedelta(hours=8))
"""China Standard Time, in which a contract's days are counted."""
LONGEST: Final = 365
"""Most days that a standing offer may be open."""
MOST: Final = 10_000
"""Most acceptances that a standing offer may ask for."""


ONCE: Final = "once"
"""The update cycle of data that are one file and stay it."""


@dataclass(frozen=True, slots=True)
class Standing:
    """How long, and how often, a standing offer may be accepted.

    Attributes:
        until: the last day, in China Standard Time.
        most: acceptances at most.
    """

    until: date
    most: int

    def __post_init__(self) -> None:
        require_whole("standing.most", self.most, 1, MOST)

    @property
    def expires_at(self) -> datetime:
        """The moment after the last day (aware UTC)."""
        return datetime.combine(self.until + timedelta(days=1), time(), CHINA).astimezone(UTC)


@dataclass(frozen=True, slots=True)
class Origin:
    """The standing offer that an acceptance takes up.

    Attributes:
        number: the offer's own number.
        terms_digest: SHA-256 of the offer's contract.json.
        document_digest: SHA-256 of the signed offer, which is attached to the acceptance.
    """

    number: str
    terms_digest: str
    document_digest: str

    def __post_init__(self) -> None:
        require_number("origin.number", self.number)
        require_digest("origin.terms_digest", self.terms_digest)
        require_digest("origin.document_digest", self.document_digest)


@dataclass(frozen=True, slots=True)
class Amended:
    """The contract that an amendment changes, and what it changes in it.

    Attributes:
        number: the number of the contract that is amended.
        terms_digest: SHA-256 of its contract.json.
        document_digest: SHA-256 of its file in force, with both signatures in it.
        clauses: ids of the articles and schedules that read otherwise, in the text's order.
        before: every blank that is filled otherwise with its value in the contract amended, None for none.
    """

    number: str
    terms_digest: str
    document_digest: str
    clauses: tuple[str, ...]
    before: Mapping[str, Any]

    def __post_init__(self) -> None:
        require_number("amends.number", self.number)
        require_digest("amends.terms_digest", self.terms_digest)
        require_digest("amends.document_digest", self.document_digest)
        object.__setattr__(self, "before", MappingProxyType(dict(self.before)))

    @property
    def parent(self) -> tuple[str, str, str]:
        """What names the contract amended."""
        return self.number, self.terms_digest, self.document_digest


@dataclass(frozen=True, slots=True)
class Renewed:
    """The contract that a renewal goes on from.

    Attributes:
        number: the number of the contract that was in force, an amendment's where there was one.
        terms_digest: SHA-256 of its contract.json.
        document_digest: SHA-256 of its file in force, with every signature in it.
        until: the end of its term, an RFC 3339 moment in UTC to the millisecond.
    """

    number: str
    terms_digest: str
    document_digest: str
    until: str

    def __post_init__(self) -> None:
        require_number("renews.number", self.number)
        require_digest("renews.terms_digest", self.terms_digest)
        require_digest("renews.document_digest", self.document_digest)
        require_moment("renews.until", self.until)

    @property
    def ends_at(self) -> datetime:
        """The end of the term of the contract renewed (aware UTC)."""
        return datetime.fromisoformat(self.until)


class Filled:
    """The values of a text's blanks, read as the facts that the exchange acts upon."""

    __slots__ = ()
    values: Mapping[str, Any]

    @property
    def price(self) -> Money:
        """What is owed in all, over every instalment; 0 where nothing is.

        Raises:
            TermsError: the price is counted by use, so that there is no such amount beforehand.
        """
        model = self.values.get("price.model", "free")
        if model == "free":
            return _NOTHING
        if model not in _AMOUNTS:
            raise TermsError("price.model", _BY_USE[0], _BY_USE[1])
        name, times = _AMOUNTS[model]
        try:
            once = Money(**self.values[name])
            return Money(once.amount * (self._whole(times) if times else 1), once.currency)
        except (KeyError, TypeError, MoneyError) as error:
            raise TermsError(name, "is an amount with its currency", "应为金额和币种") from error

    @property
    def payment_days(self) -> int:
        """Days to pay after a payment falls due, the first when the contract is in force; 0 when nothing is paid."""
        return self._whole("payment.days") if self.price.amount else 0

    @property
    def update_cycle(self) -> str:
        """How often the data are updated within the term, a word of the model text; :data:`ONCE` where never."""
        return str(self.values.get("data.update", ONCE))

    @property
    def has_updates(self) -> bool:
        """Whether newer files of the data are part of them (article on delivery of the model texts)."""
        return self.update_cycle != ONCE

    @property
    def term_days(self) -> int:
        """Days of permitted use after the contract is in force."""
        return self._whole("term.days")

    @property
    def quality(self) -> tuple[Promise, ...]:
        """What is promised of the data.

        Raises:
            TermsError: a promise is not one that can be held against a measurement.
        """
        return tuple(typed("quality", Promise, row) for row in self.values.get("quality", ()))

    @property
    def delivery(self) -> Delivery:
        """How and until when.

        Raises:
            TermsError: a mode that this exchange does not deliver by.
        """
        mode = self.values.get("delivery.mode")
        if mode not in set(DeliveryMode):
            raise TermsError("delivery.mode", f"{mode} is not a mode of this exchange")
        return Delivery(
            DeliveryMode(mode),
            self._whole("delivery.days"),
            self._whole("delivery.downloads"),
            self._whole("acceptance.days"),
        )

    @property
    def use(self) -> Use:
        """What the buyer may do.

        Raises:
            TermsError: the lists contradict each other.
        """
        try:
            return Use(
                tuple(Purpose(word) for word in self.values["use.purposes"]),
                tuple(Action(word) for word in self.values["use.permitted"]),
                tuple(Action(word) for word in self.values["use.prohibited"]),
            )
        except (KeyError, ValueError, TypeError) as error:
            raise TermsError("use", "lists purposes and actions of the vocabulary") from error

    def _whole(self, name: str) -> int:
        value = self.values.get(name)
        if type(value) is not int:
            raise TermsError(name, "is a whole number")
        return value


@dataclass(frozen=True, slots=True)
class Offered(Filled):
    """What a provider offers, before there is a contract: the values alone."""

    values: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Terms(Filled):
    """Everything two parties agree in one contract.

    Attributes:
        model: ``<name>/<version>`` of the model text.
        number: public number of contract and trade.
        date: the document's fixed date, a day in China Standard Time.
        buyer: None in a standing offer, which is made to anybody.
        data: the registered file; None where the text describes the data itself.
        values: what the blanks hold, plain JSON by the blank's name.
        rules_version: the exchange's rule book the trade runs under.
        origin: the standing offer that is accepted, if that is how the contract came about.
        standing: how long and how often, in a standing offer; elsewhere None.
        amends: the contract that this one amends, if it does; it restates all terms as they are after it.
        renews: the contract that this one goes on from, if it does; an amendment of a renewal names it too.
    """

    model: str
    number: str
    date: date
    operator: Party
    provider: Party
    buyer: Party | None
    data: Subject | None
    values: Mapping[str, Any]
    rules_version: int
    origin: Origin | None = None
    standing: Standing | None = None
    amends: Amended | None = None
    renews: Renewed | None = None

    def __post_init__(self) -> None:
        if _MODEL.fullmatch(self.model) is None:
            raise TermsError("model", "is <name>/<version>, from 1.0 on")
        require_number("number", self.number)
        require_whole("rules_version", self.rules_version, 1, 1_000_000)
        if self.buyer is not None and self.provider.credit_code == self.buyer.credit_code:
            raise TermsError("buyer", "nobody contracts with themselves")
        self._require_one_kind()
        object.__setattr__(self, "values", MappingProxyType(dict(self.values)))

    def _require_one_kind(self) -> None:
        """Refuse what is at once more than one of contract, standing offer, acceptance and amendment."""
        if self.renews is not None and (self.buyer is None or self.origin or self.standing):
            raise TermsError("renews", "is signed by both: it neither is nor accepts a standing offer")
        if self.amends is not None and (self.buyer is None or self.origin or self.standing):
            raise TermsError("amends", "is signed by both: it neither is nor accepts a standing offer")
        if (self.buyer is None) != (self.standing is not None):
            raise TermsError("standing", "stands in an offer to anybody, and nowhere else")
        if self.origin is not None and self.buyer is None:
            raise TermsError("origin", "an offer accepts no other")
        if self.standing is None:
            return
        if not timedelta(1) <= self.standing.until - self.date <= timedelta(LONGEST):
            raise TermsError("standing.until", f"lies 1 to {LONGEST} days after the offer's date")

    @property
    def subject(self) -> Subject:
        """The registered file that the contract is about.

        Raises:
            TermsError: it is about none.
        """
        if self.data is None:
            raise TermsError("data", "names no registered file")
        return self.data

    @property
    def before(self) -> dict[str, Any]:
        """The values of the contract that this one amends; its own where it amends none."""
        old = self.amends.before if self.amends else {}
        return {name: value for name, value in {**self.values, **old}.items() if value is not None}

    def term(self, in_force: datetime) -> tuple[datetime, datetime]:
        """Return first moment and end of the term of a contract that comes into force; aware UTC.

        The term of a renewal begins when that of the contract renewed ends, if that is later.
        """
        begins = in_force if self.renews is None else max(in_force, self.renews.ends_at)
        return begins, begins + timedelta(days=self.term_days)

    def canonical(self) -> bytes:
        """Return the bytes that are hashed, attached to the document as contract.json and kept."""
        return canonical.encode(plain(self))

    def digest(self) -> str:
        """Return SHA-256 of the canonical bytes."""
        return canonical.sha256(self.canonical())

    def sm3(self) -> str:
        """Return SM3 of the canonical bytes (GB/T 32905), kept beside SHA-256."""
        return canonical.sm3(self.canonical())


AnyTerms: TypeAlias = Terms | FirstTerms
"""Terms of any version that was ever released."""


def parse(data: bytes) -> AnyTerms:
    """Return the terms that canonical bytes hold.

    Whether the values suit the model text is for :func:`contracts.document.compose` to say.

    Raises:
        CanonicalError: the bytes are not canonical JSON.
        TermsError: a term is missing, unknown, of the wrong type or out of bounds.
    """
    body = canonical.decode(data)
    if isinstance(body, dict) and str(body.get("model")).endswith("/0.1"):
        return parse_first(data)
    terms: Terms = typed("terms", Terms, body)
    if terms.canonical() != data:
        raise TermsError("terms", "are not written in their one form")
    return terms
