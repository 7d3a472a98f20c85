"""What must not work, or must work only once, over HTTP."""

import hashlib
import hmac
import json
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests

from tests import people
from tests.flows.hall import Answer, Hall


def test_signing_twice_is_one_signature_and_other_input_is_refused(hall: Hall) -> None:
    number = hall.ask_for(hall.priced)
    first, again = hall.sign(hall.provider, number), hall.sign(hall.provider, number)
    assert first.status == again.status == 200
    assert first.body["entry_id"] == again.body["entry_id"]
    assert hall.sign(hall.provider, number, digest="0" * 64).status == 409


def test_the_buyer_cannot_sign_first_nor_what_was_not_shown(hall: Hall) -> None:
    number = hall.ask_for(hall.priced)
    assert hall.sign(hall.buyer, number).status == 409
    assert hall.sign(hall.provider, number, digest="0" * 64).status == 409


def test_asking_to_pay_twice_leads_to_one_page_and_one_payment(hall: Hall) -> None:
    number = hall.agree(hall.priced)
    first, again = hall.buyer.do(number, "payment"), hall.buyer.do(number, "payment")
    assert first.body["checkout_url"] == again.body["checkout_url"]
    hall.pay(number)
    assert hall.buyer.do(number, "payment").status == 409
    assert hall.kinds(number).count("payment.settled") == 1


def test_two_people_of_one_buyer_act_at_once_and_one_step_is_made(hall: Hall) -> None:
    number = hall.sell()
    with ThreadPoolExecutor(4) as pool:
        both = (hall.buyer, hall.colleague) * 2
        answers: list[Answer] = list(pool.map(lambda person: person.do(number, "acceptance"), both))
    assert {answer.status for answer in answers} <= {200, 409}
    assert 200 in {answer.status for answer in answers}
    hall.until(number, "settlement.released")
    assert hall.kinds(number).count("acceptance.accepted") == 1
    assert hall.kinds(number).count("transfer.made") == 1


def test_accepting_and_rejecting_at_once_leaves_one_of_them(hall: Hall) -> None:
    number = hall.sell()
    with ThreadPoolExecutor(2) as pool:
        yes = pool.submit(hall.buyer.do, number, "acceptance")
        no = pool.submit(hall.colleague.do, number, "rejection", reason="not good")
    assert sorted([yes.result().status, no.result().status]) == [200, 409]
    kinds = hall.kinds(number)
    assert ("acceptance.accepted" in kinds) != ("acceptance.rejected" in kinds)


def test_nothing_is_accepted_before_it_is_delivered(hall: Hall) -> None:
    number = hall.agree(hall.priced)
    assert hall.buyer.do(number, "acceptance").status == 409
    assert hall.fetch(number).status_code in {403, 409}
    hall.pay(number)
    assert hall.buyer.do(number, "acceptance").status == 409


@pytest.mark.parametrize(
    ("method", "part"),
    [
        ("GET", ""), ("GET", "/delivery"), ("GET", "/receipt"), ("GET", "/entries"), ("GET", "/bundle.zip"),
        ("POST", "/payment"), ("POST", "/acceptance"), ("POST", "/cancellation"), ("POST", "/rejection"),
    ],
)  # fmt: skip
def test_another_organisations_trade_does_not_exist(hall: Hall, method: str, part: str) -> None:
    number = hall.agree(hall.free)
    body = {"reason": "curious"} if part in {"/cancellation", "/rejection"} else None
    body = {} if method == "POST" and body is None else body
    answer = hall.other.ask(method, f"/api/v1/trades/{number}{part}", body)
    unknown = hall.other.ask(method, f"/api/v1/trades/00000000000{part}", body)
    assert (answer.status, answer.code) == (404, unknown.code)
    assert hall.other.ask("GET", f"/api/v1/contracts/{number}").status == 404


