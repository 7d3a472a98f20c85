import uuid
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask

from contracts import offers, versions
from contracts.negotiation import State
from contracts.terms import Terms
from contracts.vocabulary import Role as Party
from market import migrations, rules, steps, storage
from market.actor import Actor, Role
from market.contracting import bargaining, comparing, reading, service
from market.db import read, transaction
from market.errors import Invalid, MarketError, NotFound
from market.steps import fsck
from tests import assets, deals, people
from tests.conftest import Clock
from tests.deals import Deal


def refused(code: str, act: Callable[[], object]) -> MarketError:
    with pytest.raises(MarketError) as error:
        act()
    assert error.value.code == code
    return error.value


def kinds(number: str) -> list[str]:
    handle = deals.row(number).handle
    with read() as session:
        return [step.kind for step in steps.steps_of(session, handle)]


def values(number: str, **changes: Any) -> dict[str, Any]:
    with read() as session:
        one = reading.by_number(session, number)
    return bargaining.changed(one, {name.replace("__", "."): value for name, value in changes.items()})


def offered(actor: Actor, number: str, base: str = "", key: str | None = None, **changes: Any) -> uuid.UUID:
    base = base or deals.of(number).terms_digest
    return bargaining.offer(actor, number, base, values(number, **changes), "如此可否", key)


def accepted(actor: Actor, number: str, digest: str = "") -> str:
    shown = digest or deals.of(number).terms_digest
    with transaction() as session:
        return str(bargaining.accept(session, actor, number, shown).entry_id)


def said(deal: Deal, actor: Actor, clause: str, changes: dict[str, Any] | None = None) -> uuid.UUID:
    on = deals.of(deal.number).terms_digest
    bargaining.say(actor, deal.number, on, clause, "请考虑", changes)
    with read() as session:
        return reading.by_number(session, deal.number).contract.remarks[-1].id


def terms(number: str) -> Terms:
    with read() as session:
        found = reading.by_number(session, number).terms
    assert isinstance(found, Terms)
    return found


def test_two_rounds_an_acceptance_and_both_signatures(exchange: Flask) -> None:
    deal = deals.requested()
    offered(deal.provider, deal.number, term__days=180)
    assert deals.of(deal.number).state is State.OFFERED
    offered(deal.buyer, deal.number, term__days=270)
    offered(deal.provider, deal.number, price__amount={"amount": 96_000, "currency": "CNY"})
    accepted(deal.buyer, deal.number)
    deals.sign(deal.provider, deal.number)
    deals.sign(deal.buyer, deal.number)
    contract = deals.of(deal.number)
    assert (contract.state, contract.version) == (State.VERIFIED, 4)
    found = terms(deal.number)
    assert (found.term_days, found.price.amount) == (270, 96_000)
    assert kinds(deal.number) == [
        "contract.requested", "contract.offered", "contract.countered", "contract.offered",
        "contract.accepted", "contract.signed", "contract.signed",
    ]  # fmt: skip
    with read() as session:
        contract = reading.by_number(session, deal.number).contract
        versions.require_chain([offers.link(contract, row) for row in contract.versions])
        assert list(fsck.check(session, migrations.metadata())) == []


def test_every_version_keeps_its_document(exchange: Flask) -> None:
    deal = deals.requested()
    first = deals.of(deal.number).document_digest
    offered(deal.provider, deal.number, term__days=180)
    with read() as session:
        shown = [comparing.version(session, deal.buyer, deal.number, seq) for seq in (1, 2)]
    assert [one.version.document_digest for one in shown] == [first, deals.of(deal.number).document_digest]
    assert all(storage.current().read(one.version.document_digest)[:5] == b"%PDF-" for one in shown)
    assert [change.blank for change in shown[1].changes] == ["term.days"]
    assert shown[1].sections
    for seq in (0, 3):
        with read() as session, pytest.raises(NotFound):
            comparing.version(session, deal.buyer, deal.number, seq)


