"""Two people, or a person and a stream, act at the same moment: one is first, and the books agree."""

import threading
from collections.abc import Callable
from functools import partial

from flask import Flask

from market import jobs
from market.actor import Role
from market.db import read, transaction
from market.delivery import sending
from market.delivery.ranges import Span
from market.errors import MarketError
from market.trades import decisions
from tests import people, trades
from tests.waiting import SECONDS, side_by_side


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


def test_one_accepts_while_the_other_rejects(exchange: Flask) -> None:
    deal = trades.fetched(trades.paid(trades.in_force()))
    colleague = people.colleague(deal.buyer, Role.BUYER)

    def accept() -> None:
        with transaction() as session:
            decisions.accept(session, deal.buyer, deal.number)

    def reject() -> None:
        with transaction() as session:
            decisions.reject(session, colleague, deal.number, "rows are missing")

    assert together(exchange, accept, reject) in (["done", "acceptance.spoken"], ["dispute.open", "done"])
    said = [kind for kind in trades.kinds(deal) if kind.startswith("acceptance.")]
    assert len(said) == 1


def test_eight_clicks_are_one_acceptance_and_one_transfer(exchange: Flask) -> None:
    deal = trades.fetched(trades.paid(trades.in_force()))

    def accept() -> None:
        with transaction() as session:
            decisions.accept(session, deal.buyer, deal.number)

    assert set(together(exchange, *[accept] * 8)) == {"done"}
    jobs.drain()
    assert trades.kinds(deal).count("acceptance.accepted") == 1
    assert trades.kinds(deal).count("transfer.made") == 1


def test_cancelling_while_the_first_byte_leaves(exchange: Flask) -> None:
    deal = trades.paid(trades.in_force())
    with read() as session:
        permit = sending.permit(session, deal.buyer, deal.number)

    def cancel() -> None:
        with transaction() as session:
            decisions.cancel(session, deal.buyer, deal.number, "no longer needed")

    results = together(exchange, cancel, lambda: list(sending.stream(permit, Span(0, permit.size))))
    assert results in (["done", "delivery.agreement_ended"], ["cancellation.begun", "done"])
    jobs.drain()
    ended = trades.states(deal)
    assert (ended["settlement"], ended["transfer"]) in {("REFUNDED", "TERMINATED"), ("FUNDED", "COMPLETED")}
