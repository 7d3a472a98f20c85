"""What a listing promises and permits, in the contract's own words."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Final, TypeVar

from contracts import blanks, instalments, library, schedule
from contracts.errors import LibraryError, TermsError
from contracts.facts import Promise, Threshold, Use, plain
from contracts.library import Model
from contracts.money import Money
from contracts.terms import Filled, Offered
from contracts.vocabulary import Action, DeliveryMode, Purpose
from contracts.wording import pair
from market import clock
from market.catalog.benefits import cost_faults, require_benefit
from market.catalog.models import Benefit
from market.catalog.sectors import Sector
from market.catalog.wording import about, word
from market.errors import Invalid
from market.fields import LARGEST_AMOUNT, SMALLEST_AMOUNT
from market.i18n import _, in_language
from market.inspection import indicators
from market.inspection.report import Report
from market.rules import CURRENT, book, waiver

Word = TypeVar("Word", bound=StrEnum)

ONCE: Final = "once"
"""How a price is paid that is not paid by period."""
LONGEST_TERM = 36_500
"""Most days of permitted use: a hundred years."""

RULED: Final = MappingProxyType(
    {
        "payment.days": "payment.days",
        "delivery.days": "delivery.days",
        "delivery.downloads": "download.max",
        "acceptance.days": "acceptance.days",
    }
)
"""Blanks that begin with a value of the rule book, and which."""

GRANT: Final = "rights.exclusive"
"""Blank of an exclusive grant: whoever promises it to one buyer can promise it to no other."""

_GRADED: Final = MappingProxyType(
    {Action.TRAIN: ("use.training", "release"), Action.PRESENT: ("use.publication", "results")}
)
"""Actions of which a blank says how far they go, that blank, and what it begins with where they are permitted."""
_ACTED: Final = frozenset(
    {"delivery.mode", "use.permitted", "use.prohibited", "use.purposes", "term.days", *RULED}
    - {"payment.days"}
)
"""Blanks without which a trade cannot be run."""
_PAID_BY: Final = MappingProxyType({"subscription": "price.period_amount"})
"""The blank that says what one payment comes to, by price model, where it is not the price itself."""
SAID: Final = frozenset(
    {"price.amount", "quality", "use.purposes", "use.permitted", "use.prohibited", "term.days"}
)
"""Blanks that a listing has a field of its own for."""
ASKED: Final = SAID | {"price.model", "price.period", "price.period_amount", "price.periods"}
"""Those, and the ones that the page's form asks for in its own words."""


def subscription(fee: Money, period: str, periods: int) -> tuple[Money, dict[str, Any]]:
    """Return what a subscription comes to in all, and the blanks that say so.

    Args:
        fee: what one period costs.
        period: ``month``, ``quarter`` or ``year``.
        periods: how many are owed.

    Raises:
        MoneyError: it is more than an amount can be.
    """
    return Money(fee.amount * periods, fee.currency), {
        "price.model": "subscription",
        "price.period": period,
        "price.period_amount": plain(fee),
        "price.periods": periods,
    }


@dataclass(frozen=True)
class Proposal:
    """Everything a provider says in a listing.

    Attributes:
        title: what it is called.
        summary: what it holds and what it is good for.
        sector: where it stands in the catalogue.
        benefit: commercial or for the public benefit.
        price: what is owed in all.
        model: ``<name>/<version>`` of the model text.
        quality: what is promised.
        use: what the buyer may do, for what, and what is ruled out by name.
        term_days: how many days the permitted use lasts.
        further: values of other blanks of the text, by name; a price that is not paid once is said here by its model
            and blanks, and ``price`` is what they come to.
        cost: what the data cost their provider, in the price's minor units; of a public-benefit listing with a price.
        cost_basis: what that cost is made up of.
        exclusive: whether it is sold once; an exclusive grant is promised with it where the text has one (R3.5).
    """

    title: str
    summary: str
    sector: Sector
    benefit: Benefit
    price: Money
    model: str
    quality: tuple[Promise, ...]
    use: Use
    term_days: int
    further: Mapping[str, Any] = field(default_factory=dict)
    cost: int | None = None
    cost_basis: str | None = None
    exclusive: bool = False

    def said(self) -> dict[str, Any]:
        """Return what was said, by the names of the model text's blanks."""
        return {
            "price.model": "fixed" if self.price.amount else "free",
            "price.amount": {"amount": self.price.amount, "currency": self.price.currency},
            "quality": plain(self.quality),
            "use.purposes": plain(self.use.purposes),
            "use.permitted": plain(self.use.permitted),
            "use.prohibited": plain(self.use.prohibited),
            "term.days": self.term_days,
            **self.further,
        }

    def values(self) -> dict[str, Any]:
        """Return what stands in the blanks of the model text: what was said, the rule book's, the text's own.

        What was said is left out where the text has no such blank, except for further blanks, which are then
        refused (:func:`check`).

        Raises:
            LibraryError: there is no such model text.
        """
        model = library.load(self.model)
        rules = book(CURRENT).value
        usual: dict[str, Any] = {name: rules(rule) for name, rule in RULED.items()}
        for action, (blank, wholly) in _GRADED.items():
            usual[blank] = wholly if action in self.use.permitted else "none"
        if self.exclusive:
            usual[GRANT] = True
        known = {name: value for name, value in (usual | self.said()).items() if name in model.blanks}
        if not self.quality and not model.promises:
            known.pop("quality", None)
        return blanks.defaults(model, {**known, **self.further})


