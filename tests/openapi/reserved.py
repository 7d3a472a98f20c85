"""Objects of which each waits for one operation alone: no other one can take its state away before."""

from collections.abc import Mapping
from dataclasses import dataclass

import pytest
from flask import current_app

from contracts.money import Money
from market import jobs
from market.actor import Actor, Role, Scope
from market.approvals import ruling
from market.approvals.asks import Asks
from market.approvals.ruling import Rule
from market.catalog import service as catalog
from market.contracting import requesting
from market.db import read, transaction
from market.participants import access, members
from market.participants import service as participants
from market.registry.models import Asset
from market.trades import decisions, ending
from market.trades.grounds import Cause, Ground
from tests import (
    assets,
    banking,
    chargebacks,
    deals,
    evidence,
    invoices,
    offers,
    people,
    reports,
    trades,
    updates,
)
from tests.deals import Deal

DEAR = 90_000_000
"""From this price on, in fen, the provider asks that a second person approves."""
SPARE = 20
"""How many there are of what one good request uses up."""


@dataclass(frozen=True)
class Cast:
    """Who made the objects, and so may act on them.

    Attributes:
        operator: decides on organisations, registrations and disputes.
        provider: holds the assets.
        buyer: asks for the contracts.
        clerk: invites, changes and removes members, of an organisation that nothing else is about.
    """

    operator: Actor
    provider: Actor
    buyer: Actor
    clerk: Actor


