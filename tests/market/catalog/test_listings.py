from typing import Any

import pytest
from flask import Flask
from sqlalchemy import text
from werkzeug.test import TestResponse

from contracts.facts import Threshold
from contracts.money import Money
from market import jobs, steps
from market.actor import Actor, Role
from market.catalog import reading, service
from market.catalog.models import Benefit
from market.catalog.reading import Filters, PriceFilter
from market.catalog.sectors import NAMES, Sector
from market.catalog.states import TRANSITIONS, ListingEvent, ListingState, advance
from market.catalog.terms import use_of
from market.db import read, transaction
from market.errors import Conflict, Forbidden, Invalid, NotFound
from market.registry import service as registry
from market.registry.models import Asset
from market.registry.states import RegistrationEvent
from market.steps import Kind
from tests import assets, people
from tests.assets import promise
from tests.conftest import Clock


def numbers(**filters: Any) -> list[str]:
    with read() as session:
        return [listing.number for listing in reading.page_of(session, Filters(**filters)).items]


def decided(event: RegistrationEvent, kind: Kind, asset: Asset) -> None:
    """Suspend, restore or cancel an asset with its listings, as trades does."""
    with transaction() as session:
        row = session.get_one(Asset, asset.id)
        step = steps.begin(Actor.system("test"), kind, row.handle)
        registry.change(step, row, event)
        follow = {
            RegistrationEvent.SUSPEND: service.suspend_all,
            RegistrationEvent.RESTORE: service.restore_all,
            RegistrationEvent.CANCEL: service.withdraw_all,
        }
        follow[event](session, step, row.id)
        steps.record(session, step)


def told(answer: TestResponse) -> Any:
    return answer.json


def test_every_state_and_event_is_either_in_the_table_or_refused() -> None:
    for state in ListingState:
        for event in ListingEvent:
            if (state, event) in TRANSITIONS:
                assert advance(state, event) is TRANSITIONS[state, event]
            else:
                with pytest.raises(Conflict):
                    advance(state, event)


def test_every_sector_has_a_name_in_both_languages() -> None:
    assert set(NAMES) == set(Sector)
    assert all(names.keys() == {"zh", "en"} and all(names.values()) for names in NAMES.values())


def test_a_listing_is_found_from_publication_to_withdrawal(exchange: Flask) -> None:
    provider = assets.provider()
    asset = assets.registered(provider)
    with transaction() as session:
        number = service.draft(session, provider, asset_id=asset.id, proposal=assets.proposal()).number
    assert numbers() == numbers(query="天气") == []
    with transaction() as session:
        first = service.publish(session, provider, number)
    assert numbers() == numbers(query="天气") == [number]
    with transaction() as session:
        assert service.publish(session, provider, number).id == first.id
    with transaction() as session:
        service.withdraw(session, provider, number)
    with transaction() as session:
        assert service.publish(session, provider, number).id == first.id
    assert numbers() == numbers(query="天气") == []
    buyer = people.verified(Role.BUYER)
    with read() as session, pytest.raises(NotFound):
        reading.found(session, buyer, number)
    with read() as session, pytest.raises(Conflict) as refused:
        service.facts_of(session, reading.by_number(session, number))
    assert refused.value.code == "listing.not_listed"


def test_the_facts_for_a_contract_are_complete(exchange: Flask) -> None:
    provider = assets.provider()
    asset = assets.registered(provider)
    number = assets.listed(provider, asset)
    with read() as session:
        facts = service.facts_of(session, reading.by_number(session, number))
    assert (facts.number, facts.provider_id, facts.price) == (
        number,
        provider.organisation_id,
        Money(128_000),
    )
    assert (facts.asset.number, facts.asset.filename) == (asset.number, "weather.csv")
    assert (facts.report.rows, len(facts.report.columns)) == (4, 3)
    assert facts.quality == (promise("rows", "4"),)
    assert [word.value for word in facts.use.permitted] == ["reproduce", "derive"]
    assert [word.value for word in facts.use.prohibited] == ["sell", "reidentify"]
    assert facts.report.columns[0].minimum is None


