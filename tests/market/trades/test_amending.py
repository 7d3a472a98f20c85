"""Amending a contract in force: the trade follows, the gate decides anew, and one of two wins, on both databases."""

import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask, current_app

from contracts.negotiation import Ending, State
from market import jobs, migrations
from market.actor import Role
from market.contracting import service as contracting
from market.db import read, transaction
from market.errors import Invalid, MarketError
from market.steps import fsck
from market.trades import amending, ending, showing
from market.trades.grounds import Cause, Ground
from tests import amendments, deals, people, trades
from tests.deals import Deal


def refused(code: str, act: Callable[[], object]) -> MarketError:
    with pytest.raises(MarketError) as error:
        act()
    assert error.value.code == code
    return error.value


def fetches(deal: Deal) -> str:
    """Fetch the file; return "done" or the code of the refusal."""
    try:
        trades.fetch(deal)
    except MarketError as error:
        return error.code
    return "done"


def end(deal: Deal, ground: Ground = Ground.LAW) -> None:
    with transaction() as session:
        ending.end(session, deal.provider, deal.number, ground, "misused")


def suspend(deal: Deal) -> None:
    with transaction() as session:
        ending.suspend(session, deal.provider, deal.number, Cause.MISUSE, "misused")


def test_the_trade_follows_an_amendment(exchange: Flask) -> None:
    deal = trades.paid(trades.in_force())
    before, first = trades.grant(deal), amendments.in_force(deal)
    number = amendments.propose(
        deal.buyer,
        deal,
        {"term.days": 1000, "delivery.days": 60, "acceptance.days": 9, "delivery.downloads": 2},
    )
    assert deals.of(number).state is State.REQUESTED
    assert trades.grant(deal).policy_digest == before.policy_digest
    amendments.sign(deal, number)
    jobs.drain()
    after, rows, new = trades.grant(deal), trades.rows(deal), amendments.in_force(deal)
    assert new.contract.number == number
    assert rows.agreement.term_until - rows.agreement.term_from == timedelta(days=1000)
    assert (after.policy_digest, after.term_until) == (new.contract.policy_digest, rows.agreement.term_until)
    assert before.fetch_until is not None
    assert after.fetch_until == before.fetch_until + timedelta(days=60 - first.terms.delivery.days)
    assert rows.acceptance.days == 9
    assert new.request.handle == first.request.handle
    assert trades.kinds(deal)[-4:] == [
        "amendment.proposed", "contract.signed", "contract.signed", "amendment.finalized",
    ]  # fmt: skip
    with read() as session:
        assert showing.shown(session, deal.buyer, deal.number).contracts[1].number == number
        assert list(fsck.check(session, migrations.metadata())) == []


def test_what_an_amendment_forbids_is_refused_and_what_it_permits_is_served(exchange: Flask) -> None:
    deal = trades.paid(trades.in_force())
    amendments.amend(deal, {"delivery.downloads": 1})
    assert (fetches(deal), fetches(deal)) == ("done", "delivery.count")
    amendments.amend(deal, {"delivery.downloads": 2})
    assert (fetches(deal), fetches(deal)) == ("done", "delivery.count")
    amendments.amend(deal, {"delivery.downloads": 9, "term.days": 3})
    assert fetches(deal) == "done"
    current_app.extensions["clock"].advance(days=2)
    longer = amendments.propose(deal.buyer, deal, {"term.days": 90})
    current_app.extensions["clock"].advance(hours=23)
    amendments.sign(deal, longer)
    jobs.drain()
    current_app.extensions["clock"].advance(days=2)
    jobs.drain()
    assert fetches(deal) == "done"
    amendments.amend(deal, {"term.days": 6})
    current_app.extensions["clock"].advance(days=2)
    assert fetches(deal) == "delivery.term_over"
    jobs.drain()
    assert trades.states(deal)["agreement"] == "EXPIRED"


