"""A listing as others read it: for the API's answers and the pages."""

import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy.orm import Session

from contracts.terms import Offered
from contracts.vocabulary import Indicator
from market.catalog import reading, sectors
from market.catalog.models import Listing
from market.catalog.warning import warnings
from market.i18n import in_language, percent
from market.inspection import indicators
from market.inspection.report import Report
from market.participants import service as participants
from market.registry import offering
from market.steps import index_of

Names = Mapping[uuid.UUID, Mapping[str, str]]


def cards(session: Session, listings: Sequence[Listing]) -> list[dict[str, Any]]:
    """Return listings as cards for a page: what decides at first sight, in the reader's language.

    Args:
        session: a session that reads.
        listings: the rows, in the order they are shown.
    """
    names = participants.names(session, {row.provider_id for row in listings})
    reports = offering.briefs(session, {row.revision_id for row in listings})
    offers = reading.offers_of(session, listings)
    sold = reading.sold(session, listings)
    return [
        {
            "row": row,
            "provider": in_language(names.get(row.provider_id, {})),
            "sector": sectors.name(row.sector),
            "report": reports.get(row.revision_id),
            "filled": filled(reports[row.revision_id]) if row.revision_id in reports else "",
            "offer": offers.get(row.id),
            "sold": row.id in sold,
        }
        for row in listings
    ]


def filled(report: Report) -> str:
    """Write the share of filled cells in per cent, one digit, rounded down: ``99.9%``."""
    share = indicators.measure(report, Indicator.COMPLETENESS)
    return "—" if share is None else percent(share.numerator, share.denominator)


def item(listing: Listing, names: Names, offer: str | None = None, *, sold: bool = False) -> dict[str, Any]:
    """Return a listing as it stands in the catalogue.

    Args:
        listing: the row.
        names: of providers, by id and language.
        offer: number of the standing offer by which it can be accepted at once.
        sold: whether it is sold once and has its buyer.
    """
    provider = names.get(listing.provider_id, {})
    return {
        "number": listing.number,
        "title": listing.title,
        "summary": listing.summary,
        "sector": listing.sector.value,
        "benefit": listing.benefit.value,
        "price": listing.price,
        "currency": listing.currency,
        "cost": listing.cost,
        "cost_basis": listing.cost_basis,
        "model": listing.model,
        "state": listing.state,
        "offer": offer,
        "exclusive": listing.exclusive,
        "sold": sold,
        "provider": {"name_zh": provider.get("zh", ""), "name_en": provider.get("en", "")},
        "listed_at": listing.listed_at,
    }


def whole(session: Session, listing: Listing) -> dict[str, Any]:
    """Return a listing with its terms, what was measured, and the entry that made it what it is."""
    facts = reading.shown(session, listing)
    report = facts.report
    names = participants.names(session, {listing.provider_id})
    return {
        **item(
            listing,
            names,
            reading.offers_of(session, [listing]).get(listing.id),
            sold=bool(reading.sold(session, [listing])),
        ),
        "asset_number": facts.asset.number,
        "filename": facts.asset.filename,
        "media_type": facts.asset.media_type,
        "size": facts.asset.size,
        "measured": {
            "rows": report.rows,
            "duplicate_rows": report.duplicate_rows,
            "nulls": report.nulls,
            "columns": report.columns,
            "report_digest": facts.asset.report_digest,
        },
        "quality": promises(facts),
        "purposes": [word.value for word in facts.use.purposes],
        "permitted": [word.value for word in facts.use.permitted],
        "prohibited": [word.value for word in facts.use.prohibited],
        "term_days": facts.term_days,
        "terms": dict(facts.values),
        "authority": facts.asset.authority,
        "warnings": warnings(Offered(facts.values)),
        "entry_id": listing.step_id,
        "index": index_of(session, listing.step_id),
    }


def promises(facts: reading.Facts) -> list[dict[str, Any]]:
    """Return each promise beside what was measured."""
    return [
        {
            "indicator": promise.indicator.value,
            "operator": promise.operator.value,
            "value": promise.value,
            "field": promise.field,
            "measured": indicators.shown(indicators.measure(facts.report, promise.indicator, promise.field)),
        }
        for promise in facts.quality
    ]