@pytest.mark.parametrize(
    ("given", "measured"),
    [
        (promise("rows", "5"), "4"),
        (promise("columns", "4"), "3"),
        (promise("columns", "2", "eq"), "3"),
        (promise("completeness", "0.67"), "0.666666"),
        (promise("uniqueness", "0.76"), "0.750000"),
        (promise("completeness", "0.6", field="气温"), "0.500000"),
        (promise("uniqueness", "1", field="城市"), "0.750000"),
        (promise("completeness", "1", field="no such column"), "-"),
    ],
)
def test_a_promise_that_was_not_measured_is_refused(exchange: Flask, given: Threshold, measured: str) -> None:
    provider = assets.provider()
    asset = assets.registered(provider)
    with transaction() as session:
        draft = service.draft(
            session, provider, asset_id=asset.id, proposal=assets.proposal(quality=(given,))
        )
    with transaction() as session, pytest.raises(Invalid) as refused:
        service.publish(session, provider, draft.number)
    assert refused.value.code == "listing.promise_not_held"
    assert refused.value.extra["rule"] == "R3.2"
    assert refused.value.extra["promises"] == [
        {
            "indicator": given.indicator.value,
            "field": given.field,
            "operator": given.operator.value,
            "promised": given.value,
            "measured": measured,
        }
    ]
    assert numbers() == []


def test_promises_hold_exactly_at_their_bound(exchange: Flask) -> None:
    bounds = (
        promise("rows", "4"),
        promise("columns", "3", "eq"),
        promise("uniqueness", "0.75"),
        promise("uniqueness", "0.75", "lteq"),
        promise("completeness", "0.666666666"),
        promise("completeness", "0.5", field="气温"),
    )
    assert assets.listed(assets.provider(), quality=bounds)


@pytest.mark.parametrize(
    ("changes", "error", "word"),
    [
        (
            {"benefit": Benefit.PUBLIC, "cost": 127_999, "cost_basis": "cleaning"},
            Forbidden,
            "listing.above_cost",
        ),
        (
            {"benefit": Benefit.PUBLIC, "price": Money(0), "use": use_of(["any-lawful-purpose"], [], [])},
            Forbidden,
            "listing.benefit_commercial",
        ),
        ({"cost": 1, "cost_basis": "cleaning"}, Invalid, "cost"),
        ({"benefit": Benefit.PUBLIC, "cost": 128_000}, Invalid, "cost_basis"),
        ({"benefit": Benefit.PUBLIC}, Forbidden, "listing.benefit_priced"),
        ({"model": "no-such/0.1"}, Invalid, "model"),
        ({"model": "open-licence/1.0"}, Invalid, "price"),
        ({"price": Money(100_000_000)}, Invalid, "price"),
        ({"price": Money(1)}, Invalid, "price"),
        ({"price": Money(499)}, Invalid, "price"),
        ({"quality": ()}, Invalid, "quality"),
        ({"quality": (promise("rows", "1"), promise("rows", "2"))}, Invalid, "quality"),
    ],
)
def test_what_no_contract_could_be_made_of_is_refused(
    exchange: Flask, changes: dict[str, object], error: type[Forbidden | Invalid], word: str
) -> None:
    provider = assets.provider()
    asset = assets.registered(provider)
    with transaction() as session, pytest.raises(error) as refused:
        service.draft(session, provider, asset_id=asset.id, proposal=assets.proposal(**changes))
    assert word in ({refused.value.code} | set(getattr(refused.value, "fields", {})))


@pytest.mark.parametrize("amount", [500, 99_999_999])
def test_the_smallest_and_the_largest_price_are_what_can_be_paid(exchange: Flask, amount: int) -> None:
    assert assets.listed(assets.provider(), price=Money(amount))


