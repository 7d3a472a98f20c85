"""Whole trades by other means than a plain card: wallets that pay later, cards that need a second try."""

import requests

from tests.flows.hall import Hall, ledger_faults


def press(hall: Hall, number: str, outcome: str, method: str) -> requests.Response:
    """Go to the pay page, choose a means of payment and press a button."""
    page = str(hall.buyer.post(f"/api/v1/trades/{number}/payment")["checkout_url"])
    data = {"outcome": outcome, "method": method}
    return requests.post(page, data=data, timeout=60, allow_redirects=False)


def test_a_wallet_pays_after_the_buyer_has_left(hall: Hall) -> None:
    number = hall.agree(hall.priced)
    assert press(hall, number, "pay", "alipay").status_code == 303
    hall.until(number, "settlement.funded")
    assert hall.kinds(number).count("payment.settled") == 1
    hall.receive(number)
    assert hall.buyer.do(number, "acceptance").status == 200
    hall.until(number, "settlement.released")
    assert ledger_faults(hall) == []


def test_a_wallet_that_fails_leaves_the_trade_to_be_paid_again(hall: Hall) -> None:
    number = hall.agree(hall.priced)
    assert press(hall, number, "fail", "wechat_pay").status_code == 303
    hall.until(number, "payment.failed")
    assert "settlement.funded" not in hall.kinds(number)
    hall.pay(number)
    kinds = hall.kinds(number)
    assert (kinds.count("payment.failed"), kinds.count("payment.settled")) == (1, 1)


def test_a_declined_card_and_one_that_asks_at_the_bank(hall: Hall) -> None:
    number = hall.agree(hall.priced)
    refused = press(hall, number, "pay", "pm_card_visa_chargeDeclinedInsufficientFunds")
    assert "insufficient funds" in refused.text
    bank = press(hall, number, "pay", "pm_card_authenticationRequired").headers["Location"]
    back = requests.post(bank, data={"outcome": "complete"}, timeout=60, allow_redirects=False)
    assert back.headers["Location"].startswith(hall.url)
    hall.until(number, "settlement.funded")
    assert hall.kinds(number).count("payment.settled") == 1


def test_money_that_is_not_available_yet_is_released_all_the_same(hall: Hall) -> None:
    hall.control("settings", available_after=86_400)
    try:
        number = hall.sell()
        assert hall.buyer.do(number, "acceptance").status == 200
        hall.until(number, "settlement.released")
    finally:
        hall.control("settings", available_after=0)