def test_an_offer_is_made_once_for_its_key_and_again_without_one(exchange: Flask) -> None:
    deal = deals.requested()
    base = deals.of(deal.number).terms_digest
    wanted = values(deal.number, term__days=180)
    first = bargaining.offer(deal.provider, deal.number, base, wanted, "", "key-1")
    assert bargaining.offer(deal.provider, deal.number, base, wanted, "", "key-1") == first
    assert bargaining.offer(deal.provider, deal.number, base, wanted, "") == first
    refused(
        "idempotency.key_reused",
        lambda: bargaining.offer(deal.provider, deal.number, base, wanted, "other", "key-1"),
    )
    refused(
        "contract.wrong_state", lambda: bargaining.offer(deal.provider, deal.number, base, wanted, "other")
    )
    assert kinds(deal.number).count("contract.offered") == 1


def test_only_the_terms_on_the_table_are_answered_or_accepted(exchange: Flask) -> None:
    deal = deals.requested()
    first = deals.of(deal.number).terms_digest
    offered(deal.provider, deal.number, term__days=180)
    error = refused("contract.other_version", lambda: accepted(deal.buyer, deal.number, first))
    assert error.extra["terms_digest"] == deals.of(deal.number).terms_digest
    refused("contract.other_version", lambda: offered(deal.buyer, deal.number, first, term__days=30))
    refused("contract.unchanged", lambda: offered(deal.buyer, deal.number))
    refused("contract.wrong_state", lambda: offered(deal.provider, deal.number, term__days=30))
    refused("role.missing", lambda: accepted(deal.provider, deal.number))
    done = accepted(deal.buyer, deal.number)
    assert accepted(deal.buyer, deal.number) == done
    refused("step.already_taken", lambda: accepted(deal.buyer, deal.number, first))
    refused("contract.wrong_state", lambda: offered(deal.provider, deal.number, term__days=30))


@pytest.mark.parametrize(
    ("changes", "code", "field"),
    [
        ({"term__days": 0}, "contract.terms_refused", "terms.term.days"),
        ({"term__days": None}, "contract.terms_refused", "terms.term.days"),
        ({"no__such": 1}, "contract.terms_refused", "terms.no.such"),
        ({"subject__title": "x"}, "contract.terms_refused", "terms.subject.title"),
        ({"price__amount": {"amount": 1, "currency": "CNY"}}, "contract.terms_refused", "terms.price.amount"),
        ({"price__model": "usage"}, "contract.terms_refused", "terms.price.unit"),
        ({"delivery__mode": "media", "delivery__interface": "硬盘"}, "contract.terms_refused", "terms.delivery.mode"),
        (
            {
                "quality": [
                    {"indicator": "rows", "operator": "gteq", "value": "999999", "field": None,
                     "method": "full", "remedy": "rescind"}
                ]
            },
            "listing.promise_not_held",
            "terms.quality",
        ),
    ],
)  # fmt: skip
def test_what_the_exchange_cannot_hold_is_not_offered(
    exchange: Flask, changes: dict[str, Any], code: str, field: str
) -> None:
    deal = deals.requested()
    error = refused(code, lambda: offered(deal.provider, deal.number, **changes))
    assert isinstance(error, Invalid)
    assert field in error.fields
    assert deals.of(deal.number).version == 1


def test_data_of_public_benefit_stay_free(exchange: Flask) -> None:
    provider = assets.provider()
    deal = deals.requested(provider, listing=assets.listed(provider, **deals.free()))
    base, wanted = deals.of(deal.number).terms_digest, values(deal.number)
    refused("contract.unchanged", lambda: bargaining.offer(provider, deal.number, base, wanted))


def test_a_suggestion_is_taken_up_with_one_click(exchange: Flask) -> None:
    deal = deals.requested()
    remark = said(deal, deal.provider, "term", {"term.days": 90})
    assert deals.of(deal.number).version == 1
    refused("contract.wrong_state", lambda: bargaining.adopt(deal.provider, deal.number, remark))
    done = bargaining.adopt(deal.buyer, deal.number, remark)
    assert bargaining.adopt(deal.buyer, deal.number, remark) == done
    contract = deals.of(deal.number)
    assert (contract.state, contract.version, terms(deal.number).term_days) == (State.OFFERED, 2, 90)
    with read() as session:
        one = reading.by_number(session, deal.number)
        assert (one.contract.versions[-1].role, one.contract.versions[-1].remark_id) == (
            Party.PROVIDER,
            remark,
        )
        (shown,) = comparing.remarks(one)
        assert (shown.adopted, shown.open, [change.blank for change in shown.changes]) == (
            True,
            False,
            ["term.days"],
        )
    accepted(deal.buyer, deal.number)
    assert kinds(deal.number) == [
        "contract.requested", "contract.suggested", "contract.adopted", "contract.accepted",
    ]  # fmt: skip


