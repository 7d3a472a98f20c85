"""A price in instalments and one by period, over HTTP, with the payment platform's own list and a stranger's check."""

import io
from pathlib import Path
from typing import Any

from market.demo.client import wait_for
from market.payments.stripe import Stripe
from market.verify import main
from tests.flows.hall import KEY, Hall, ledger_faults
from tests.waiting import SECONDS

PARTS = [
    {"label": "签约后", "share": "0.3", "days": 7},
    {"label": "the rest", "share": "0.7", "days": 30},
]


def negotiated(hall: Hall, changes: dict[str, Any]) -> str:
    """Ask for a contract, let the provider change the price, agree, and return the trade's number."""
    number = hall.ask_for(hall.priced)
    path = f"/api/v1/contracts/{number}"
    base = hall.provider.get(path)["terms_digest"]
    hall.provider.post(f"{path}/offers", {"base": base, "changes": changes}, create=True)
    accepted = {"terms_digest": hall.buyer.get(path)["terms_digest"]}
    assert hall.buyer.ask("POST", f"{path}/acceptance", accepted).status == 200
    for person in (hall.provider, hall.buyer):
        assert hall.sign(person, number).status == 200
    hall.until(number, "contract.finalized")
    return number


def stands(hall: Hall, number: str) -> list[str]:
    return [one["state"] for one in hall.trade(number)["instalments"]]


def pay(hall: Hall, number: str) -> None:
    """Pay what is due next, and wait until it is held or sent on."""
    before = hall.kinds(number).count("settlement.funded")
    hall.click(number)
    hall.settled(lambda: hall.kinds(number).count("settlement.funded") > before, "the payment")


def until(hall: Hall, number: str, states: list[str]) -> None:
    wait_for(lambda: stands(hall, number) == states or None, f"{states}", seconds=SECONDS)


def believed(hall: Hall, number: str, folder: Path) -> str:
    archive, out = folder / f"{number}.zip", io.StringIO()
    archive.write_bytes(hall.bundle(number))
    assert main(archive, None, out) == 0, out.getvalue()
    return out.getvalue()


def test_milestones_and_periods_are_paid_one_by_one(later: Hall, tmp_path: Path) -> None:
    price = later.buyer.get(f"/api/v1/listings/{later.priced}")["price"]
    parts = negotiated(later, {"price.milestones": PARTS})
    monthly = negotiated(
        later,
        {
            "price.model": "subscription",
            "price.amount": None,
            "price.period": "month",
            "price.period_amount": {"amount": 9_900, "currency": "CNY"},
            "price.periods": 3,
        },
    )
    owed = [one["amount"] for one in later.trade(parts)["instalments"]]
    assert (sum(owed), owed[0]) == (price, price * 3 // 10)
    assert later.trade(monthly)["amount"] == 29_700
    for number in (parts, monthly):
        assert later.fetch(number).status_code == 403
        pay(later, number)
        later.receive(number)
    assert later.buyer.do(monthly, "payment").code == "settlement.not_yet"
    assert later.buyer.do(monthly, "acceptance").status == 200
    until(later, monthly, ["RELEASED", "DUE", "DUE"])
    # The second instalment and the second period are late: no more data leave until they are there.
    later.clock.advance(days=46)
    for number in (parts, monthly):
        later.until(number, "settlement.missed")
        assert later.fetch(number).status_code == 403
        pay(later, number)
        assert later.trade(number)["states"]["grant"] == "OPEN"
    until(later, parts, ["RELEASED", "RELEASED"])
    until(later, monthly, ["RELEASED", "RELEASED", "DUE"])
    fees = [one["fee"] for one in later.trade(parts)["instalments"]]
    sent = [one.amount for one in Stripe(later.sandbox.base, KEY).transfers(f"trade-{parts}")]
    assert sorted(sent) == sorted(amount - fee for amount, fee in zip(owed, fees, strict=True))
    assert later.trade(parts)["fee"] == sum(fees) == round(price * 0.03)
    assert "2 instalments (released, released)" in believed(later, parts, tmp_path)
    assert "3 instalments (released, released, due)" in believed(later, monthly, tmp_path)
    page = later.buyer._session.get(f"{later.url}/api/v1/trades/{parts}/money", timeout=60).json()
    assert sorted({one["instalment"] for one in page["operations"]}) == [1, 2]
    assert page["at_zero"]
    assert ledger_faults(later) == []
