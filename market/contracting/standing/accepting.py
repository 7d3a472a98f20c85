"""A buyer takes up a standing offer: its own contract, agreed by the signature in the offer, to be signed next."""

from sqlalchemy.orm import Session

import contracts.service
from contracts import canonical, library, standing
from contracts.document import compose
from contracts.errors import StandingError, TermsError
from contracts.facts import Party
from contracts.identifiers import new_number
from contracts.terms import Terms
from market import permissions, steps, storage
from market.actor import Actor, Scope
from market.catalog import service as catalog
from market.contracting.models import Request, StandingOffer
from market.contracting.requesting import Deal, kept, refuse_suspended, tell, today, write
from market.contracting.standing import counting, reading
from market.db import read, transaction
from market.errors import Invalid
from market.i18n import gettext as _
from market.participants import service as participants
from market.steps import Kind


def accept(actor: Actor, number: str, key: str | None = None) -> Request:
    """Draw up the contract by which a buyer accepts an offer; it binds when the buyer has signed it.

    Opens its own doors, since setting the document in type must not happen inside a transaction.

    Args:
        actor: a buyer, of another organisation than the provider.
        number: the offer's number.
        key: the ``Idempotency-Key``; the same key and offer give the contract made the first time.

    Raises:
        NotFound: there is no such offer, or this actor may not see it.
        Conflict: ``offer.withdrawn``, ``offer.expired``, ``offer.exhausted``; the listing is not on offer, or its asset
            not registered.
        Forbidden: not a buyer, not verified, or the offer is one's own (R4.5).
        Invalid: a character of the buyer's name cannot be printed.
    """
    permissions.require_scope(actor, Scope.CONTRACTS)
    given = {"offer": number}
    with read() as session:
        if made := steps.once(session, actor, key, Kind.CONTRACT_REQUESTED, given):
            return session.get_one(Request, made)
        offer = _open(session, actor, number)
        terms = _terms(session, actor, offer)
    file = storage.current().read(offer.file_digest)
    draft = compose(library.load(offer.model), terms, file)
    rendered = kept(draft)
    with transaction() as session:
        if made := steps.once(session, actor, key, Kind.CONTRACT_REQUESTED, given):
            return session.get_one(Request, made)
        offer = _open(session, actor, number)
        step = steps.begin(actor, Kind.CONTRACT_REQUESTED, steps.new_handle())
        buyer = participants.verified(session, actor)
        deal = Deal(
            offer.listing_id, offer.provider_id, buyer.id, offer.asset_id, offer.title,
            offer_id=offer.id, until=offer.expires_at,
        )  # fmt: skip
        row, contract = write(session, step, deal, draft, rendered)
        contracts.service.agree(session, step.id, contract)
        tell(session, step, row, contract)
        steps.remember(session, actor, key, Kind.CONTRACT_REQUESTED, given, row.id)
        note = {"document": canonical.sha256(rendered.pdf), "offer": number}
        steps.record(session, step, given=given, note=note)
        return row


def _open(session: Session, actor: Actor, number: str) -> StandingOffer:
    """Return an offer that this actor may accept now."""
    offer = reading.signed(session, actor, number)
    permissions.require(actor, "contract.request", reading.relation(actor, offer))
    participants.verified(session, actor)
    refuse_suspended(session, offer.provider_id)
    counting.refuse_closed(offer)
    catalog.facts_of(session, catalog.by_number(session, offer.listing_number))
    return offer


def _terms(session: Session, actor: Actor, offer: StandingOffer) -> Terms:
    buyer = participants.verified(session, actor)
    try:
        party = Party(buyer.name_zh, buyer.name_en, buyer.credit_code)
        return standing.accepted(
            reading.terms_of(offer), offer.file_digest, number=new_number(), day=today(), buyer=party
        )
    except (TermsError, StandingError) as error:
        raise Invalid(
            "contract.terms_refused",
            _("This offer cannot be accepted by your organisation. Ask the provider for a contract instead."),
            fault=str(error),
        ) from error
