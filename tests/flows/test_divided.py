"""Money that is divided, and money that comes back after the release: over HTTP, against a platform that holds it."""

import io
from pathlib import Path
from typing import Any

import requests

from market.payments.stripe import VERSION, Stripe
from market.verify import main
from tests.flows.hall import Hall, ledger_faults
from tests.market.sandbox.driver import KEY


def moved(hall: Hall, number: str) -> dict[str, list[int]]:
    """Return the amounts of every movement of a trade, as the platform lists them."""
    stripe = Stripe(hall.sandbox.base, KEY)
    transfers = list(stripe.transfers(f"trade-{number}"))
    refunds = [one for intent in intents(hall, number) for one in stripe.refunds(intent)]
    return {
        "transfer": [one.amount for one in transfers],
        "refund": sorted(one.amount for one in refunds),
        "reversal": [back.amount for one in transfers for back in stripe.reversals(one.id)],
    }


def intents(hall: Hall, number: str) -> list[str]:
    found = requests.get(
        f"{hall.sandbox.base}/v1/charges",
        params={"transfer_group": f"trade-{number}", "limit": "100"},
        auth=(KEY, ""),
        headers={"Stripe-Version": VERSION},
        timeout=30,
    ).json()
    return [one["payment_intent"] for one in found["data"]]


def consistent(hall: Hall, number: str, folder: Path) -> bool:
    """Tell whether a stranger believes the evidence."""
    bundle = folder / f"{number}.zip"
    bundle.write_bytes(hall.bundle(number))
    return main(bundle, None, io.StringIO()) == 0


def account(hall: Hall, number: str) -> str:
    transfers = Stripe(hall.sandbox.base, KEY).transfers(f"trade-{number}")
    return next(iter(transfers)).destination


def redress(hall: Hall, number: str, amount: int) -> dict[str, Any]:
    body = {"amount": amount, "reason": "the data were not what was promised"}
    return dict(hall.operator.post(f"/api/v1/trades/{number}/redress", body, create=True))


def test_rejected_and_divided_both_are_paid_and_the_sums_are_exact(hall: Hall, tmp_path: Path) -> None:
    number = hall.sell()
    price = hall.trade(number)["amount"]
    part = price // 3
    assert hall.buyer.do(number, "rejection", reason="a third is missing").status == 200
    half = {"outcome": "divide", "reason": "a third is missing indeed"}
    assert hall.operator.do(number, "ruling", **half).code == "ruling.no_part"
    assert hall.operator.do(number, "ruling", **half, amount=part).status == 200
    hall.until(number, "dispute.closed")
    found = hall.trade(number)
    assert (found["states"]["settlement"], found["refund"]) == ("PARTIAL", part)
    assert found["states"]["agreement"] == "ACTIVE"
    assert hall.fetch(number).status_code == 200
    assert moved(hall, number) == {
        "transfer": [price - part - found["fee"]],
        "refund": [part],
        "reversal": [],
    }
    assert found["fee"] == round((price - part) * 0.03)
    assert consistent(hall, number, tmp_path)


def test_paid_back_after_the_release_and_taken_back(hall: Hall, tmp_path: Path) -> None:
    number = hall.sell()
    assert hall.buyer.do(number, "acceptance").status == 200
    hall.until(number, "settlement.released")
    price, fee = hall.trade(number)["amount"], hall.trade(number)["fee"]
    assert hall.provider.do(number, "redress", amount=price, reason="no").status == 403
    assert redress(hall, number, price)["kind"] == "redress.ordered"
    hall.until(number, "redress.closed")
    found = hall.trade(number)
    assert found["states"]["settlement"] == "RELEASED"
    (told,) = found["redresses"]
    assert (told["state"], told["amount"], told["fee"], told["recovered"]) == (
        "CLOSED",
        price,
        fee,
        price - fee,
    )
    assert moved(hall, number) == {
        "transfer": [price - fee],
        "refund": [price],
        "reversal": [price - fee],
    }
    assert consistent(hall, number, tmp_path)


def test_what_the_provider_s_account_lacks_is_kept_back_from_its_next_release(
    later: Hall, tmp_path: Path
) -> None:
    first = later.sell()
    assert later.buyer.do(first, "acceptance").status == 200
    later.until(first, "settlement.released")
    price, fee = later.trade(first)["amount"], later.trade(first)["fee"]
    later.control(f"objects/{account(later, first)}", _paid_out={"cny": price - fee - 1_000})
    redress(later, first, price)
    later.until(first, "reversal.failed")
    later.clock.advance(hours=1)
    later.until(first, "redress.closed")
    (told,) = later.trade(first)["redresses"]
    assert told["recovered"] == 1_000
    assert moved(later, first)["reversal"] == [1_000]
    second = later.sell()
    assert later.buyer.do(second, "acceptance").status == 200
    later.until(second, "settlement.released")
    assert moved(later, second)["transfer"] == [1_000]
    assert all(consistent(later, number, tmp_path) for number in (first, second))
    assert ledger_faults(later) == []