def use_of(purposes: Sequence[str], permitted: Sequence[str], prohibited: Sequence[str]) -> Use:
    """Return a permitted use; the words may come in any order.

    A delivered copy can always be reproduced for the permitted use and nobody may re-identify people,
    so the first is always permitted and the second always prohibited.

    Raises:
        TermsError: no purpose, or a word both permitted and prohibited.
    """
    return Use(
        purposes=_ordered(Purpose, purposes),
        permitted=_ordered(Action, [*permitted, Action.REPRODUCE]),
        prohibited=_ordered(Action, [*prohibited, Action.REIDENTIFY]),
    )


def check(proposal: Proposal) -> None:
    """Refuse a listing that no contract could be made of.

    Raises:
        Forbidden: a public-benefit listing asks for more than its cost or permits commercial use (R3.3), as
            :func:`require_benefit` says.
        Invalid: the price cannot be paid; the model text is unknown, must be free or needs a promise; the
            same thing is promised twice; a cost is stated without its basis or where it has no place.
    """
    require_benefit(proposal.benefit, proposal.price, proposal.cost, proposal.use)
    faults = cost_faults(proposal.benefit, proposal.cost, proposal.cost_basis)
    if fault := _unpaid(proposal):
        faults["price"] = [fault]
    if proposal.model not in offered():
        faults["model"] = [_("Data are not listed under this model text. Choose one that is offered.")]
    else:
        faults |= _refused(library.load(proposal.model), proposal)
    promised = [(promise.indicator, promise.operator, promise.field) for promise in proposal.quality]
    if len(set(promised)) != len(promised):
        faults["quality"] = [_("The same thing is promised twice.")]
    if faults:
        raise Invalid(
            "listing.invalid",
            _("Some fields cannot be accepted. Correct them and send again."),
            fields=faults,
        )


def unpayable(price: Money) -> str:
    """Return why a price cannot be paid here, in the reader's language; nothing when it can."""
    if 0 < price.amount < SMALLEST_AMOUNT:
        least = Money(SMALLEST_AMOUNT, price.currency).grouped()
        return _(
            "A price of less than %(least)s yuan cannot be paid. Ask for more, or for 0 if it is free of charge.",
            least=least,
        )
    if price.amount > LARGEST_AMOUNT:
        most = Money(LARGEST_AMOUNT, price.currency).grouped()
        return _("A price of more than %(most)s yuan cannot be paid at once.", most=most)
    return ""


def uncollectable(terms: Filled) -> dict[str, str]:
    """Return why what is owed under some terms cannot be collected here: blank -> sentence; nothing when it can.

    Each instalment is a payment of its own, and a period that begins after the term gives the buyer nothing.

    Raises:
        TermsError: the price is counted by use, or is filled in wrongly.
    """
    price = terms.price
    now = clock.now()
    planned = instalments.plan(terms, now)
    blank = _PAID_BY.get(str(terms.values.get("price.model")), "price.amount")
    if terms.values.get("price.milestones") and len(planned) > 1:
        blank = "price.milestones"
    for one in planned:
        if fault := unpayable(Money(one.amount, price.currency)):
            return {blank: fault}
    last = planned[-1].starts if planned else None
    if last is not None and last >= now + timedelta(days=terms.term_days):
        return {
            "price.periods": _(
                "The last period would begin after the term of use; agree on fewer, or a longer term."
            )
        }
    return {}


