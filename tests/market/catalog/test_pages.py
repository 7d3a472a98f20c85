"""The pages as a person uses them, without JavaScript: every form comes from the page before."""

import io
import re
from dataclasses import replace

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from market import data, jobs
from market.actor import Role
from market.catalog import reading, showing
from market.db import read
from market.inspection.report import Column, Report
from market.rules import book
from tests import assets, people
from tests.browsing import signed_in


def post(client: FlaskClient, page: str, address: str, **values: object) -> TestResponse:
    """Send a form of a page with the hidden fields that stand in it."""
    shown = client.get(page, headers={"Accept": "text/html"}).text
    assert f'action="{address}"' in shown
    form = shown[shown.index(f'action="{address}"') :]
    form = form[: form.index("</form>")]
    hidden = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', form))
    return client.post(address, data={**hidden, **values}, headers={"Accept": "text/html"})


def test_from_upload_to_the_catalogue(exchange: Flask) -> None:
    provider, chief = assets.provider(), people.operator()
    client, desk = signed_in(exchange, provider), signed_in(exchange, chief)
    form = {"title": "西雅图天气", "source": "NOAA records, cleaned by us", "rights": ["hold"]}
    for name in ("weather.exe", "weather\u202e.csv", "w" * 300 + ".csv"):
        refused = post(client, "/assets/new", "/assets", **form, file=(io.BytesIO(b"x"), name))
        assert refused.status_code == 422
        assert "西雅图天气" in refused.text
        assert 'href="#f-file"' in refused.text
    answer = post(
        client, "/assets/new", "/assets", **form, file=(io.BytesIO(data.cleaned_weather()), "weather.csv")
    )
    assert answer.status_code == 303
    page = answer.location
    assert "/submission" not in client.get(page).text
    jobs.drain()
    shown = client.get(page).text
    assert "1,461" in shown
    assert "2015-12-31" in shown
    assert post(client, page, f"{page}/submission").status_code == 303
    assert "西雅图天气" in desk.get("/assets?state=SUBMITTED").text
    assert post(desk, page, f"{page}/review", decision="approve").status_code == 422
    assert post(desk, page, f"{page}/review", decision="approve", reason="plausible").status_code == 303
    jobs.drain()
    asset_id = page.rsplit("/", 1)[1]
    listing = {
        "title": "西雅图天气（清洗后）", "summary": "Daily weather of Seattle, 2012 to 2015.",
        "sector": "meteorology", "benefit": "commercial", "price": "1280.50", "model": "data-provision/1.0",
        "rows": "2000", "completeness": "1", "uniqueness": "", "purposes": ["research"], "term_days": "365",
    }  # fmt: skip
    new = f"/listings/new?asset={asset_id}"
    refused = post(client, new, "/listings", **{**listing, "price": "a lot"})
    assert (refused.status_code, "a lot" in refused.text) == (422, True)
    endless = post(client, new, "/listings", **{**listing, "price": "9" * 30})
    assert (endless.status_code, "1280.50。" in endless.text) == (422, True)
    for price in ("1000000", "90071992547409.91"):
        refused = post(client, new, "/listings", **{**listing, "price": price})
        assert (refused.status_code, "999,999.99" in refused.text) == (422, True)
    refused = post(client, new, "/listings", **{**listing, "rows": "many"})
    assert (refused.status_code, "请填写整数，例如 1461。" in refused.text) == (422, True)
    refused = post(client, new, "/listings", **{**listing, "price": "0.01"})
    assert (refused.status_code, "5.00" in refused.text) == (422, True)
    answer = post(client, new, "/listings", **listing)
    assert answer.status_code == 303
    page = answer.location
    assert exchange.test_client().get(page).status_code == 404
    assert post(client, page, f"{page}/publication").status_code == 422
    answer = post(client, new, "/listings", **{**listing, "rows": "1461"})
    page = answer.location
    assert post(client, page, f"{page}/publication").status_code == 303
    public = exchange.test_client()
    assert "西雅图天气（清洗后）" in public.get("/listings?q=天气&sector=meteorology&price=paid").text
    shown = public.get(page).text
    assert "¥1,280.50" in shown
    assert "drizzle" not in shown
    assert "/sign-in?next=" in shown
    buyer = signed_in(exchange, people.verified(Role.BUYER))
    assert 'action="/contracts"' in buyer.get(page).text
    refused = post(desk, page, f"{page}/suspension", reason="a complaint " * 99)
    assert (refused.status_code, "a complaint a complaint" in refused.text) == (422, True)
    assert post(desk, page, f"{page}/suspension", reason="a complaint").status_code == 303
    assert public.get(page).status_code == 404
    assert post(desk, page, f"{page}/restoration", reason="resolved").status_code == 303
    assert post(client, page, f"{page}/withdrawal").status_code == 303
    assert "西雅图天气（清洗后）" in client.get("/listings?mine=1").text
    monthly = {**listing, "rows": "1461", "price": "99", "paid": "month", "periods": "3"}
    refused = post(client, new, "/listings", **{**monthly, "periods": "14"})
    assert (refused.status_code, "最后一期将在使用期限届满后开始" in refused.text) == (422, True)
    page = post(client, new, "/listings", **monthly).location
    assert post(client, page, f"{page}/publication").status_code == 303
    shown = buyer.get(page).text
    assert "¥297.00" in shown
    assert "分3期支付" in shown


