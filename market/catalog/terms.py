"""What a listing promises and permits, in the contract's own words."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, TypeVar

from contracts import library
from contracts.facts import Threshold, Use
from contracts.money import Money
from contracts.vocabulary import Action, Indicator, Operator, Purpose
from market.catalog.models import Benefit
from market.catalog.sectors import Sector
from market.catalog.wording import about, word
from market.errors import Forbidden, Invalid
from market.fields import LARGEST_AMOUNT, SMALLEST_AMOUNT
from market.i18n import _
from market.inspection import indicators
from market.inspection.report import Report

Word = TypeVar("Word", bound=StrEnum)

LONGEST_TERM = 36_500
"""Most days of permitted use: a hundred years."""


@dataclass(frozen=True)
class Proposal:
    """Everything a provider says in a listing.

    Attributes:
        title: what it is called.
        summary: what it holds and what it is good for.
        sector: where it stands in the catalogue.
        benefit: commercial or for the public benefit.
        price: what is paid once.
        model: ``<name>/<version>`` of the model text.
        quality: what is promised.
        use: what the buyer may do, for what, and what is ruled out by name.
        term_days: how many days the permitted use lasts.
    """

    title: str
    summary: str
    sector: Sector
    benefit: Benefit
    price: Money
    model: str
    quality: tuple[Threshold, ...]
    use: Use
    term_days: int

    def terms(self) -> dict[str, Any]:
        """Return what is stored in ``listing.terms``."""
        return {
            "quality": [
                {
                    "indicator": promise.indicator.value,
                    "operator": promise.operator.value,
                    "value": promise.value,
                    "field": promise.field,
                }
                for promise in self.quality
            ],
            "purposes": [word.value for word in self.use.purposes],
            "permitted": [word.value for word in self.use.permitted],
            "prohibited": [word.value for word in self.use.prohibited],
            "term_days": self.term_days,
        }


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


def quality_of(terms: dict[str, Any]) -> tuple[Threshold, ...]:
    """Return the promises stored in ``listing.terms``."""
    return tuple(
        Threshold(Indicator(item["indicator"]), Operator(item["operator"]), item["value"], item["field"])
        for item in terms["quality"]
    )


def check(proposal: Proposal) -> None:
    """Refuse a listing that no contract could be made of.

    Raises:
        Forbidden: a public-benefit listing carries a price (``listing.benefit_priced``, rule R3.3).
        Invalid: the price cannot be paid; the model text is unknown, must be free or needs a promise; the
            same thing is promised twice.
    """
    if proposal.benefit is Benefit.PUBLIC and proposal.price.amount:
        raise Forbidden(
            "listing.benefit_priced",
            _("A public-benefit listing is free of charge. Set the price to 0, or list it as commercial."),
            rule="R3.3",
        )
    faults: dict[str, list[str]] = {}
    if 0 < proposal.price.amount < SMALLEST_AMOUNT:
        least = Money(SMALLEST_AMOUNT, proposal.price.currency).grouped()
        faults["price"] = [
            _(
                "A price of less than %(least)s yuan cannot be paid. Ask for more, or for 0 if it is free of charge.",
                least=least,
            )
        ]
    if proposal.price.amount > LARGEST_AMOUNT:
        most = Money(LARGEST_AMOUNT, proposal.price.currency).grouped()
        faults["price"] = [_("A price of more than %(most)s yuan cannot be paid at once.", most=most)]
    if proposal.model not in library.names():
        faults["model"] = [_("There is no such model text.")]
    else:
        model = library.load(proposal.model)
        if model.free and proposal.price.amount:
            faults["price"] = [_("This model text is for data that are free of charge.")]
        if model.promises and not proposal.quality:
            faults["quality"] = [_("This model text needs at least one promise about quality.")]
    promised = [(promise.indicator, promise.operator, promise.field) for promise in proposal.quality]
    if len(set(promised)) != len(promised):
        faults["quality"] = [_("The same thing is promised twice.")]
    if faults:
        raise Invalid(
            "listing.invalid",
            _("Some fields cannot be accepted. Correct them and send again."),
            fields=faults,
        )


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
