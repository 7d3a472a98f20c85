"""Whether the exchange can act upon terms that two parties negotiate: pay them, deliver them, hold them."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy.orm import Session

from contracts.errors import TermsError
from contracts.library import Model
from contracts.terms import Terms
from market.catalog import reading as catalog
from market.catalog import terms as listings
from market.catalog.benefits import require_benefit
from market.contracting import waiving
from market.contracting.refusing import terms_refused
from market.errors import Invalid
from market.i18n import gettext as _
from market.registry import offering
from market.texts import form


def require_filled(model: Model, values: Mapping[str, Any]) -> None:
    """Return when every blank that is asked for is filled as it must be; else name all that are not.

    Raises:
        Invalid: ``contract.terms_refused``, with a sentence for each blank.
    """
    if faults := form.faults(model, values):
        raise Invalid(
            "contract.terms_refused",
            _("Some terms cannot be accepted. Correct them and send again."),
            fields=faults,
        )


def require(session: Session, terms: Terms, handle: str | None = None) -> None:
    """Return when the exchange can run a trade under these terms.

    Args:
        session: a session.
        terms: what people filled in.
        handle: of the trade that they are of; None for a renewal, which begins one of its own.

    Raises:
        Invalid: a price that cannot be paid here, a mode of delivery this exchange has not, a promise that does
            not hold against what was measured (``listing.promise_not_held``, R3.2), or terms that take away or claim
            the startup waiver (``waiver.kept``, ``waiver.not_computed``, R4.18).
        Forbidden: data of public benefit above their cost or for commercial use (R3.3).
    """
    listing = catalog.by_number(session, terms.subject.listing_number)
    try:
        price, promises, _delivery = terms.price, terms.quality, terms.delivery
    except TermsError as error:
        raise terms_refused(error) from error
    require_benefit(listing.benefit, price, listing.cost, terms.use, terms.rules_version)
    waiving.require(session, terms, handle)
    for blank, fault in listings.uncollectable(terms).items():
        raise Invalid("contract.terms_refused", fault, fields={form.PREFIX + blank: [fault]})
    file = offering.named(session, listing.asset_id, terms.subject.content_digest)
    try:
        listings.check_promises(promises, file.report)
    except Invalid as error:
        fields = {form.PREFIX + name: said for name, said in error.fields.items()}
        extra = {name: fact for name, fact in error.extra.items() if name != "fields"}
        raise Invalid(error.code, error.message, fields=fields, **extra) from error
