"""Standing offers on pages and over the API, in the words of both sides."""

import re
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from market.actor import Role
from tests import assets, deals, offers, people
from tests.market.contracting.test_web import HTML, body, filled, signed_in


@pytest.fixture
def client(exchange: Flask) -> FlaskClient:
    return exchange.test_client()


def named(text: str, name: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]+)"', text)
    assert found is not None, text
    return found[1]


def test_an_offer_is_made_signed_and_accepted_on_pages(client: FlaskClient) -> None:
    provider = people.verified(Role.PROVIDER, email="provider@example.org")
    buyer = people.verified(Role.BUYER, email="buyer@example.org")
    for actor in (provider, buyer):
        deals.publish_key(actor)
    listing = assets.listed(provider)
    signed_in(client, "provider@example.org")
    assert f"/offers/new?listing={listing}" in client.get(f"/listings/{listing}", headers=HTML).text
    form = f"/offers/new?listing={listing}"
    refused = filled(client, form, "/offers", listing=listing, days="0", most="x")
    assert refused.status_code == 422
    assert refused.text.count('aria-invalid="true"') == 2
    place = filled(client, form, "/offers", listing=listing, days="30", most="2").headers["Location"]
    number = place.rsplit("/", 1)[1]
    draft = client.get(f"{place}?lang=en", headers=HTML).text
    assert "A draft binds nobody." in draft
    assert f"qilu keys sign --offer {number}" in draft
    assert client.get(f"{place}/pages/1.svg").status_code == 404  # the typesetter's stand-in makes none
    digest = named(draft, "document_digest")
    assert filled(client, place, f"{place}/signature", document_digest=digest).status_code == 302
    assert number in client.get("/offers?lang=en", headers=HTML).text
    other = client.application.test_client()
    public = other.get(f"{place}?lang=en", headers=HTML).text
    assert "Sign in to read and accept the offer" in public
    assert "document.pdf" not in public
    assert other.get(f"{place}/document.pdf", headers=HTML).status_code == 303
    assert f"/offers/{number}" in other.get(f"/listings/{listing}", headers=HTML).text
    assert "can be accepted at once" in other.get("/listings?lang=en", headers=HTML).text
    signed_in(other, "buyer@example.org")
    shown = other.get(f"{place}?lang=en", headers=HTML).text
    assert f"{place}/signed.pdf" in shown
    assert other.get(f"{place}/signed.pdf").data.startswith(b"%PDF")
    made = filled(other, place, f"{place}/acceptances", idempotency_key="form-1").headers["Location"]
    contract = other.get(f"{made}?lang=en", headers=HTML).text
    assert f'<a href="/offers/{number}">' in contract
    signed = filled(
        other, made, f"{made}/signature", document_digest=named(contract, "document_digest")
    ).status_code
    assert (signed, deals.of(made.rsplit("/", 1)[1]).state.value) == (302, "VERIFIED")
    assert filled(client, place, f"{place}/withdrawal").status_code == 302
    assert "It cannot be accepted any more." in client.get(f"{place}?lang=en", headers=HTML).text
    assert "已不能再承诺" in client.get(f"{place}?lang=zh", headers=HTML).text


def test_an_offer_over_the_api(client: FlaskClient) -> None:
    provider, buyer = assets.provider(), people.verified(Role.BUYER)
    for actor in (provider, buyer):
        deals.publish_key(actor)
    listing = assets.listed(provider)
    sells, buys = people.bearer(provider), people.bearer(buyer)
    wanted: dict[str, Any] = {"listing": listing, "days": 7, "most": 1}
    assert client.post("/api/v1/offers", json={**wanted, "days": 366}, headers=sells).status_code == 422
    draft = body(client.post("/api/v1/offers", json=wanted, headers=sells))
    place = f"/api/v1/offers/{draft['number']}"
    assert (draft["state"], draft["acts"], draft["until"]) == ("DRAFT", ["sign"], "2026-11-29")
    assert client.get(place, headers=buys).status_code == 404
    digest = {"document_digest": draft["paper"]["document_digest"]}
    opened = body(client.post(f"{place}/signature", json=digest, headers=sells))
    assert (opened["state"], opened["acts"], opened["taken"]) == ("OPEN", ["withdraw"], 0)
    assert body(client.get(place))["paper"] is None
    found = body(client.get("/api/v1/listings"))["items"][0]
    assert (found["number"], found["offer"]) == (listing, draft["number"])
    assert body(client.get(place, headers=buys))["acts"] == ["accept"]
    pdf = client.get(f"{place}/document.pdf", headers=buys)
    assert pdf.headers["ETag"] == f'"{digest["document_digest"]}"'
    terms = client.get(f"{place}/contract.json", headers=buys).get_json()
    assert terms["standing"] == {"until": "2026-11-29", "most": 1}
    made = client.post(f"{place}/acceptances", headers={**buys, "Idempotency-Key": "one"})
    contract = body(made)
    assert (made.status_code, contract["state"], contract["offer"]) == (201, "AGREED", draft["number"])
    signature = {"document_digest": contract["document_digest"]}
    where = f"/api/v1/contracts/{contract['number']}/signature"
    assert body(client.post(where, json=signature, headers=buys))["state"] == "VERIFIED"
    late = client.post(f"{place}/acceptances", headers=buys)
    assert (late.status_code, body(late)["code"]) == (409, "offer.exhausted")
    listed = body(client.get("/api/v1/offers", headers=sells))
    assert [(one["state"], one["taken"]) for one in listed["items"]] == [("EXHAUSTED", 1)]
    withdrawn = client.post(f"{place}/withdrawal", headers=sells)
    assert (withdrawn.status_code, body(withdrawn)["code"]) == (409, "offer.wrong_state")


def test_a_draft_is_nobody_elses(client: FlaskClient) -> None:
    offer = offers.drafted()
    buys = people.bearer(people.verified(Role.BUYER))
    for place in ("", "/document.pdf", "/contract.json", "/signed.pdf", "/pages/1.svg"):
        address = f"/api/v1/offers/{offer.number}{place}"
        assert client.get(address, headers=buys).status_code == 404
    own = people.bearer(offer.provider)
    assert client.get(f"/api/v1/offers/{offer.number}/signed.pdf", headers=own).status_code == 404
    assert client.post(f"/api/v1/offers/{offer.number}/withdrawal", headers=own).status_code == 404
    assert body(client.get("/api/v1/offers", headers=own))["drafts"][0]["number"] == offer.number