def reserved(cast: Cast) -> Mapping[str, list[str]]:
    """Return the objects by operation and by the part of its address, or field of its body, that takes them."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(requesting, "render", trades.set_in_type)  # nobody looks at their documents
        sold = assets.registered(cast.provider, deals.content())
        listing = assets.listed(cast.provider, sold)
        people.colleague(cast.provider, Role.APPROVER)
        with transaction() as session:
            ruling.put(session, cast.provider, Rule(Asks.FROM, Money(DEAR)))
        return {
            **_assets(cast),
            **_listings(cast, sold),
            **_contracts(cast, listing),
            **_offers(cast, sold),
            **_trades(cast, listing),
            **_people(cast),
            **_reports(cast),
            **_banking(cast, listing),
        }


def _assets(cast: Cast) -> dict[str, list[str]]:
    measured = assets.drafted(cast.provider, deals.content()).id
    jobs.drain()
    waiting = assets.submitted(cast.provider, deals.content())
    registered = [str(assets.registered(cast.provider, deals.content()).id) for _each in range(3)]
    plain = assets.registered(cast.provider, deals.content()).id
    return {
        "POST /api/v1/assets/{asset_id}/submission#asset_id": [str(measured)],
        "POST /api/v1/assets/{asset_id}/review#asset_id": [str(waiting)],
        "POST /api/v1/assets/{asset_id}/corrections#asset_id": [str(assets.appealed(cast.provider))],
        "PUT /api/v1/assets/{asset_id}/declaration#asset_id": [str(assets.stopped(cast.provider))],
        "POST /api/v1/assets/{asset_id}/cleaning#asset_id": [str(assets.stopped(cast.provider))],
        "POST /api/v1/assets/{asset_id}/appeal#asset_id": [str(assets.stopped(cast.provider))],
        "POST /api/v1/assets/{asset_id}/release#asset_id": [str(assets.appealed(cast.provider))],
        "POST /api/v1/assets/{asset_id}/{act}#asset_id": registered,
        "POST /api/v1/assets/{asset_id}/updates#asset_id": [str(plain)],
        "POST /api/v1/assets/{asset_id}/updates/submission#asset_id": [_revised(cast)],
        "POST /api/v1/assets/{asset_id}/updates/withdrawal#asset_id": [_revised(cast)],
        "POST /api/v1/assets/{asset_id}/updates/review#asset_id": [_revised(cast, submitted=True)],
    }


def _revised(cast: Cast, *, submitted: bool = False) -> str:
    """Return an asset whose newer file waits for its provider, or for a reviewer."""
    asset_id = assets.registered(cast.provider, deals.content()).id
    (assets.revision_submitted if submitted else assets.revised)(cast.provider, asset_id, deals.content())
    return str(asset_id)


def _older(cast: Cast) -> str:
    """Return a listing that offers an older file than its asset has."""
    asset = assets.registered(cast.provider, deals.content())
    number = assets.listed(cast.provider, asset)
    assets.updated(cast.provider, asset.id, deals.content())
    return number


def _listings(cast: Cast, asset: Asset) -> dict[str, list[str]]:
    with transaction() as session:
        drafted = catalog.draft(session, cast.provider, asset_id=asset.id, proposal=assets.proposal()).number
    shelved, open_, unwanted, wanted = (assets.listed(cast.provider, asset) for _each in range(4))
    with transaction() as session:
        catalog.suspend(session, cast.operator, shelved, "It promises what is not there.")
    return {
        "POST /api/v1/listings/{number}/publication#number": [drafted],
        "POST /api/v1/listings/{number}/restoration#number": [shelved],
        "POST /api/v1/listings/{number}/suspension#number": [open_],
        "POST /api/v1/listings/{number}/revision#number": [_older(cast)],
        "POST /api/v1/listings/{number}/withdrawal#number": [unwanted],
        "POST /api/v1/contracts#listing": [wanted],
    }


def _contracts(cast: Cast, listing: str) -> dict[str, list[str]]:
    refused, withdrawn, signed = (
        deals.requested(cast.provider, cast.buyer, listing).number for _each in range(3)
    )
    approved, disapproved = (_guarded(cast, listing) for _each in range(2))
    return {
        "POST /api/v1/contracts/{number}/approval#number": [approved],
        "POST /api/v1/contracts/{number}/approval#document_digest": [deals.of(approved).document_digest],
        "POST /api/v1/contracts/{number}/disapproval#number": [disapproved],
        "POST /api/v1/contracts/{number}/disapproval#document_digest": [
            deals.of(disapproved).document_digest
        ],
        "POST /api/v1/contracts/{number}/refusal#number": [refused],
        "POST /api/v1/contracts/{number}/withdrawal#number": [withdrawn],
        "POST /api/v1/contracts/{number}/signature#number": [signed],
        "POST /api/v1/contracts/{number}/signature#document_digest": [deals.of(signed).document_digest],
    }


def _guarded(cast: Cast, listing: str) -> str:
    """Ask for a contract whose provider signs next and asks for a second person, at a price that no other has."""
    number = deals.requested(cast.provider, cast.buyer, listing).number
    deals.offer(cast.provider, number, {"price.amount": {"amount": DEAR, "currency": "CNY"}})
    deals.accept(cast.buyer, number)
    return number


def _offers(cast: Cast, asset: Asset) -> dict[str, list[str]]:
    wanted, first, second, third, fourth = (assets.listed(cast.provider, asset) for _each in range(5))
    open_, unwanted, taken = (offers.opened(cast.provider, one, most=99) for one in (first, second, third))
    sketch = offers.drafted(cast.provider, fourth)
    place = "/offers/{number}"
    return {
        place: [open_.number],
        "POST /api/v1/offers#listing": [wanted],
        f"POST /api/v1{place}/withdrawal#number": [unwanted.number],
        f"POST /api/v1{place}/acceptances#number": [taken.number],
        f"POST /api/v1{place}/signature#number": [sketch.number],
        f"POST /api/v1{place}/signature#document_digest": [offers.draft_of(sketch).document_digest],
    }


def _trades(cast: Cast, listing: str) -> dict[str, list[str]]:
    def running() -> Deal:
        deal = deals.requested(cast.provider, cast.buyer, listing)
        evidence.in_force(deal)
        return deal

    due, *funded = (running() for _each in range(15))
    for one in funded:
        evidence.pay(one)
    cancelled, fetched, *delivered = funded
    for one in delivered:
        evidence.fetch(current_app, one)
    accepted, rejected, disputed, *closed = delivered
    with transaction() as session:
        decisions.reject(session, cast.buyer, disputed.number, "Half of the rows are empty.")
    jobs.drain()
    for one in closed:
        trades.closed(one)
    ended, noticed, halted, resting, over, billed, unbilled, released, questioned = closed
    chargeback = chargebacks.questioned(questioned.number)
    for actor in (cast.provider, cast.buyer):
        invoices.profile(actor)
    asked = invoices.asked(billed)
    newer = updates.approved(updates.in_force(0, between=(cast.provider, cast.buyer)), deals.content())
    with transaction() as session:
        ending.end(session, cast.buyer, noticed.number, Ground.NOTICE, "We need it no longer.")
        ending.suspend(session, cast.provider, resting.number, Cause.MISUSE, "It was passed on.")
        ending.end(session, cast.provider, over.number, Ground.GRAVE, "It was passed on.")
    return {
        "POST /api/v1/trades/{number}/payment#number": [due.number],
        "POST /api/v1/trades/{number}/cancellation#number": [cancelled.number],
        "GET /api/v1/trades/{number}/delivery#number": [fetched.number],
        "GET /api/v1/trades/{number}/receipt#number": [disputed.number],
        "GET /api/v1/trades/{number}/updates#number": [newer.number],
        "GET /api/v1/trades/{number}/updates/{ordinal}#number": [newer.number],
        "GET /api/v1/trades/{number}/updates/{ordinal}#ordinal": ["1"],
        "POST /api/v1/trades/{number}/acceptance#number": [accepted.number],
        "POST /api/v1/trades/{number}/rejection#number": [rejected.number],
        "POST /api/v1/trades/{number}/ruling#number": [disputed.number],
        "POST /api/v1/trades/{number}/chargebacks/{chargeback_id}/answer#number": [questioned.number],
        "POST /api/v1/trades/{number}/chargebacks/{chargeback_id}/answer#chargeback_id": [str(chargeback.id)],
        "POST /api/v1/trades/{number}/redress#number": [released.number],
        "POST /api/v1/trades/{number}/termination#number": [ended.number],
        "POST /api/v1/trades/{number}/retraction#number": [noticed.number],
        "POST /api/v1/trades/{number}/suspension#number": [halted.number],
        "POST /api/v1/trades/{number}/restoration#number": [resting.number],
        "POST /api/v1/trades/{number}/deletion#number": [over.number],
        "POST /api/v1/trades/{number}/invoices#number": [unbilled.number],
        "POST /api/v1/invoices/{invoice_id}/refusal#invoice_id": [str(invoices.asked(over).id)],
        "/invoices/{invoice_id}": [str(asked.id)],
        "GET /api/v1/invoices/{invoice_id}/documents/{place}#place": ["0"],
        "GET /api/v1/invoices/{invoice_id}/documents/{place}#invoice_id": [_issued(cast, billed=noticed)],
    }


def _reports(cast: Cast) -> dict[str, list[str]]:
    colleague = people.colleague(cast.operator, Role.OPERATOR)
    place = "/api/v1/reconciliations/{reconciliation_id}"
    return {
        "/reconciliations/{reconciliation_id}": [str(reports.signed(cast.operator, colleague).id)],
        f"POST {place}/sign-off#reconciliation_id": [str(reports.made(colleague).id) for _each in range(3)],
    }


def _banking(cast: Cast, listing: str) -> dict[str, list[str]]:
    """Return trades that are paid by bank, and lines and accounts that another person than the operator entered."""
    bank = banking.Bank(cast.provider)
    due = [deals.requested(cast.provider, cast.buyer, listing) for _each in range(4)]
    for one in due:
        evidence.in_force(one)
    chosen, proved, withdrawn, shown = due
    for one in (proved, withdrawn, shown):
        banking.announced(one)
    lines = [str(bank.say(banking.came(banking.nobodys()), bank.second)) for _each in range(2 * SPARE)]
    accounts = [banking.proposed(people.verified(Role.BUYER)) for _each in range(2 * SPARE)]
    place = "/api/v1/trades/{number}/bank-transfer"
    with read() as session:
        holder = participants.found(session, cast.clerk.organisation_id).name_zh  # type: ignore[arg-type]
    return {
        f"POST {place}#number": [chosen.number],
        f"POST {place}/withdrawal#number": [withdrawn.number],
        f"POST {place}/proof#number": [proved.number],
        f"GET {place}/proof#number": [shown.number],
        "POST /api/v1/bank-lines/{line_id}/confirmation#line_id": lines[:SPARE],
        "POST /api/v1/bank-lines/{line_id}/dismissal#line_id": lines[SPARE:],
        "POST /api/v1/bank-accounts#holder": [holder],
        "POST /api/v1/bank-accounts/{account_id}/confirmation#account_id": accounts[:SPARE],
        "POST /api/v1/bank-accounts/{account_id}/closure#account_id": accounts[SPARE:],
    }


def _issued(cast: Cast, billed: Deal) -> str:
    """Return an invoice whose file is stored."""
    made = invoices.asked(billed)
    invoices.issued(made, cast.provider, file=invoices.stored())
    return str(made.id)


def _people(cast: Cast) -> dict[str, list[str]]:
    erased = [_invited(cast.clerk, f"erased{one}@example.org") for one in range(SPARE)]
    invited = [_invited(cast.clerk, f"invited{one}@example.org") for one in range(SPARE)]
    changed, removed = (str(people.colleague(cast.clerk, Role.BUYER).user_id) for _each in range(2))
    applied = [str(people.applied(Role.BUYER).id) for _each in range(3)]
    accredited = [str(people.verified(Role.BUYER).organisation_id) for _each in range(3)]
    new = [people.application() for _each in range(SPARE)]
    return {
        "POST /api/v1/people/{user_id}/erasure#user_id": [user_id for user_id, _secret in erased],
        "POST /api/v1/people/{user_id}/erasure#confirm": [f"erased{one}@example.org" for one in range(SPARE)],
        "POST /api/v1/invitations/{token}#token": [secret for _user_id, secret in invited],
        "POST /api/v1/members/invitations#email": [f"colleague{one}@example.org" for one in range(SPARE)],
        "PUT /api/v1/members/{user_id}/roles#user_id": [changed],
        "DELETE /api/v1/members/{user_id}#user_id": [removed],
        "DELETE /api/v1/tokens/{token_id}#token_id": [_token(cast.clerk) for _each in range(SPARE)],
        "POST /api/v1/organisations/{organisation_id}/decision#organisation_id": applied,
        "POST /api/v1/organisations/{organisation_id}/accreditation#organisation_id": accredited,
        "POST /api/v1/organisations#credit_code": [one.credit_code for one in new],
        "POST /api/v1/organisations#email": [one.email for one in new],
    }


def _invited(actor: Actor, email: str) -> tuple[str, str]:
    with transaction() as session:
        invitation, secret, _step = members.invite(session, actor, email, frozenset({Role.BUYER}))
        return str(invitation.user_id), secret


def _token(actor: Actor) -> str:
    assert actor.user_id is not None
    with transaction() as session:
        return str(
            access.issue_token(session, actor.user_id, "to be ended", {Scope.READ}, second_factor=True)[0].id
        )
