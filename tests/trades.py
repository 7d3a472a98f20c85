"""Trades for tests: contracts in force, and a payment platform that does at once what is planned."""

import threading
import uuid
from collections.abc import Callable
from functools import partial
from typing import Any

from flask import Flask

from contracts.document import Draft
from contracts.money import Money
from contracts.render import Rendered
from market import jobs, steps
from market.actor import Role
from market.db import read, transaction
from market.delivery import sending
from market.delivery import service as delivery
from market.delivery.models import AccessGrant
from market.delivery.ranges import Span
from market.errors import MarketError
from market.payments import accounts, outcomes
from market.payments import service as payments
from market.payments.states import OperationKind
from market.payments.stripe import Account, CheckoutSession, PaymentIntent, Refund, Reversal, Transfer
from market.trades import billing, decisions, instalments, service, showing
from market.trades.service import Life
from tests import assets, deals, people
from tests.deals import Deal
from tests.leaflet import leaflet
from tests.waiting import SECONDS, side_by_side


def set_in_type(draft: Draft) -> Rendered:
    """Stand in for the typesetter where the document itself is not the matter."""
    return Rendered(pdf=leaflet(draft.terms), pages=(b"<svg/>",), record=b'{"pages":[]}')


def platform(app: Flask) -> None:
    """Let the payment platform's answers come at once, without any network."""
    app.extensions["handlers"].update(
        {
            "account.open": _open_account,
            "payment.perform": _perform,
            "payment.look": lambda operation_id: None,
            "payment.close": lambda operation_id: None,
            "chargeback.look": lambda chargeback_id: None,
            "chargeback.answer": lambda chargeback_id: None,
        }
    )


def in_force(price: int = 128_000, *, beside: Deal | None = None, **said: object) -> Deal:
    """Return a trade that has just begun.

    Args:
        price: fen.
        beside: a trade whose provider and buyer make another one over the same asset.
        said: what else the provider says in the listing.
    """
    deal = signed(price, beside=beside, **said)
    jobs.drain()
    return deal


def signed(price: int = 128_000, *, beside: Deal | None = None, **said: object) -> Deal:
    """Return a contract that both have signed; the job that begins the trade waits."""
    provider = beside.provider if beside else assets.provider()
    asset = assets.found(rows(beside).trade.asset_id) if beside else assets.registered(provider)
    listing = assets.listed(provider, asset, **({"price": Money(price), **said} if price else deals.free()))
    deal = deals.requested(provider, beside.buyer if beside else people.verified(Role.BUYER), listing)
    deals.sign(deal.provider, deal.number)
    deals.sign(deal.buyer, deal.number)
    return deal


def paid(deal: Deal) -> Deal:
    """Pay, and let the exchange know."""
    pay(deal)
    jobs.drain()
    return deal


def pay(deal: Deal) -> uuid.UUID:
    """Pay on the platform; the exchange has the outcome, and what follows waits as a job."""
    operation_id = planned(deal)
    settle(operation_id)
    return operation_id


def planned(deal: Deal) -> uuid.UUID:
    """Return a payment whose pay page stands open."""
    with transaction() as session:
        rows = service.life(session, deal.number)
        due = instalments.payable(rows.settlements)
        assert due is not None
        operation = payments.plan_payment(
            session, deal.buyer, billing.bill(rows.trade, due, len(rows.settlements))
        )
    outcomes.opened(
        operation,
        CheckoutSession(f"cs_{operation.id}", "open", "unpaid", "http://pay", "", 0, "cny", False, {}),
    )
    return operation.id


def settle(operation_id: uuid.UUID) -> None:
    """Let the money of a planned payment arrive."""
    outcomes.settled(outcomes.get(operation_id), came_in(operation_id))


def came_in(operation_id: uuid.UUID) -> PaymentIntent:
    """Return a payment of just what an operation asks for."""
    amount = outcomes.get(operation_id).amount
    id = f"pi_{operation_id}"
    return PaymentIntent(id, "succeeded", amount, amount, "cny", "", False, "ch", {}, 100, "cny")


def astray(deal: Deal) -> Deal:
    """Let money come in on a page that was over; it goes back."""
    operation_id = planned(deal)
    outcomes.expired(outcomes.get(operation_id))
    outcomes.strayed(outcomes.get(operation_id), came_in(operation_id), [])
    jobs.drain()
    return deal


def fetched(deal: Deal, *spans: Span) -> Deal:
    """Fetch the file, or parts of it, through the gate."""
    fetch(deal, *spans)
    jobs.drain()
    return deal


def closed(deal: Deal) -> Deal:
    """Accept what was delivered, and let the money go where it belongs."""
    with transaction() as session:
        decisions.accept(session, deal.buyer, deal.number)
    jobs.drain()
    return deal


def fetch(deal: Deal, *spans: Span) -> bytes:
    """Fetch and return what came; the receipt waits as a job."""
    with read() as session:
        permit = sending.permit(session, deal.buyer, deal.number)
    return b"".join(
        part for span in spans or (Span(0, permit.size),) for part in sending.stream(permit, span)
    )


def rows(deal: Deal) -> Life:
    """Return the rows of a trade as they stand now."""
    with read() as session:
        return service.life(session, deal.number)


def grant(deal: Deal) -> AccessGrant:
    """Return the grant of a trade as it stands now."""
    trade = rows(deal).trade
    with read() as session:
        return delivery.grant_of(session, trade.id)


def states(deal: Deal) -> dict[str, str | None]:
    """Return where each machine of a trade stands."""
    return showing.states(rows(deal), grant(deal))


def kinds(deal: Deal) -> list[str]:
    """Return the names of a trade's steps in order."""
    handle = rows(deal).trade.handle
    with read() as session:
        return [step.kind for step in steps.steps_of(session, handle)]


def balances(deal: Deal) -> dict[str, int]:
    """Return the book accounts that do not stand at zero, in fen."""
    with read() as session:
        totals = payments.balances(payments.postings_of(session, deal.number))
    return {account: amount for (account, _currency), amount in totals.items() if amount}


def together(app: Flask, *acts: Callable[[], object]) -> list[str]:
    """Do acts at once, each in a thread of its own; return "done" or the code of the refusal."""
    results = [""] * len(acts)
    start = threading.Barrier(len(acts), timeout=SECONDS)

    def run(place: int) -> None:
        with app.app_context():
            start.wait()
            try:
                acts[place]()
                results[place] = "done"
            except MarketError as error:
                results[place] = error.code

    side_by_side(partial(run, place) for place in range(len(acts)))
    return results


def _open_account(account_id: str) -> None:
    with read() as session:
        planned = session.get_one(payments.Account, uuid.UUID(account_id))
    accounts._record(planned, Account(f"acct_{account_id}", "active", {}))


def _perform(operation_id: str) -> None:
    found = outcomes.get(uuid.UUID(operation_id))
    name: dict[str, Any] = {"id": f"{found.kind}_{found.id}", "amount": found.amount, "currency": "cny"}
    if found.kind is OperationKind.TRANSFER:
        made = Transfer(**name, destination="", transfer_group="", livemode=False, metadata={})
        outcomes.transferred(found, made)
    elif found.kind is OperationKind.REFUND:
        outcomes.refunded(found, Refund(**name, status="succeeded", payment_intent="", metadata={}))
    elif found.kind is OperationKind.REVERSAL:
        outcomes.reversed_(found, Reversal(**name, transfer="", metadata={}))