def test_every_blank_of_the_text_may_be_filled_in(exchange: Flask) -> None:
    provider = assets.provider()
    client = signed_in(exchange, provider)
    asset = assets.registered(provider)
    new = f"/listings/new?asset={asset.id}"
    form = client.get(new).text
    assert 'name="terms.liability.cap"' in form
    assert 'name="terms.price.model"' not in form
    listing = {
        "asset": asset.id, "title": "山东天气", "summary": "Daily weather of Shandong.", "sector": "meteorology",
        "benefit": "commercial", "price": "1280.50", "model": "data-provision/1.0", "rows": "4",
        "purposes": ["research"], "term_days": "365",
    }  # fmt: skip
    refused = post(
        client, new, "/listings", **listing, **{"terms.acceptance.days": "0", "terms.price.tax": "x"}
    )
    assert refused.status_code == 422
    assert 'href="#f-terms.acceptance.days"' in refused.text
    assert 'href="#f-terms.price.tax"' in refused.text
    again = post(client, new, "/listings", **listing, **{"terms.acceptance.days": "9", "refresh": "1"})
    assert (again.status_code, 'value="9"' in again.text) == (200, True)
    filled = {"terms.acceptance.days": "9", "terms.payment.days": "3", "terms.use.attribution": "yes"}
    number = post(client, new, "/listings", **listing, **filled).location.rsplit("/", 1)[1]
    with read() as session:
        values = reading.by_number(session, number).terms
    assert (values["acceptance.days"], values["payment.days"], values["use.attribution"]) == (9, 3, True)
    assert values["delivery.days"] == book().value("delivery.days")


def test_pages_for_the_wrong_person(exchange: Flask) -> None:
    asset_id = assets.submitted(assets.provider())
    buyer = signed_in(exchange, people.verified(Role.BUYER))
    html = {"Accept": "text/html"}
    assert buyer.get(f"/assets/{asset_id}", headers=html).status_code == 404
    assert buyer.get("/assets/new", headers=html).status_code == 403
    assert buyer.get("/listings?sector=alchemy&price=x&benefit=none", headers=html).status_code == 200
    assert buyer.get("/listings?cursor=AAAA", headers=html).status_code == 422
    assert buyer.get("/listings/NOSUCHNUMBER", headers=html).status_code == 404
    assert exchange.test_client().get("/assets", headers=html).status_code == 303


def test_filters_stand_in_the_address_and_can_be_taken_away(exchange: Flask) -> None:
    assets.listed(assets.provider())
    public = exchange.test_client()
    html = {"Accept": "text/html", "Accept-Language": "en"}
    page = public.get("/listings?q=zzzz&price=paid", headers=html).text
    chips = page[page.index('class="chips"') :]
    assert 'href="/listings?price=paid"' in chips
    assert 'href="/listings?q=zzzz"' in chips
    assert "Nothing matches" in page


def test_a_card_says_what_was_measured(exchange: Flask) -> None:
    number = assets.listed(assets.provider())
    page = (
        exchange.test_client().get("/listings", headers={"Accept": "text/html", "Accept-Language": "en"}).text
    )
    card = page[page.index('class="card"') :]
    card = card[: card.index("</article>")]
    assert f"/listings/{number}" in card
    assert "Rows" in card
    assert "%</dd>" in card


def test_a_share_is_rounded_down_so_that_nothing_is_promised_too_much() -> None:
    column = Column("a", "text", 1, 5)
    report = Report(10_000, 0, (column,), "", "", "text/csv", "utf-8", 1)
    assert showing.filled(report) == "99.9%"
    assert showing.filled(replace(report, columns=(replace(column, nulls=0),))) == "100%"
