"""A provider draws up a standing offer over its own listing; the draft waits for its signature and binds nobody."""

import uuid
from datetime import timedelta
from typing import Final

from sqlalchemy import delete, or_
from sqlalchemy.orm import Session

from contracts import canonical, library
from contracts.document import Draft, compose
from contracts.errors import TermsError
from contracts.facts import Party
from contracts.render import Rendered
from contracts.terms import Offered, Standing, parse
from market import clock, permissions
from market.actor import Actor, Scope
from market.approvals import ruling
from market.catalog import service as catalog
from market.catalog.service import Facts
from market.contracting.models import OfferDraft
from market.contracting.requesting import demand_benefit, kept, terms, today
from market.db import read, transaction
from market.errors import Conflict, Invalid
from market.i18n import gettext as _
from market.participants import service as participants

LASTS: Final = timedelta(days=1)
"""How long a draft can be signed."""


def draft(actor: Actor, listing: str, days: int, most: int) -> OfferDraft:
    """Draw up a standing offer, ready to be looked at and signed; it takes the place of an earlier draft.

    Opens its own doors, since setting the document in type must not happen inside a transaction.

    Args:
        actor: a member of the listing's provider.
        listing: number of the listing.
        days: how long it can be accepted, today not counted.
        most: how often.

    Raises:
        NotFound: there is no such listing, or this actor may not see it.
        Conflict: the listing is not on offer, has an open offer (``offer.already_open``), changed meanwhile, or the
            provider's rule asks for an approval of each contract at its price (``offer.approval_asked``).
        Forbidden: not a provider, not verified, or the listing is another's.
        Invalid: no contract can be made of it, or the listing is sold once and the offer could be accepted more often
            (``offer.sold_once``).
    """
    permissions.require_scope(actor, Scope.CONTRACTS)
    with read() as session:
        facts = facts_of(session, actor, listing)
        _refuse_more_than_one(session, facts, most)
        made = _draft(session, actor, facts, Standing(today() + timedelta(days), most))
    rendered = kept(made)
    with transaction() as session:
        if facts_of(session, actor, listing, lock=True).step_id != facts.step_id:
            raise changed()
        session.execute(
            delete(OfferDraft).where(
                or_(OfferDraft.listing_id == facts.id, OfferDraft.expires_at <= clock.now())
            )
        )
        row = _row(facts, most, made, rendered)
        session.add(row)
        return row


def facts_of(session: Session, actor: Actor, number: str, *, lock: bool = False) -> Facts:
    """Return what is offered, if this actor may make a standing offer of it now.

    Raises:
        NotFound, Conflict, Forbidden: as in :func:`draft`.
    """
    listing = catalog.found(session, actor, number, lock=lock)
    permissions.require(actor, "offer.open", catalog.relation(actor, listing))
    participants.verified(session, actor)
    facts = demand_benefit(catalog.facts_of(session, listing))
    _refuse_approved_one_by_one(session, facts)
    if catalog.offers_of(session, [listing]):
        raise Conflict(
            "offer.already_open",
            _("This listing has an open standing offer. Withdraw it before you make another."),
        )
    return facts


def _refuse_approved_one_by_one(session: Session, facts: Facts) -> None:
    """Refuse what would let contracts come about that nobody approves, where the provider's rule asks for it."""
    price = Offered(facts.values).price
    if ruling.rule_of(session, facts.provider_id).asks_for(price):
        raise Conflict(
            "offer.approval_asked",
            _(
                "Your organisation lets a second person approve each contract at this price. A standing offer is "
                "accepted without that; change the rule first, or let buyers ask for a contract."
            ),
            rule="R4.10",
        )


def _refuse_more_than_one(session: Session, facts: Facts, most: int) -> None:
    """Refuse an offer that could be accepted more often than its listing is sold (rule R3.5)."""
    if most > 1 and catalog.is_sold_once(session, facts.id):
        said = _("This listing is sold once: let the offer be accepted once.")
        raise Invalid("offer.sold_once", said, fields={"most": [said]}, rule="R3.5")


def changed() -> Conflict:
    """Return the refusal of an offer over a listing that is another by now."""
    return Conflict("listing.changed", _("The listing has just changed. Look at it and ask again."))


def _draft(session: Session, actor: Actor, facts: Facts, standing: Standing) -> Draft:
    operator = participants.operator(session)
    if operator is None:
        raise Conflict("exchange.not_founded", _("This exchange has no operator yet."))
    rows = (operator, participants.verified(session, actor))
    try:
        first, provider = (Party(row.name_zh, row.name_en, row.credit_code) for row in rows)
        return compose(library.load(facts.model), terms(facts, first, provider, None, standing))
    except TermsError as error:
        raise Invalid(
            "contract.terms_refused",
            _("No contract can be made from this listing; its provider must change it."),
            fault=str(error),
        ) from error


def _row(facts: Facts, most: int, made: Draft, rendered: Rendered) -> OfferDraft:
    offered = parse(made.terms)
    return OfferDraft(
        id=uuid.uuid4(),
        number=offered.number,
        listing_id=facts.id,
        listing_step_id=facts.step_id,
        listing_number=facts.number,
        provider_id=facts.provider_id,
        asset_id=facts.asset.id,
        title=facts.title,
        model=facts.model,
        most=most,
        terms=made.terms.decode(),
        terms_digest=offered.digest(),
        template_digest=made.model.digest,
        policy=made.policy.decode(),
        policy_digest=canonical.sha256(made.policy),
        document_digest=canonical.sha256(rendered.pdf),
        document_size=len(rendered.pdf),
        rendering=rendered.record.decode(),
        expires_at=clock.now() + LASTS,
    )
