"""What the pages say of the startup waiver, of prices at cost and of windows: to whom it matters, in both languages."""

import csv
import io
import re

from flask import Flask
from flask.testing import FlaskClient

from contracts.money import Money
from market import jobs
from market.actor import Role
from market.catalog.models import Benefit
from tests import assets, deals, people, waivers
from tests.browsing import forms, signed_in
from tests.conftest import Clock

HTML = {"Accept": "text/html"}
FREE = "Free of charge for you until 2027-03-01 (startup waiver, rule R4.18)."


def words(client: FlaskClient, address: str, language: str = "en") -> str:
    """Return a page as plain words."""
    answer = client.get(address, headers={**HTML, "Accept-Language": language})
    assert answer.status_code == 200, answer.text
    return " ".join(re.sub(r"<[^>]+>", " ", answer.text).split())


def test_a_young_buyer_is_told_asks_and_everybody_of_the_trade_sees_why(
    exchange: Flask, clock: Clock
) -> None:
    provider, buyer = assets.provider(), people.verified(Role.BUYER)
    deals.publish_key(provider)
    deals.publish_key(buyer)
    listing = waivers.listed(provider)
    ours = signed_in(exchange, buyer)
    place = f"/listings/{listing}"
    assert FREE in words(ours, place)
    assert "2027-03-01 之前（含当日）免费使用" in words(ours, place, "zh")
    for other in (
        exchange.test_client(),
        signed_in(exchange, provider),
        signed_in(exchange, people.operator()),
    ):
        assert "startup waiver" not in words(other, place)
        assert waivers.AUTHORITY in words(other, place)

    kept = [
        kept for where, kept, _named in forms(ours.get(place, headers=HTML).text) if where == "/contracts"
    ]
    assert [one["waiver"] for one in kept] == ["apply", "without"]
    asked = ours.post("/contracts", data=kept[0], headers=HTML)
    number = asked.headers["Location"].rpartition("/")[2]
    for side in (buyer, provider):
        text = words(signed_in(exchange, side), f"/contracts/{number}")
        for told in ("Startup waiver", "1,280.00", "2024-03-01", "2027-03-01", waivers.AUTHORITY, "R4.18"):
            assert told in text, told
    deals.sign(provider, number)
    deals.sign(buyer, number)
    jobs.drain()
    assert "Startup waiver" in words(ours, f"/trades/{number}")
    desk = signed_in(exchange, people.operator())
    text = words(desk, "/waivers")
    assert number in text
    assert text.count("1,280.00") == 2
    assert "初创企业免费" in words(desk, "/waivers", "zh")
    sheet = desk.get("/waivers.csv", headers={"Accept-Language": "en"}).data.decode("utf-8-sig")
    head, line = csv.reader(io.StringIO(sheet))
    found = dict(zip(head, line, strict=True))
    assert (found["Contract"], found["Waived"], found["Rule"]) == (number, "1280.00", "R4.18")
    assert (found["Last day of free use"], found["Public data of"]) == ("2027-03-01", waivers.AUTHORITY)
    assert ours.get("/waivers.csv").status_code == 403
    clock.advance(days=120)
    assert "startup waiver" not in words(signed_in(exchange, buyer), place)


def test_a_price_at_cost_and_a_window_too_short_are_said(exchange: Flask) -> None:
    provider = assets.provider()
    listing = assets.listed(
        provider, benefit=Benefit.PUBLIC, price=Money(128_000), cost=130_000, cost_basis="Cleaning and hosting.",
        further={"delivery.days": 60},
    )  # fmt: skip
    text = words(exchange.test_client(), f"/listings/{listing}")
    assert (
        "Cost stated by the provider: ¥1,300.00. The price is not above it (rule R3.3). Cleaning and hosting."
        in text
    )
    assert "may take 97 days; Alipay refunds within 90. The price will not be payable by it." in text
    assert "WeChat Pay refunds" not in text
    deal = deals.requested(provider, None, listing)
    assert "支付宝只能在 90 天内退款" in words(
        signed_in(exchange, deal.buyer), f"/contracts/{deal.number}", "zh"
    )
    assert waivers.of(deal) is None
