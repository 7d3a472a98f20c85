"""Who pays nothing and who pays no more than it costs: the startup waiver and public-benefit prices, over HTTP."""

import io
from datetime import timedelta
from pathlib import Path

from market.rules import waiver
from market.verify import main
from tests.flows.hall import Hall, ledger_faults
from tests.flows.sparing import AUTHORITY, STATED, at_cost, listed, registered
from tests.flows.test_means import press


def test_a_young_company_pays_nothing_until_its_third_anniversary(later: Hall, tmp_path: Path) -> None:
    today = waiver.day_of(later.clock())
    tomorrow = today + timedelta(days=1)
    since = (tomorrow - timedelta(days=1) if (tomorrow.month, tomorrow.day) == (2, 29) else tomorrow).replace(
        year=tomorrow.year - 3
    )
    last = waiver.last_day(since, 3)
    asset, listing = registered(later, 1, **STATED)
    assert later.provider.get(f"/api/v1/assets/{asset}")["authority"] == AUTHORITY
    number = listed(later, listing)
    older, later.buyer = later.buyer, later._join("buyer", "young@hall.example", since)

    seen = later.buyer.get(f"/api/v1/listings/{number}")["waiver"]
    assert (seen["eligible"], seen["last_day"], seen["why"]) == (True, last.isoformat(), None)
    assert later.provider.get(f"/api/v1/listings/{number}")["waiver"] is None
    assert older.get(f"/api/v1/listings/{number}")["authority"] == AUTHORITY
    asked = later.ask_for(number)
    contract = later.provider.get(f"/api/v1/contracts/{asked}")
    assert contract["price"] == 0
    assert contract["waiver"]["waived"] == 36_000
    assert contract["waiver"]["last_day"] == last.isoformat()
    priced = later.provider.ask(
        "POST", f"/api/v1/contracts/{asked}/offers",
        {"base": contract["terms_digest"], "changes": {"use.waiver": False}}, **{"Idempotency-Key": "no"},
    )  # fmt: skip
    assert priced.code == "waiver.kept"
    assert priced.body["rule"] == "R4.18"
    for person in (later.provider, later.buyer):
        assert later.sign(person, asked).status == 200
    later.until(asked, "contract.finalized")
    later.receive(asked)
    assert later.buyer.do(asked, "acceptance").status == 200
    trade = later.trade(asked)
    assert (trade["amount"], trade["states"]["settlement"], trade["waiver"]["waived"]) == (0, None, 36_000)

    bundle, out = tmp_path / "bundle.zip", io.StringIO()
    bundle.write_bytes(later.bundle(asked))
    assert main(bundle, None, out) == 0, out.getvalue()
    assert "ok   waiver: 360.00 CNY waived by R4.18 of rule book 4" in out.getvalue()
    assert f"public data of {AUTHORITY}, free until {last}" in out.getvalue()

    later.clock.advance(days=2)
    later.until(asked, "agreement.expired")
    assert later.buyer.get(f"/api/v1/listings/{number}")["waiver"]["why"] == "too_old"
    body = {"listing": number, "waiver": "apply"}
    assert (
        later.buyer.ask("POST", "/api/v1/contracts", body, **{"Idempotency-Key": "late"}).code
        == "waiver.not_eligible"
    )
    paid = later.agree(number)
    later.pay(paid)
    trade = later.trade(paid)
    assert (trade["amount"], trade["waiver"]) == (36_000, None)
    assert ledger_faults(later) == []


def test_public_benefit_costs_no_more_than_it_costs(hall: Hall) -> None:
    _asset, listing = registered(hall, 2)
    listing = at_cost(listing)
    for wrong, code in (
        ({"price": 20_001}, "listing.above_cost"),
        ({"cost": None, "cost_basis": None}, "listing.benefit_priced"),
        ({"purposes": ["research", "product-development"]}, "listing.benefit_commercial"),
        ({"permitted": ["derive", "sell"]}, "listing.benefit_commercial"),
    ):
        body = {name: value for name, value in {**listing, **wrong}.items() if value is not None}
        refused = hall.provider.ask(
            "POST", "/api/v1/listings", body, **{"Idempotency-Key": f"{code}-{len(body)}"}
        )
        assert (refused.status, refused.code, refused.body["rule"]) == (403, code, "R3.3")
    number = listed(hall, listing)
    shown = hall.buyer.get(f"/api/v1/listings/{number}")
    assert (shown["cost"], shown["cost_basis"]) == (20_000, "Two days of cleaning.")
    assert [one["code"] for one in shown["warnings"]] == ["window.alipay", "window.hold"]

    asked = hall.ask_for(number)
    contract = hall.provider.get(f"/api/v1/contracts/{asked}")
    assert [one["needed"] for one in contract["warnings"]] == [97, 97]
    for changes, code in (
        ({"price.amount": {"amount": 20_001, "currency": "CNY"}}, "listing.above_cost"),
        ({"use.purposes": ["any-lawful-purpose"]}, "listing.benefit_commercial"),
    ):
        body = {"base": contract["terms_digest"], "changes": changes}
        answer = hall.provider.ask(
            "POST", f"/api/v1/contracts/{asked}/offers", body, **{"Idempotency-Key": code}
        )
        assert (answer.status, answer.code, answer.body["rule"]) == (403, code, "R3.3")
    for person in (hall.provider, hall.buyer):
        assert hall.sign(person, asked).status == 200
    hall.until(asked, "contract.finalized")
    page = press(hall, asked, "pay", "alipay")
    assert page.status_code != 303, "a wallet whose window is too short is not taken"
    assert press(hall, asked, "pay", "wechat_pay").status_code == 303
    hall.until(asked, "settlement.funded")
