"""A buyer asks for a contract: facts are read, the document is made outside, then one transaction keeps it."""

import uuid
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from sqlalchemy.orm import Session

import contracts.service
from contracts import library
from contracts.canonical import sha256
from contracts.document import Draft, compose
from contracts.errors import TermsError, UncoveredError
from contracts.facts import FIELDS_SHOWN, Column, Party, Subject
from contracts.identifiers import new_number
from contracts.models import Contract
from contracts.render import Rendered, render
from contracts.terms import Standing, Terms
from contracts.vocabulary import Role
from market import clock, jobs, permissions, steps, storage
from market.actor import Actor, Scope
from market.catalog import service as catalog
from market.catalog.benefits import require_benefit
from market.catalog.service import Facts
from market.contracting import asking, letters, waiving
from market.contracting.models import Request
from market.db import read, transaction
from market.errors import Conflict, Forbidden, Invalid
from market.i18n import CHINA
from market.i18n import gettext as _
from market.participants import service as participants
from market.participants.states import OrganisationState
from market.rules import CURRENT, book
from market.rules import waiver as waivers
from market.steps import Kind, Pending


def request(actor: Actor, listing: str, key: str | None = None, *, waiver: bool | None = None) -> Request:
    """Make a contract over a listing and keep it, ready to be signed.

    Opens its own doors, since setting the document in type must not happen inside a transaction.

    Args:
        actor: a buyer, of another organisation than the provider.
        listing: number of the listing.
        key: the ``Idempotency-Key``; the same key and listing give the request made the first time.
        waiver: False to do without the startup waiver (R4.18), True to have the contract with it or not at all; it is
            applied where it can be unless that is said.

    Raises:
        NotFound: there is no such listing, or this actor may not see it.
        Conflict: the listing is not on offer, or changed while the document was made (``listing.changed``), or the
            waiver that is asked for does not apply (``waiver.not_eligible``).
        Forbidden: not a buyer, not verified, or the listing is one's own (R4.5).
        Invalid: a character of a name or title cannot be printed.
    """
    permissions.require_scope(actor, Scope.CONTRACTS)
    given = {"listing": listing, **({} if waiver is None else {"waiver": waiver})}
    with read() as session:
        if made := steps.once(session, actor, key, Kind.CONTRACT_REQUESTED, given):
            return session.get_one(Request, made)
        facts = _facts(session, actor, listing)
        waived = waiving.applied(session, actor, facts, wanted=waiver)
        draft = _draft(session, actor, facts if waived is None else replace(facts, values=waived.values()))
    rendered = kept(draft)
    with transaction() as session:
        if made := steps.once(session, actor, key, Kind.CONTRACT_REQUESTED, given):
            return session.get_one(Request, made)
        now = _facts(session, actor, listing, lock=True)
        same = (
            waiving.applied(session, actor, facts, wanted=waiver) == waived
        )  # a day may have ended meanwhile
        if now.step_id != facts.step_id or not same:
            raise Conflict("listing.changed", _("The listing has just changed. Look at it and ask again."))
        step = steps.begin(actor, Kind.CONTRACT_REQUESTED, steps.new_handle())
        buyer = participants.verified(session, actor)
        deal = Deal(facts.id, facts.provider_id, buyer.id, facts.asset.id, facts.title)
        row, contract = write(session, step, deal, draft, rendered)
        note = {"document": sha256(rendered.pdf)}
        if waived is not None:
            waiving.write(session, step, row, waived)
            note["waiver"] = waivers.RULE
        tell(session, step, row, contract)
        steps.record(session, step, given=given, note=note)
        steps.remember(session, actor, key, Kind.CONTRACT_REQUESTED, given, row.id)
        return row


def by_id(session: Session, request_id: uuid.UUID) -> Request:
    """Return a request that an ``Idempotency-Key`` made."""
    return session.get_one(Request, request_id)


def _facts(session: Session, actor: Actor, number: str, *, lock: bool = False) -> Facts:
    """Return what is offered, if this actor may ask for it now.

    A listing whose page is hidden from the actor is not found here either: its state would tell of it.
    """
    listing = catalog.found(session, actor, number, lock=lock)
    permissions.require(actor, "contract.request", catalog.relation(actor, listing))
    participants.verified(session, actor)
    refuse_suspended(session, listing.provider_id)
    return demand_benefit(catalog.facts_of(session, listing))


def demand_benefit(facts: Facts) -> Facts:
    """Return facts that new terms may be made of: a listing of public benefit may be older than the rule on its cost.

    Raises:
        Forbidden: it asks for more than its cost or permits commercial use (R3.3).
    """
    require_benefit(facts.benefit, facts.price, facts.cost, facts.use)
    return facts


def refuse_suspended(session: Session, organisation_id: uuid.UUID) -> None:
    """Return when the organisation may begin a trade now.

    Raises:
        Forbidden: it is suspended or not verified (R1.2).
    """
    if participants.found(session, organisation_id).state is not OrganisationState.VERIFIED:
        raise Forbidden(
            "organisation.not_verified", _("The other party may not begin a trade at present."), rule="R1.2"
        )


