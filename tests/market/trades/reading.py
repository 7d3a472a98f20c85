"""What somebody reads of the money of trades that have ended in one way or another."""

from typing import Any

from flask.testing import FlaskClient

from contracts.money import Money
from market import jobs
from market.actor import Actor, Role
from market.db import read, transaction
from market.participants.web import COOKIE
from market.payments import outcomes, statement
from market.payments.months import Month
from market.trades import decisions, redressing
from tests import assets, deals, people, trades
from tests.deals import Deal

HTML = {"Accept": "text/html", "Accept-Language": "en"}


def ask(client: FlaskClient, actor: Actor, path: str) -> tuple[int, dict[str, Any]]:
    answer = client.get(f"/api/v1/{path}", headers=people.bearer(actor))
    return answer.status_code, answer.get_json()


def page(client: FlaskClient, actor: Actor, path: str) -> tuple[int, str]:
    client.set_cookie(COOKIE, people.session_of(actor))
    answer = client.get(path, headers=HTML)
    return answer.status_code, answer.text


def elsewhere(price: int) -> Deal:
    """Return a trade between two other organisations over other data."""
    provider = assets.provider()
    asset = assets.registered(provider, deals.content())
    listing = assets.listed(provider, asset, price=Money(price))
    deal = deals.requested(provider, people.verified(Role.BUYER), listing)
    for actor in (deal.provider, deal.buyer):
        deals.sign(actor, deal.number)
    jobs.drain()
    return deal


def cancelled(deal: Deal) -> Deal:
    with transaction() as session:
        decisions.cancel(session, deal.buyer, deal.number, "no longer needed")
    jobs.drain()
    return deal


def released(price: int = 128_000, beside: Deal | None = None) -> Deal:
    return trades.closed(trades.fetched(trades.paid(trades.in_force(price, beside=beside))))


def redressed(deal: Deal, amount: int) -> Deal:
    """Let the operator pay a part of a released price back."""
    chief = people.operator()
    with transaction() as session:
        redressing.order(session, chief, deal.number, amount, "a column was empty")
    jobs.drain()
    return deal


def failed(deal: Deal) -> Deal:
    """Let a payment be refused."""
    outcomes.failed(outcomes.get(trades.planned(deal)), "card_declined")
    return deal


NOVEMBER = Month(2026, 11)


def of_month(actor: Actor, month: Month = NOVEMBER) -> dict[str, Any]:
    with read() as session:
        owner = statement.whose(session, actor, None)
        return statement.plain(statement.of_month(session, owner, month))


def moved(found: dict[str, Any]) -> list[tuple[str, int, int]]:
    """Return kind, amount and balance of the movements of a statement with one section."""
    (section,) = found["sections"]
    return [(one["kind"], one["amount"], one["balance"]) for one in section["movements"]]
