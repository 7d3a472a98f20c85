"""What the people of the tables own and have under way: assets, listings, trades in every state."""

import json

from contracts.money import Money
from market import jobs
from market.actor import Actor
from market.approvals import ruling
from market.approvals.asks import Asks
from market.approvals.ruling import Rule
from market.catalog import service as catalog
from market.contracting import bargaining
from market.db import transaction
from market.invoicing.states import Matter
from market.registry.states import RegistrationEvent
from market.trades import decisions, ending, suspension
from market.trades.grounds import Cause, Ground
from tests import (
    assets,
    attestations,
    banking,
    chargebacks,
    deals,
    invoices,
    offers,
    people,
    reports,
    trades,
    updates,
)
from tests.attestations import Body
from tests.deals import Deal

WHY = "for the table"


def goods_of(provider: Actor, body: Body) -> dict[str, str]:
    """Make an asset and a listing in every state, and the file of an inspection of a registered one."""
    chief, content = people.operator(), deals.content()
    draft = assets.drafted(provider, deals.content()).id
    submitted = assets.submitted(provider, deals.content())
    registered = assets.registered(provider, content)
    halted = assets.registered(provider, deals.content()).id
    with transaction() as session:
        suspension.decide_asset(session, chief, halted, RegistrationEvent.SUSPEND, WHY)
    with transaction() as session:
        drafted = catalog.draft(session, provider, asset_id=registered.id, proposal=assets.proposal()).number
    shelved = assets.listed(provider, registered)
    with transaction() as session:
        catalog.suspend(session, chief, shelved, WHY)
    return {
        **_updates(provider),
        "draft": str(draft),
        "stopped": str(assets.stopped(provider)),
        "appealed": str(assets.appealed(provider)),
        "submitted": str(submitted),
        "registered": str(registered.id),
        "number": str(registered.number),
        "attestation": body.file(attestations.measured(content)).decode(),
        "halted": str(halted),
        "drafted": drafted,
        "shelved": shelved,
        "listed": assets.listed(provider, registered),
    }


def _updates(provider: Actor) -> dict[str, str]:
    """Make assets with a newer file in every state, and a listing that offers the one before."""
    revised, submitted, updated = (assets.registered(provider, deals.content()) for _ in range(3))
    older = assets.listed(provider, updated)
    assets.revised(provider, revised.id, deals.content())
    assets.revision_submitted(provider, submitted.id, deals.content())
    assets.updated(provider, updated.id, deals.content())
    return {"revised": str(revised.id), "revision": str(submitted.id), "older": older}


def trades_of(provider: Actor, buyer: Actor, signer: Actor, private: set[str]) -> dict[str, str]:
    """Make a contract and a trade in every state."""
    listing = assets.listed(provider, assets.registered(provider, deals.content()))

    def asked() -> Deal:
        return deals.requested(provider, buyer, listing)

    def running() -> Deal:
        deal = asked()
        deals.sign(provider, deal.number)
        deals.sign(buyer, deal.number)
        jobs.drain()
        return deal

    requested, agreed = asked(), asked()
    deals.sign(signer, agreed.number)
    offered, remark = _negotiated(asked())
    guarded = _guarded(asked())
    due, paid = running(), trades.paid(running())
    operation = trades.planned(due)
    choosing, announced = running(), running()
    moneyed = banking.waiting(provider, announced)
    delivered, disputed = (trades.fetched(trades.paid(running())) for _ in range(2))
    with transaction() as session:
        decisions.reject(session, buyer, disputed.number, WHY)
    settled, noticed, resting, over = (
        trades.closed(trades.fetched(trades.paid(running()))) for _ in range(4)
    )
    with transaction() as session:
        ending.end(session, buyer, noticed.number, Ground.NOTICE, WHY)
        ending.suspend(session, provider, resting.number, Cause.MISUSE, WHY)
        ending.end(session, provider, over.number, Ground.GRAVE, WHY)
    for actor in (provider, buyer):
        invoices.profile(actor)
    billed, fee_billed = invoices.asked(settled), invoices.asked(settled, Matter.FEE)
    issued, reduced = invoices.asked(noticed), invoices.asked(over)
    for invoice in (issued, reduced):
        invoices.issued(invoice, provider, file=invoices.stored())
    invoices.owed(reduced, reduced.amount)
    questioned = trades.fetched(trades.paid(running()))
    chargeback = chargebacks.questioned(questioned.number)
    goods = assets.registered(provider, deals.content())
    standing, sketch = (
        make(provider, assets.listed(provider, goods)) for make in (offers.opened, offers.drafted)
    )
    private.add(sketch.number)
    newer = updates.approved(trades.paid(updates.in_force(between=(provider, buyer))), deals.content())
    found = {
        "updated": newer, "settled": settled, "noticed": noticed, "resting": resting, "over": over,
        "requested": requested, "agreed": agreed, "offered": offered, "due": due,
        "guarded": guarded, "questioned": questioned, "announced": announced, "choosing": choosing,
        "paid": paid, "delivered": delivered, "disputed": disputed,
    }  # fmt: skip
    private |= {deal.number for deal in found.values()}
    return {
        **{name: deal.number for name, deal in found.items()},
        **moneyed,
        "standing": standing.number,
        "chargeback": str(chargeback.id),
        "sketch": sketch.number,
        "sketch_digest": offers.draft_of(sketch).document_digest,
        "requested_terms": deals.of(requested.number).terms_digest,
        "settled_terms": deals.of(settled.number).terms_digest,
        "offered_terms": deals.of(offered.number).terms_digest,
        "remark": remark,
        "digest": deals.of(requested.number).document_digest,
        "agreed_digest": deals.of(agreed.number).document_digest,
        "guarded_digest": deals.of(guarded.number).document_digest,
        "handle": trades.rows(due).trade.handle,
        "operation": str(operation),
        "report": str(reports.made(people.operator()).id),
        "billed": str(billed.id),
        "fee_billed": str(fee_billed.id),
        "issued": str(issued.id),
        "reduced": str(reduced.id),
        "invoice": invoices.PDF.decode(),
    }


def _guarded(deal: Deal) -> Deal:
    """Raise the price until the provider's own rule asks for a second person; it signs next."""
    price = json.loads(deals.of(deal.number).terms)["values"]["price.amount"]["amount"]
    with transaction() as session:
        ruling.put(session, deal.provider, Rule(Asks.FROM, Money(price + 1)))
    deals.offer(deal.provider, deal.number, {"price.amount": {"amount": price + 1, "currency": "CNY"}})
    deals.accept(deal.buyer, deal.number)
    return deal


def _negotiated(deal: Deal) -> tuple[Deal, str]:
    """Let the provider make another offer and the buyer suggest a change to it; return the suggestion's id."""
    offered = deals.offer(deal.provider, deal.number, {"term.days": 180})
    bargaining.say(deal.buyer, deal.number, offered.terms_digest, "term", "longer?", {"term.days": 200})
    return deal, str(deals.of(deal.number).remarks[0].id)