def _draft(session: Session, actor: Actor, facts: Facts) -> Draft:
    """Fill the model text with the facts.

    Raises:
        Invalid: a name or title cannot stand in a contract.
    """
    operator = participants.operator(session)
    if operator is None:
        raise Conflict("exchange.not_founded", _("This exchange has no operator yet."))
    rows = (operator, participants.found(session, facts.provider_id), participants.verified(session, actor))
    try:
        first, provider, buyer = (Party(row.name_zh, row.name_en, row.credit_code) for row in rows)
        return compose(library.load(facts.model), terms(facts, first, provider, buyer))
    except TermsError as error:
        raise Invalid(
            "contract.terms_refused",
            _("No contract can be made from this listing; its provider must change it."),
            fault=str(error),
        ) from error


def terms(
    facts: Facts, operator: Party, provider: Party, buyer: Party | None, standing: Standing | None = None
) -> Terms:
    """Return the terms of a new contract over a listing, dated today; without a buyer those of a standing offer."""
    asset, report = facts.asset, facts.report
    return Terms(
        model=facts.model,
        number=new_number(),
        date=today(),
        operator=operator,
        provider=provider,
        buyer=buyer,
        data=Subject(
            asset_number=asset.number,
            listing_number=facts.number,
            title=facts.title,
            filename=asset.filename,
            media_type=asset.media_type,
            content_digest=asset.digest,
            size=asset.size,
            rows=report.rows,
            columns=len(report.columns),
            fields=tuple(Column(column.name, column.type) for column in report.columns[:FIELDS_SHOWN]),
            inspection_digest=asset.report_digest,
        ),
        values=facts.values,
        rules_version=CURRENT,
        standing=standing,
    )


def today() -> date:
    """Return the day in China Standard Time, by which contracts are dated."""
    return clock.now().astimezone(CHINA).date()


def kept(draft: Draft) -> Rendered:
    """Set the document in type and store it, its pages and its terms under their digests.

    Raises:
        Invalid: a character cannot be printed.
    """
    try:
        rendered = render(draft)
    except UncoveredError as error:
        raise Invalid(
            error.code,
            _(
                "The character “%(character)s” (U+%(point)s) cannot be printed in a contract; "
                "replace it in the title or name it stands in.",
                character=error.character,
                point=f"{ord(error.character):04X}",
            ),
            fault=str(error),
        ) from error
    store = storage.current()
    for content in (rendered.pdf, *rendered.pages, draft.terms):
        store.put(content)
    return rendered


@dataclass(frozen=True)
class Deal:
    """What a contract is asked for over.

    Attributes:
        listing_id: the listing.
        provider_id: who offers it.
        buyer_id: who is to have it.
        asset_id: what is offered.
        title: of the contract.
        role: whose first version it is.
        comment: what that side says to it.
        offer_id: the standing offer that is accepted.
        until: the moment after which it cannot be accepted any more (aware UTC).
        amends_id: the contract that is amended.
        renews_id: the contract that is renewed.
    """

    listing_id: uuid.UUID
    provider_id: uuid.UUID
    buyer_id: uuid.UUID
    asset_id: uuid.UUID
    title: str
    role: Role = Role.BUYER
    comment: str = ""
    offer_id: uuid.UUID | None = None
    until: datetime | None = None
    amends_id: uuid.UUID | None = None
    renews_id: uuid.UUID | None = None


def write(
    session: Session, step: Pending, deal: Deal, draft: Draft, rendered: Rendered
) -> tuple[Request, Contract]:
    """Write a contract and its request within a step that the caller records."""
    contract = contracts.service.request(
        session,
        step.id,
        draft,
        rendered,
        provider_id=deal.provider_id,
        buyer_id=deal.buyer_id,
        asset_id=deal.asset_id,
        at=step.time,
        comment=deal.comment,
        role=deal.role,
    )
    expires_at = step.time + timedelta(days=book(step.rules).value("request.days"))
    row = Request(
        id=uuid.uuid4(),
        step_id=step.id,
        number=contract.number,
        handle=step.handle,
        contract_id=contract.id,
        listing_id=deal.listing_id,
        provider_id=deal.provider_id,
        buyer_id=deal.buyer_id,
        title=deal.title,
        requested_at=step.time,
        expires_at=min(expires_at, deal.until or expires_at),
        offer_id=deal.offer_id,
        amends_id=deal.amends_id,
        renews_id=deal.renews_id,
    )
    session.add(row)
    jobs.queue(session, "contract.deadline", due_at=row.expires_at, number=row.number)
    return row, contract


def tell(session: Session, step: Pending, row: Request, contract: Contract) -> None:
    """Write to those whose turn it is now, and to those who must approve first."""
    letters.turn(session, step, row, contract)
    asking.ask(session, row, contract)