def test_a_stranger_gets_nothing(hall: Hall) -> None:
    number = hall.agree(hall.free)
    for path in ("trades", f"trades/{number}", f"contracts/{number}", "assets", "organisations", "me"):
        assert requests.get(f"{hall.url}/api/v1/{path}", timeout=30).status_code == 401


def test_a_wrong_credit_code_is_refused_and_says_which_field(hall: Hall) -> None:
    body = {
        "name_zh": "错码公司", "name_en": "Wrong Code", "established_on": "2024-01-01", "person": "某",
        "email": "wrong@hall.example", "phone": "0531-5550100", "password": people.PASSWORD, "roles": ["buyer"],
        "credit_code": people.credit_code(7)[:-1] + "0",
    }  # fmt: skip
    code = people.credit_code(9_999_999)
    wrong = code[:-1] + ("0" if code[-1] != "0" else "1")
    answer = hall.other.ask("POST", "/api/v1/organisations", {**body, "credit_code": wrong})
    assert answer.status == 422
    assert "credit_code" in answer.body["fields"]


# Webhooks


def signed(hall: Hall, body: bytes, moment: float, secret: str = "whsec_tests") -> requests.Response:
    mac = hmac.new(secret.encode(), f"{int(moment)}.".encode() + body, hashlib.sha256).hexdigest()
    headers = {"Stripe-Signature": f"t={int(moment)},v1={mac}", "Content-Type": "application/json"}
    return requests.post(f"{hall.url}/webhooks/stripe", data=body, headers=headers, timeout=30)


def forged(hall: Hall, page: str) -> bytes:
    """Return an event that claims a page was paid."""
    session = page.rsplit("/", 1)[1]
    event = {
        "id": f"evt_{session[-12:]}", "object": "event", "type": "checkout.session.completed", "livemode": False,
        "created": int(time.time()), "api_version": "2025-10-29.clover",
        "data": {"object": {"id": session, "object": "checkout.session", "payment_status": "paid"}},
    }  # fmt: skip
    return json.dumps(event).encode()


def test_a_webhook_that_nobody_signed_changes_nothing(hall: Hall) -> None:
    number = hall.agree(hall.priced)
    page = str(hall.buyer.post(f"/api/v1/trades/{number}/payment")["checkout_url"])
    body, now = forged(hall, page), hall.clock().timestamp()
    assert requests.post(f"{hall.url}/webhooks/stripe", data=body, timeout=30).status_code == 400
    assert signed(hall, body, now, secret="whsec_other").status_code == 400
    assert signed(hall, body, now - 3600).status_code == 400
    assert "payment.settled" not in hall.kinds(number)


def test_a_signed_untruth_is_looked_up_and_not_believed(hall: Hall) -> None:
    number = hall.agree(hall.priced)
    page = str(hall.buyer.post(f"/api/v1/trades/{number}/payment")["checkout_url"])
    body = forged(hall, page)
    for _ in range(2):
        assert signed(hall, body, hall.clock().timestamp()).status_code == 200
    time.sleep(1)
    assert "payment.settled" not in hall.kinds(number)


def test_webhooks_late_twice_and_in_the_wrong_order_book_one_payment(hall: Hall) -> None:
    number = hall.agree(hall.priced)
    hall.control("settings", webhooks="hold")
    try:
        hall.click(number)
        hall.control("deliveries", order="newest", times=2)
    finally:
        hall.control("settings", webhooks="send")
    hall.until(number, "settlement.funded")
    time.sleep(1)
    kinds = hall.kinds(number)
    assert (kinds.count("payment.settled"), kinds.count("settlement.funded")) == (1, 1)


def test_a_payment_of_another_amount_funds_nothing(hall: Hall) -> None:
    number = hall.agree(hall.priced)
    page = str(hall.buyer.post(f"/api/v1/trades/{number}/payment")["checkout_url"])
    hall.control(f"objects/{page.rsplit('/', 1)[1]}", amount_total=1)
    hall.click(number)
    hall.until(number, "payment.returned")
    assert "settlement.funded" not in hall.kinds(number)
    assert hall.fetch(number).status_code in {403, 409}
