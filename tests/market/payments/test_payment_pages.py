"""Who sees which operation; coming back from the pay page proves nothing."""

import re

from market.actor import Actor, Role
from market.payments import service
from market.payments.service import Bill
from tests import people
from tests.market.payments.conftest import Money


def page(money: Money, actor: Actor, path: str) -> tuple[int, str]:
    """Fetch a page as a person signed in."""
    from market.db import transaction
    from market.participants import access, web

    assert actor.user_id is not None
    with transaction() as session:
        secret = access.begin_session(
            session, actor.user_id, "tests@example.org", "tests", second_factor=True
        )
    client = money.app.test_client()
    client.set_cookie(web.COOKIE, secret)
    answer = client.get(path)
    return answer.status_code, answer.text


def test_the_buyer_comes_back_and_waits_for_the_platforms_word(
    money: Money, bill: Bill, buyer: Actor, provider: Actor
) -> None:
    money.control("settings", webhooks="hold")
    operation = money.pay(bill, buyer)
    path = f"/payments/{operation.id}"
    status, text = page(money, buyer, path)
    assert status == 200
    assert f'<a href="{path}">' in text
    assert operation.url is not None
    assert operation.url not in text
    money.work(minutes=1)
    status, text = page(money, buyer, path)
    assert f'<a href="{path}">' not in text
    assert "¥199.00" in text
    assert page(money, provider, path)[0] == 404
    assert page(money, people.operator(), path)[0] == 200


def test_the_operators_list(money: Money, bill: Bill, buyer: Actor) -> None:
    money.funded(bill, buyer)
    money.clock.advance(minutes=1)
    money.out(bill, service.plan_refund)
    status, text = page(money, people.operator(), "/payments")
    assert status == 200
    assert bill.number in text
    refund, checkout = re.findall(r'href="(/payments/[0-9a-f-]{36})"', text)
    assert re.findall(r"<h1>(\w+)", page(money, people.operator(), refund)[1]) == ["退款"]
    assert re.findall(r"<h1>(\w+)", page(money, people.operator(), checkout)[1]) == ["付款"]
    assert page(money, buyer, "/payments")[0] == 403
    client = money.app.test_client()
    answer = client.get("/api/v1/operations", headers=people.bearer(people.operator()))
    assert answer.json is not None
    assert [item["kind"] for item in answer.json["items"]] == ["refund", "checkout"]
    assert all("url" not in item for item in answer.json["items"])
    assert client.get("/api/v1/operations", headers=people.bearer(buyer)).status_code == 403
    assert client.get("/api/v1/operations").status_code == 401


def test_a_colleague_with_another_role_sees_the_payment_too(money: Money, bill: Bill, buyer: Actor) -> None:
    operation = money.plan(bill, buyer)
    other = people.colleague(buyer, Role.ADMIN)
    assert page(money, other, f"/payments/{operation.id}")[0] == 200