def test_a_use_that_the_amendment_forbids_stands_in_the_policy_the_gate_reads(exchange: Flask) -> None:
    deal = trades.in_force(0)
    values = amendments.in_force(deal).terms.use
    dropped = next(word for word in values.permitted if word != "reproduce")
    kept = [word.value for word in values.permitted if word != dropped]
    assert f'"cn:{dropped}"' in trades.grant(deal).policy or dropped in trades.grant(deal).policy
    amendments.amend(deal, {"use.permitted": kept})
    assert amendments.in_force(deal).contract.policy == trades.grant(deal).policy
    assert [word.value for word in amendments.in_force(deal).terms.use.permitted] == kept


def test_the_provider_proposes_and_the_buyer_bargains(exchange: Flask) -> None:
    deal = trades.in_force(0)
    number = amendments.propose(deal.provider, deal, {"term.days": 30})
    assert deals.of(number).state is State.OFFERED
    made = deals.offer(deal.buyer, number, {"term.days": 60})
    assert made.state is State.REQUESTED
    deals.offer(deal.provider, number, {"term.days": 45})
    deals.accept(deal.buyer, number)
    amendments.sign(deal, number)
    jobs.drain()
    now = amendments.in_force(deal)
    assert (now.contract.number, now.terms.term_days) == (number, 45)


def test_an_answer_changes_neither_price_nor_all_back(exchange: Flask) -> None:
    deal = trades.paid(trades.in_force())
    number = amendments.propose(deal.provider, deal, {"term.days": 30})
    price = {"price.amount": {"amount": 1000, "currency": "CNY"}}
    error = refused("contract.terms_refused", lambda: deals.offer(deal.buyer, number, price))
    assert isinstance(error, Invalid)
    assert "terms.price.amount" in error.fields
    old = amendments.in_force(deal).terms.term_days
    refused("contract.unchanged", lambda: deals.offer(deal.buyer, number, {"term.days": old}))


def test_a_second_amendment_names_the_first(exchange: Flask) -> None:
    deal = trades.in_force(0)
    one = amendments.amend(deal, {"term.days": 30})
    first = amendments.in_force(deal)
    amendments.amend(deal, {"term.days": 60})
    amends = amendments.in_force(deal).terms.amends
    assert amends is not None
    assert amends.parent == (one, first.terms.digest(), first.contract.final_digest)
    assert amends.before == {"term.days": 30}


def test_what_cannot_be_amended_is_refused(exchange: Flask) -> None:
    deal = trades.paid(trades.in_force())
    ask = amendments.propose
    refused("contract.unchanged", lambda: ask(deal.buyer, deal, {}))
    refused("contract.other_version", lambda: ask(deal.buyer, deal, {"term.days": 30}, base="ab" * 32))
    refused("contract.terms_refused", lambda: ask(deal.buyer, deal, {"term.days": 0}))
    refused("contract.terms_refused", lambda: ask(deal.buyer, deal, {"payment.days": 3}))
    refused("role.missing", lambda: ask(people.colleague(deal.buyer, Role.ADMIN), deal, {"term.days": 3}))
    refused("trade.not_found", lambda: ask(people.verified(Role.BUYER), deal, {"term.days": 3}))
    current_app.extensions["clock"].advance(days=3)
    refused("amendment.term_over", lambda: ask(deal.buyer, deal, {"term.days": 2}))
    ask(deal.buyer, deal, {"term.days": 30})
    refused("amendment.open", lambda: ask(deal.provider, deal, {"term.days": 40}))