def test_open_data_are_listed_for_nothing(exchange: Flask) -> None:
    number = assets.listed(
        assets.provider(), price=Money(0), benefit=Benefit.PUBLIC, model="open-licence/1.0", quality=()
    )
    assert numbers(price=PriceFilter.FREE, benefit=Benefit.PUBLIC) == [number]
    assert numbers(price=PriceFilter.PAID) == numbers(benefit=Benefit.COMMERCIAL) == []


def test_only_the_provider_lists_and_only_what_is_registered(exchange: Flask) -> None:
    provider, stranger = assets.provider(), assets.provider()
    draft = assets.submitted(provider)
    with transaction() as session, pytest.raises(Conflict) as early:
        service.draft(session, provider, asset_id=draft, proposal=assets.proposal())
    assert early.value.extra["rule"] == "R3.1"
    with transaction() as session, pytest.raises(NotFound):
        service.draft(session, stranger, asset_id=draft, proposal=assets.proposal())
    chief = people.operator()
    with transaction() as session:
        registry.review(session, chief, draft, approve=True, reason="fine")
    jobs.drain()
    with transaction() as session, pytest.raises(Forbidden):
        service.draft(session, chief, asset_id=draft, proposal=assets.proposal())
    number = assets.listed(provider, assets.found(draft))
    with transaction() as session, pytest.raises(Forbidden):
        service.withdraw(session, stranger, number)
    with transaction() as session, pytest.raises(Forbidden):
        service.suspend(session, provider, number, "I may not")


def test_the_operator_suspends_and_restores(exchange: Flask) -> None:
    number = assets.listed(assets.provider())
    chief = people.operator()
    with transaction() as session:
        first = service.suspend(session, chief, number, "a complaint")
    assert numbers(query="天气") == []
    with transaction() as session:
        assert service.suspend(session, chief, number, "a complaint").id == first.id
    with transaction() as session, pytest.raises(Conflict):
        service.suspend(session, chief, number, "another complaint")
    with transaction() as session:
        service.restore(session, chief, number, "it was unfounded")
    assert numbers(query="天气") == [number]


def test_listings_follow_their_asset(exchange: Flask) -> None:
    provider, chief = assets.provider(), people.operator()
    asset = assets.registered(provider)
    first, second = assets.listed(provider, asset), assets.listed(provider, asset)
    with transaction() as session:
        service.suspend(session, chief, second, "a complaint of its own")
    decided(RegistrationEvent.SUSPEND, Kind.ASSET_SUSPENDED, asset)
    assert numbers() == numbers(query="天气") == []
    with transaction() as session, pytest.raises(Conflict) as refused:
        service.restore(session, chief, second, "too early")
    assert refused.value.extra["rule"] == "R2.6"
    decided(RegistrationEvent.RESTORE, Kind.ASSET_RESTORED, asset)
    assert numbers() == numbers(query="天气") == [first]
    decided(RegistrationEvent.CANCEL, Kind.ASSET_CANCELLED, asset)
    assert numbers() == []
    with read() as session:
        states = [listing.state for listing in reading.own(session, provider).items]
    assert states == [ListingState.WITHDRAWN, ListingState.WITHDRAWN]


def test_a_changed_price_without_a_step_is_refused_by_the_database(exchange: Flask) -> None:
    assets.listed(assets.provider())
    with pytest.raises(Exception, match="sealed"), transaction() as session:
        session.execute(text("UPDATE listing SET price = 1"))