def test_an_outdated_or_empty_suggestion_is_not_taken_up(exchange: Flask) -> None:
    deal = deals.requested()
    remark = said(deal, deal.provider, "term", {"term.days": 90})
    comment = said(deal, deal.buyer, "term")
    refused("contract.no_suggestion", lambda: bargaining.adopt(deal.provider, deal.number, comment))
    offered(deal.provider, deal.number, term__days=180)
    refused("contract.other_version", lambda: bargaining.adopt(deal.buyer, deal.number, remark))
    refused("contract.no_remark", lambda: bargaining.adopt(deal.buyer, deal.number, uuid.uuid4()))


def test_what_is_said_stays_within_its_clause(exchange: Flask) -> None:
    deal = deals.requested()
    refused("contract.no_clause", lambda: said(deal, deal.provider, "nowhere"))
    refused("contract.terms_refused", lambda: said(deal, deal.provider, "quality", {"term.days": 90}))
    refused("contract.wrong_state", lambda: said(deal, deal.buyer, "term", {"term.days": 90}))
    on = deals.of(deal.number).terms_digest
    first = bargaining.say(deal.buyer, deal.number, on, "term", "为何？", None, "key-1")
    assert bargaining.say(deal.buyer, deal.number, on, "term", "为何？", None, "key-1") == first
    refused(
        "contract.other_version", lambda: bargaining.say(deal.buyer, deal.number, "0" * 64, "term", "为何？")
    )


def test_the_time_to_answer_begins_anew_with_each_version(exchange: Flask, clock: Clock) -> None:
    deal = deals.requested()
    days = rules.book().value("request.days")
    clock.advance(days=days - 1)
    offered(deal.provider, deal.number, term__days=180)
    clock.advance(days=days - 1)
    service.on_deadline(deal.number)
    assert deals.of(deal.number).state is State.OFFERED
    clock.advance(days=1)
    refused("contract.expired", lambda: accepted(deal.buyer, deal.number))
    refused("contract.expired", lambda: offered(deal.buyer, deal.number, term__days=30))
    service.on_deadline(deal.number)
    contract = deals.of(deal.number)
    assert (contract.state, contract.ending) == (State.TERMINATED, "expired")


def test_strangers_do_not_negotiate(exchange: Flask) -> None:
    deal, stranger = deals.requested(), people.verified(Role.BUYER, Role.PROVIDER)
    acts: list[Callable[[], object]] = [
        lambda: offered(stranger, deal.number, term__days=30),
        lambda: accepted(stranger, deal.number),
        lambda: said(deal, stranger, "term"),
        lambda: bargaining.adopt(stranger, deal.number, uuid.uuid4()),
    ]
    for act in acts:
        with pytest.raises(NotFound):
            act()
    chief = people.operator()
    refused("role.missing", lambda: offered(chief, deal.number, term__days=30))


def test_acts_follow_the_table(exchange: Flask) -> None:
    deal = deals.requested()

    def acts(actor: Actor) -> set[str]:
        with read() as session:
            return set(reading.detail(session, actor, deal.number).acts)

    assert acts(deal.provider) == {"sign", "offer", "comment", "decline"}
    assert acts(deal.buyer) == {"adopt", "comment", "withdraw"}
    offered(deal.provider, deal.number, term__days=180)
    assert acts(deal.provider) == {"adopt", "comment", "withdraw"}
    assert acts(deal.buyer) == {"accept", "offer", "comment", "decline", "withdraw"}
    accepted(deal.buyer, deal.number)
    assert (acts(deal.provider), acts(deal.buyer)) == ({"sign", "decline"}, {"withdraw"})
