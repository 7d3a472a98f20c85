import gzip
import re
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from contracts import canonical
from market.actor import Role
from tests import assets, deals, people

HTML = {"Accept": "text/html"}


@pytest.fixture
def client(exchange: Flask) -> FlaskClient:
    return exchange.test_client()


def signed_in(client: FlaskClient, email: str) -> None:
    assert filled(client, "/sign-in", "/sign-in", email=email, password=people.PASSWORD).status_code == 302


def filled(client: FlaskClient, page: str, address: str, **values: str) -> Any:
    """Fill a page's form and send it."""
    shown = client.get(page, headers=HTML).text
    token = re.search(r'name="csrf_token" value="([^"]+)"', shown)
    assert token is not None, shown
    answer = client.post(address, data={**values, "csrf_token": token[1]}, headers=HTML)
    answer.status_code = 302 if answer.status_code == 303 else answer.status_code
    return answer


def body(answer: Any) -> Any:
    return answer.get_json()


def test_a_contract_over_the_api(client: FlaskClient) -> None:
    provider, buyer = assets.provider(), people.verified(Role.BUYER)
    listing = assets.listed(provider)
    deals.publish_key(buyer)
    headers = {**people.bearer(buyer), "Idempotency-Key": "one"}
    made = client.post("/api/v1/contracts", json={"listing": listing}, headers=headers)
    assert made.status_code == 201
    again = client.post("/api/v1/contracts", json={"listing": listing}, headers=headers)
    assert (body(again)["number"], body(again)["entry_id"]) == (body(made)["number"], body(made)["entry_id"])
    assert (body(made)["state"], body(made)["acts"], body(made)["price"]) == (
        "REQUESTED",
        ["withdraw"],
        128_000,
    )
    place, digest = f"/api/v1/contracts/{body(made)['number']}", body(made)["document_digest"]
    for actor, state in ((provider, "AGREED"), (buyer, "VERIFIED")):
        signed = client.post(
            f"{place}/signature", json={"document_digest": digest}, headers=people.bearer(actor)
        )
        assert (signed.status_code, body(signed)["state"]) == (200, state)
        assert body(signed)["signatures"][-1]["holder"] == "exchange"
        repeated = client.post(
            f"{place}/signature", json={"document_digest": digest}, headers=people.bearer(actor)
        )
        assert body(repeated)["entry_id"] == body(signed)["entry_id"]
    listed = body(client.get("/api/v1/contracts", headers=people.bearer(buyer)))["items"]
    assert [(item["number"], item["state"]) for item in listed] == [(body(made)["number"], "VERIFIED")]


def test_the_files_of_a_contract(client: FlaskClient) -> None:
    deal = deals.requested()
    headers, contract = people.bearer(deal.buyer), deals.of(deal.number)
    place = f"/api/v1/contracts/{deal.number}"
    pdf = client.get(f"{place}/document.pdf", headers=headers)
    assert canonical.sha256(pdf.data) == contract.document_digest
    assert pdf.headers["Content-Disposition"].startswith("attachment")
    etag = pdf.headers["ETag"]
    assert client.get(f"{place}/document.pdf", headers={**headers, "If-None-Match": etag}).status_code == 304
    assert client.get(f"{place}/contract.json", headers=headers).text == contract.terms
    page = client.get(f"{place}/pages/1.svg", headers={**headers, "Accept-Encoding": "gzip"})
    assert page.headers["Content-Type"] == "image/svg+xml"
    assert "sandbox" in page.headers["Content-Security-Policy"]
    assert gzip.decompress(page.data).startswith(b"<svg")
    for other in ("0", "99"):
        assert client.get(f"{place}/pages/{other}.svg", headers=headers).status_code == 404


@pytest.mark.parametrize(
    ("address", "body", "status"),
    [
        ("signature", {}, 422),
        ("signature", {"document_digest": "A" * 64}, 422),
        ("signature", {"document_digest": "0" * 64}, 409),
        ("signature", {"document_digest": "0" * 64, "role": "buyer"}, 422),
        ("refusal", {"reason": ""}, 422),
        ("refusal", {"reason": "we cannot deliver\u202e"}, 422),
        ("withdrawal", {}, 403),
    ],
)
def test_wrong_input_is_refused(client: FlaskClient, address: str, body: dict[str, str], status: int) -> None:
    deal = deals.requested()
    answer = client.post(
        f"/api/v1/contracts/{deal.number}/{address}", json=body, headers=people.bearer(deal.provider)
    )
    assert (answer.status_code, answer.content_type) == (status, "application/problem+json")