def test_pages_follow_each_other_without_gap_or_repeat(
    exchange: Flask, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    provider = assets.provider()
    asset = assets.registered(provider)
    made = []
    for place in range(5):
        clock.advance(minutes=place % 2)  # two in a pair have the same time
        made.append(assets.listed(provider, asset))
    monkeypatch.setattr("market.catalog.reading.page.__defaults__", (2,))
    found, cursor = [], None
    for _ in range(4):
        with read() as session:
            page = reading.page_of(session, Filters(), cursor)
        found += [listing.number for listing in page.items]
        cursor = page.next
        if cursor is None:
            break
    assert len(found) == 5
    assert set(found) == set(made)


def test_over_the_api(exchange: Flask) -> None:
    provider, chief = assets.provider(), people.operator()
    client, mine = exchange.test_client(), people.bearer(provider)
    body = {
        "asset": str(assets.registered(provider).id),
        "title": "山东天气",
        "summary": "Daily weather of Shandong cities.",
        "sector": "meteorology",
        "benefit": "commercial",
        "price": 128_000,
        "quality": [{"indicator": "completeness", "value": "0.6"}, {"indicator": "rows", "value": "5"}],
        "purposes": ["research", "internal-analysis"],
        "permitted": ["extract"],
        "term_days": 365,
    }
    wrongs: list[tuple[dict[str, object], str]] = [
        ({"price": -1}, "price"),
        ({"price": 1.5}, "price"),
        ({"price": 100_000_000}, "price"),
        ({"price": True}, "price"),
        ({"sector": "alchemy"}, "sector"),
        ({"quality": [{"indicator": "rows", "value": "1e3"}]}, "quality"),
        ({"quality": [{"indicator": "completeness", "value": "1.1"}]}, "quality"),
        ({"purposes": []}, "purposes"),
        ({"permitted": ["sell"], "prohibited": ["sell"]}, "prohibited"),
        ({"permitted": ["reidentify"]}, "prohibited"),
        ({"term_days": 0}, "term_days"),
        ({"secret": 1}, "secret"),
    ]
    for wrong, field in wrongs:
        answer = client.post("/api/v1/listings", json={**body, **wrong}, headers=mine)
        assert answer.status_code == 422, (wrong, told(answer))
        assert field in told(answer)["fields"], told(answer)
    answer = client.post("/api/v1/listings", json=body, headers={**mine, "Idempotency-Key": "one"})
    assert answer.status_code == 201, told(answer)
    number, address = told(answer)["number"], f"/api/v1/listings/{told(answer)['number']}"
    assert told(answer)["state"] == "DRAFT"
    assert client.get(address).status_code == 404
    answer = client.post(f"{address}/publication", headers=mine)
    assert (answer.status_code, told(answer)["promises"][0]["measured"]) == (422, "4")
    body["quality"] = [{"indicator": "completeness", "value": "0.6"}]
    assert (
        client.post("/api/v1/listings", json=body, headers={**mine, "Idempotency-Key": "one"}).status_code
        == 409
    )
    number = told(client.post("/api/v1/listings", json=body, headers=mine))["number"]
    address = f"/api/v1/listings/{number}"
    answer = client.post(f"{address}/publication", headers=mine)
    assert answer.status_code == 200
    assert told(answer)["entry_id"]
    public = told(client.get(address))
    assert public["measured"]["rows"] == 4
    assert public["quality"][0]["measured"] == "0.666666"
    assert "济南" not in client.get(address).text
    assert [
        item["number"] for item in told(client.get("/api/v1/listings?q=天气&sector=meteorology"))["items"]
    ] == [number]
    assert told(client.get("/api/v1/listings?q=天气&sector=finance")) == {"items": [], "next": None}
    assert client.get("/api/v1/listings?sector=alchemy").status_code == 422
    assert client.post(f"{address}/suspension", json={"reason": "no"}, headers=mine).status_code == 403
    theirs = people.bearer(chief)
    assert (
        client.post(f"{address}/suspension", json={"reason": "a complaint"}, headers=theirs).status_code
        == 200
    )
    assert (
        client.post(f"{address}/restoration", json={"reason": "resolved"}, headers=theirs).status_code == 200
    )
    assert told(client.post(f"{address}/withdrawal", headers=mine))["state"] == "WITHDRAWN"
