"""A buyer's bank takes the price back: over HTTP, against a platform that holds the money, before and after release."""

from pathlib import Path
from typing import Any

from market.payments.stripe import Stripe
from tests.flows.hall import Hall, ledger_faults
from tests.flows.test_divided import consistent, intents, moved
from tests.market.sandbox.driver import KEY


def question(hall: Hall, number: str, **values: Any) -> str:
    """Let the buyer's bank take the price back; return the platform's number of it."""
    (intent,) = intents(hall, number)
    made = hall.control("disputes", payment_intent=intent, **values)
    hall.until(number, "chargeback.opened")
    return str(made["id"])


def chargeback(hall: Hall, number: str) -> dict[str, Any]:
    (told,) = hall.trade(number)["chargebacks"]
    return dict(told)


def answer(hall: Hall, number: str, said: str) -> int:
    act = f"chargebacks/{chargeback(hall, number)['id']}/answer"
    assert hall.buyer.do(number, act, answer=said).code == "role.missing"
    return hall.operator.do(number, act, answer=said).status


def test_questioned_while_held_contested_won_and_then_released(hall: Hall, tmp_path: Path) -> None:
    number = hall.sell()
    dispute = question(hall, number)
    hall.until(number, "delivery.suspended")
    assert hall.fetch(number).status_code == 403
    assert hall.buyer.do(number, "acceptance").status == 200
    found = hall.trade(number)
    assert (found["states"]["settlement"], found["states"]["grant"]) == ("FUNDED", "SUSPENDED")
    assert moved(hall, number)["transfer"] == []
    assert consistent(hall, number, tmp_path), "a stranger believes the evidence while the bank has the money"
    assert answer(hall, number, "contest") == 200
    hall.until(number, "chargeback.answered")
    assert answer(hall, number, "concede") == 409
    told = Stripe(hall.sandbox.base, KEY).dispute(dispute)
    assert (told.submissions, told.status) == (1, "under_review")
    hall.control(f"disputes/{dispute}", status="won")
    hall.until(number, "settlement.released")
    assert hall.fetch(number).status_code == 200
    assert moved(hall, number)["transfer"] == [found["amount"] - found["fee"]]
    assert chargeback(hall, number)["state"] == "WON"
    assert consistent(hall, number, tmp_path)


def test_lost_while_held_ends_without_a_refund_of_ours(hall: Hall, tmp_path: Path) -> None:
    number = hall.sell()
    question(hall, number)
    assert answer(hall, number, "concede") == 200
    hall.until(number, "settlement.refunded")
    found = hall.trade(number)
    assert (found["states"]["grant"], found["states"]["agreement"]) == ("CLOSED", "TERMINATED")
    assert moved(hall, number) == {"transfer": [], "refund": [], "reversal": []}
    assert chargeback(hall, number)["state"] == "LOST"
    assert consistent(hall, number, tmp_path)


def test_a_part_lost_while_held_leaves_the_rest_to_the_provider(hall: Hall, tmp_path: Path) -> None:
    number = hall.sell()
    price = hall.trade(number)["amount"]
    dispute = question(hall, number, amount=price // 4)
    assert hall.buyer.do(number, "acceptance").status == 200
    hall.control(f"disputes/{dispute}", status="lost")
    hall.until(number, "settlement.released")
    rest = price - price // 4
    fee = hall.trade(number)["fee"]
    assert fee == round(rest * 0.03)
    assert moved(hall, number) == {"transfer": [rest - fee], "refund": [], "reversal": []}
    assert consistent(hall, number, tmp_path)


def test_lost_after_the_release_is_taken_back_from_the_provider(hall: Hall, tmp_path: Path) -> None:
    number = hall.sell()
    assert hall.buyer.do(number, "acceptance").status == 200
    hall.until(number, "settlement.released")
    price, fee = hall.trade(number)["amount"], hall.trade(number)["fee"]
    question(hall, number)
    some: Any = price // 10
    assert hall.operator.do(number, "redress", amount=some, reason="no").code == "chargeback.open"
    assert answer(hall, number, "concede") == 200
    hall.until(number, "redress.closed")
    (told,) = hall.trade(number)["redresses"]
    assert (told["amount"], told["fee"], told["recovered"]) == (price, fee, price - fee)
    assert moved(hall, number) == {"transfer": [price - fee], "refund": [], "reversal": [price - fee]}
    assert hall.trade(number)["states"]["grant"] == "CLOSED"
    assert consistent(hall, number, tmp_path)
    assert ledger_faults(hall) == []