def test_strangers_get_404_and_nobody_401(client: FlaskClient) -> None:
    deal, stranger = deals.requested(), people.bearer(people.verified(Role.BUYER, Role.PROVIDER))
    digest = {"document_digest": deals.of(deal.number).document_digest}
    for address in ("", "/document.pdf", "/contract.json", "/pages/1.svg"):
        place = f"/api/v1/contracts/{deal.number}{address}"
        assert client.get(place, headers=stranger).status_code == 404
        assert client.get(place).status_code == 401
    for address, body in (("signature", digest), ("refusal", {"reason": "no"}), ("withdrawal", {})):
        place = f"/api/v1/contracts/{deal.number}/{address}"
        assert client.post(place, json=body, headers=stranger).status_code == 404
        assert client.post(place, json=body).status_code == 401


def test_a_buyer_asks_and_a_provider_signs_on_pages(client: FlaskClient) -> None:
    provider = people.verified(Role.PROVIDER, email="provider@example.org")
    people.verified(Role.BUYER, email="buyer@example.org")
    listing = assets.listed(provider)
    signed_in(client, "buyer@example.org")
    answer = filled(client, "/contracts", "/contracts", listing=listing, idempotency_key="form-1")
    place = answer.headers["Location"]
    shown = client.get(place, headers=HTML).text
    assert f'src="{place}/pages/1.svg"' in shown
    assert f"{place}/withdrawal" in shown
    assert f"{place}/signature" not in shown
    other = client.application.test_client()
    signed_in(other, "provider@example.org")
    shown = other.get(f"{place}?lang=en", headers=HTML).text
    digest = re.search(r'name="document_digest" value="([0-9a-f]{64})"', shown)
    assert digest is not None
    assert "the exchange signs by a key that it holds" in shown
    empty = filled(other, place, f"{place}/refusal", reason="")
    assert empty.status_code == 422
    assert 'aria-invalid="true"' in empty.text
    assert filled(other, place, f"{place}/signature", document_digest=digest[1]).status_code == 302
    assert deals.of(place.rsplit("/", 1)[1]).state.value == "AGREED"
    assert other.get("/contracts", headers=HTML).status_code == 200
    assert (
        other.post(f"{place}/signature", data={"document_digest": digest[1]}, headers=HTML).status_code == 400
    )


def test_the_page_after_each_exit(client: FlaskClient) -> None:
    provider = people.verified(Role.PROVIDER, email="provider@example.org")
    deal = deals.requested(provider)
    place = f"/contracts/{deal.number}"
    signed_in(client, "provider@example.org")
    assert filled(client, place, f"{place}/refusal", reason="<b>sold out</b>").status_code == 302
    shown = client.get(f"{place}?lang=en", headers=HTML).text
    late = filled(client, "/me", f"{place}/refusal", reason="")
    assert "This step is no longer possible." in late.text
    assert "&lt;b&gt;sold out&lt;/b&gt;" in shown
    assert "The request has ended without a contract" in shown
    assert f"{place}/signature" not in shown


def test_the_page_says_whose_turn_it_is_and_carries_the_text(client: FlaskClient) -> None:
    provider = people.verified(Role.PROVIDER, email="provider@example.org")
    deal = deals.requested(provider)
    signed_in(client, "provider@example.org")
    shown = client.get(f"/contracts/{deal.number}?lang=en", headers=HTML).text
    assert "Your turn" in shown
    assert "the request expires and nobody is bound" in shown
    assert 'class="side-by-side"' in shown
    assert "Article 1" in shown
    assert "第一条" in shown
    assert shown.count("(still to come)") == 2
    assert "/entries/" in shown
    deals.sign(deal.provider, deal.number)
    shown = client.get(f"/contracts/{deal.number}?lang=en", headers=HTML).text
    assert "Your turn" not in shown
    assert 'data-live="waits"' in shown
    deals.sign(deal.buyer, deal.number)
    shown = client.get(f"/contracts/{deal.number}?lang=en", headers=HTML).text
    assert shown.count("timeline-done") == 3