def offered() -> list[str]:
    """Return the model texts that data can be listed under: the newest of those the exchange can act upon."""
    return [
        name
        for name in library.current()
        if library.load(name).file and library.load(name).blanks.keys() >= _ACTED
    ]


def _unpaid(proposal: Proposal) -> str:
    """Return why the price of a listing cannot be collected, or is not what its terms come to; nothing when it can."""
    if "price.model" not in proposal.further and "price.milestones" not in proposal.further:
        return unpayable(proposal.price)
    try:
        model = library.load(proposal.model)
        if blanks.faults(model, proposal.values()):
            return ""
        terms = Offered(proposal.values())
        if terms.price != proposal.price:
            owed = terms.price.grouped()
            return _(
                "The price is what all payments come to: %(owed)s %(currency)s.",
                owed=owed,
                currency=terms.price.currency,
            )
        return next(iter(uncollectable(terms).values()), "")
    except LibraryError:
        return ""
    except TermsError as error:
        return in_language({"zh": error.zh, "en": error.en})


def _refused(model: Model, proposal: Proposal) -> dict[str, list[str]]:
    """Return what does not suit the model text."""
    faults: dict[str, list[str]] = {}
    if model.free and proposal.price.amount:
        faults["price"] = [_("This model text is for data that are free of charge.")]
    if model.promises and not proposal.quality:
        faults["quality"] = [_("This model text needs at least one promise about quality.")]
    further = [
        in_language({"zh": f"{_label(model, name)}：{error.zh}", "en": f"{_label(model, name)}: {error.en}"})
        for name, error in blanks.faults(model, proposal.values()).items()
        if name not in SAID
    ]
    further += [_("%(name)s has a field of its own.", name=name) for name in proposal.further if name in SAID]
    if proposal.further.get(waiver.BLANK) is True:
        further.append(
            _("Only the exchange applies the startup waiver, when a contract is asked for (R4.18).")
        )
    further += _contradictions(model, proposal.values())
    if proposal.values().get(GRANT) is True and not proposal.exclusive:
        further.append(
            _("An exclusive grant can be promised to one buyer only: mark the listing as sold once.")
        )
    mode = proposal.values().get("delivery.mode")
    if mode is not None and mode not in set(DeliveryMode):
        further.append(_("This exchange delivers by download only."))
    if further:
        faults["terms"] = further
    return faults


def _contradictions(model: Model, values: Mapping[str, Any]) -> list[str]:
    """Return what the use policy says against the values; those that are wrong by themselves are told already."""
    if blanks.faults(model, values):
        return []
    try:
        schedule.normal(values)
    except TermsError as error:
        return [in_language({"zh": f"{_label(model, error.field)}：{error.zh}", "en": str(error)})]
    return []


def _label(model: Model, name: str) -> str:
    return in_language(pair(model.blanks[name].label)) if name in model.blanks else name


def check_promises(quality: Sequence[Threshold], report: Report) -> None:
    """Refuse promises that do not hold against what was measured (rule R3.2).

    Raises:
        Invalid: ``listing.promise_not_held``; ``promises`` lists indicator, column, promised and measured.
    """
    broken = [promise for promise in quality if not indicators.holds(promise, report)]
    if not broken:
        return
    details = [
        {
            "indicator": promise.indicator.value,
            "field": promise.field,
            "operator": promise.operator.value,
            "promised": promise.value,
            "measured": indicators.shown(indicators.measure(report, promise.indicator, promise.field)),
        }
        for promise in broken
    ]
    sentences = [
        _(
            "%(about)s: promised %(operator)s %(promised)s, measured %(measured)s.",
            about=about(promise.indicator, promise.field),
            operator=word("operator", promise.operator),
            promised=promise.value,
            measured=item["measured"],
        )
        for promise, item in zip(broken, details, strict=True)
    ]
    raise Invalid(
        "listing.promise_not_held",
        _("What is promised does not hold against what the exchange measured. Promise less."),
        fields={"quality": sentences},
        promises=details,
        rule="R3.2",
    )


def _ordered(words: type[Word], chosen: Sequence[str]) -> tuple[Word, ...]:
    return tuple(word for word in words if word in chosen)
