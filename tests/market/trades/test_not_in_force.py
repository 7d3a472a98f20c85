"""What the address of a trade answers while there is only its contract."""

from flask import Flask

from market.actor import Role
from tests import deals, people
from tests.browsing import signed_in


def test_a_party_is_led_to_the_contract(exchange: Flask) -> None:
    deal = deals.requested()
    for actor in (deal.buyer, deal.provider, people.operator()):
        answer = exchange.test_client().get(f"/api/v1/trades/{deal.number}", headers=people.bearer(actor))
        assert answer.status_code == 404
        assert answer.get_json()["code"] == "trade.not_in_force"
        assert answer.get_json()["contract"] == f"/api/v1/contracts/{deal.number}"
    page = signed_in(exchange, deal.buyer).get(f"/trades/{deal.number}", headers={"Accept": "text/html"})
    assert (page.status_code, page.location) == (303, f"/contracts/{deal.number}")


def test_a_stranger_learns_nothing(exchange: Flask) -> None:
    deal, stranger = deals.requested(), people.verified(Role.BUYER)
    client, header = exchange.test_client(), people.bearer(stranger)
    hidden = client.get(f"/api/v1/trades/{deal.number}", headers=header).get_json()
    absent = client.get("/api/v1/trades/0123456789A", headers=header).get_json()
    assert {**hidden, "request_id": ""} == {**absent, "request_id": ""}
    assert hidden["code"] == "trade.not_found"
    page = signed_in(exchange, stranger).get(f"/trades/{deal.number}", headers={"Accept": "text/html"})
    assert page.status_code == 404