def test_a_proposal_is_declined_or_withdrawn_and_another_made(exchange: Flask) -> None:
    deal = trades.in_force(0)
    for act in ("decline", "withdraw"):
        number = amendments.propose(deal.buyer, deal, {"term.days": 30})
        with transaction() as session:
            if act == "decline":
                contracting.decline(session, deal.provider, number, "no")
            else:
                contracting.withdraw(session, deal.buyer, number)
        assert deals.of(number).state is State.TERMINATED
    number = amendments.propose(deal.buyer, deal, {"term.days": 30})
    current_app.extensions["clock"].advance(days=29)
    jobs.drain()
    assert deals.of(number).ending is Ending.EXPIRED
    assert amendments.in_force(deal).contract.number == deal.number
    assert trades.states(deal)["agreement"] == "ACTIVE"


def test_the_same_key_gives_the_same_proposal(exchange: Flask) -> None:
    deal = trades.in_force(0)
    key = uuid.uuid4().hex
    made = amendments.propose(deal.buyer, deal, {"term.days": 30}, key=key)
    assert amendments.propose(deal.buyer, deal, {"term.days": 30}, key=key) == made
    refused(
        "idempotency.key_reused", lambda: amendments.propose(deal.buyer, deal, {"term.days": 31}, key=key)
    )


@pytest.mark.parametrize("stop", [end, suspend])
@pytest.mark.parametrize("signed", [0, 1, 2])
def test_an_end_or_a_suspension_ends_the_proposal(
    exchange: Flask, stop: Callable[[Deal], None], signed: int
) -> None:
    deal = trades.in_force(0 if stop is end else 128_000)
    number = amendments.propose(deal.buyer, deal, {"term.days": 30})
    signers = [deal.provider, deal.buyer]
    for signer in signers[:signed]:
        deals.sign(signer, number)
    stop(deal)
    found = deals.of(number)
    assert (found.state, found.ending) == (State.TERMINATED, Ending.LAPSED)
    if signed < 2:
        refused("contract.wrong_state", lambda: deals.sign(signers[signed], number))
    jobs.drain()
    assert amendments.in_force(deal).contract.number == deal.number
    code = "agreement.ended" if stop is end else "agreement.suspended"
    refused(code, lambda: amendments.propose(deal.buyer, deal, {"term.days": 30}))


def test_notice_and_deletion_follow_the_terms_in_force(exchange: Flask) -> None:
    deal = trades.closed(trades.fetched(trades.paid(trades.in_force())))
    amendments.amend(deal, {"term.notice_days": 4, "term.deletion_days": 5})
    with transaction() as session:
        ending.end(session, deal.buyer, deal.number, Ground.NOTICE, "needed no longer")
    notice = trades.rows(deal).notice
    assert notice is not None
    assert notice.effective_at - notice.given_at == timedelta(days=4)
    current_app.extensions["clock"].advance(days=4, minutes=1)
    jobs.drain()
    duty = trades.rows(deal).duty
    assert duty is not None
    assert duty.due_at - notice.effective_at < timedelta(days=5, minutes=5)


def test_of_two_proposals_at_once_one_stands(exchange: Flask) -> None:
    deal = trades.in_force(0)
    got: list[Any] = trades.together(
        exchange,
        lambda: amendments.propose(deal.buyer, deal, {"term.days": 30}),
        lambda: amendments.propose(deal.provider, deal, {"term.days": 40}),
    )
    assert sorted(got) == ["amendment.open", "done"]
    assert trades.kinds(deal).count("amendment.proposed") == 1


def test_an_amendment_and_the_end_at_once_one_wins(exchange: Flask) -> None:
    deal = trades.in_force(0)
    number = amendments.propose(deal.buyer, deal, {"term.days": 30})
    amendments.sign(deal, number)
    contract_id = deals.of(number).id
    trades.together(exchange, lambda: amending.on_verified(contract_id), lambda: end(deal))
    jobs.drain()
    found, rows = deals.of(number), trades.rows(deal)
    assert rows.agreement.state.value == "TERMINATED"
    came = found.state is State.FINALIZED
    assert (rows.agreement.contract_id == found.id) is came
    assert trades.kinds(deal).count("amendment.finalized") == came
    assert (trades.grant(deal).policy_digest == found.policy_digest) is came
