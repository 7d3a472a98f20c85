import gzip
import html
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


def filled(client: FlaskClient, page: str, address: str, **values: Any) -> Any:
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
        ["adopt", "comment", "withdraw"],
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
        ("withdrawal", {}, 409),
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
    assert "signs by a key that it holds for your organisation" in shown
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


def test_two_rounds_over_the_api(client: FlaskClient) -> None:
    deal = deals.requested()
    place = f"/api/v1/contracts/{deal.number}"
    ours, theirs = people.bearer(deal.provider), people.bearer(deal.buyer)
    first = body(client.get(place, headers=ours))
    sent = {"base": first["terms_digest"], "changes": {"term.days": 180}, "comment": "半年"}
    keyed = {**ours, "Idempotency-Key": "offer-1"}
    made = client.post(f"{place}/offers", json=sent, headers=keyed)
    assert (made.status_code, body(made)["state"], body(made)["version"]) == (201, "OFFERED", 2)
    assert (
        body(client.post(f"{place}/offers", json=sent, headers=keyed))["entry_id"] == body(made)["entry_id"]
    )
    stale = client.post(f"{place}/acceptance", json={"terms_digest": first["terms_digest"]}, headers=theirs)
    assert (stale.status_code, body(stale)["code"]) == (409, "contract.other_version")
    assert body(stale)["terms_digest"] == body(made)["terms_digest"]
    said = client.post(
        f"{place}/remarks",
        json={
            "on_digest": body(made)["terms_digest"],
            "clause": "term",
            "comment": "九个月",
            "changes": {"term.days": 270},
        },
        headers=theirs,
    )
    assert said.status_code == 201
    (remark,) = body(said)["remarks"]
    assert (remark["open"], [change["new"] for change in remark["changes"]]) == (True, [270])
    taken = client.post(f"{place}/remarks/{remark['id']}/adoption", headers=ours)
    assert (taken.status_code, body(taken)["state"], body(taken)["version"]) == (200, "REQUESTED", 3)
    assert body(taken)["terms_digest"] == remark["result_digest"]
    shown = body(client.get(f"{place}/versions/3", headers=ours))
    assert [change["blank"] for change in shown["changes"]] == ["term.days"]
    assert {"same", "gone", "new"} >= {
        piece["op"] for clause in shown["clauses"] for part in clause["parts"] for piece in part.get("zh", [])
    }
    old = client.get(f"{place}/versions/1/document.pdf", headers=theirs)
    assert canonical.sha256(old.data) == first["document_digest"]
    assert client.get(f"{place}/versions/4", headers=ours).status_code == 404
    signed = client.post(
        f"{place}/signature", json={"document_digest": body(taken)["document_digest"]}, headers=ours
    )
    assert (signed.status_code, body(signed)["state"]) == (200, "AGREED")


def shown_form(text: str) -> dict[str, Any]:
    """Return what a browser would send of the form with the terms, as it stands."""
    found: dict[str, Any] = {}
    for tag in re.findall(r"<input[^>]*>", text):
        name, value = re.search(r'name="([^"]*)"', tag), re.search(r'value="([^"]*)"', tag)
        ticked = "checkbox" not in tag and "radio" not in tag
        if name and name[1].startswith(("terms.", "base", "on_digest")) and (ticked or " checked" in tag):
            found.setdefault(name[1], []).append(html.unescape(value[1]) if value else "")
    for name, inner in re.findall(r'<textarea[^>]*name="(terms\.[^"]*)"[^>]*>([^<]*)<', text):
        found[name] = html.unescape(inner)
    for name, inner in re.findall(r'<select[^>]*name="(terms\.[^"]*)"[^>]*>(.*?)</select>', text, re.DOTALL):
        chosen = re.search(r'<option value="([^"]*)" selected', inner)
        found[name] = chosen[1] if chosen else ""
    return found


def test_two_rounds_on_pages(client: FlaskClient) -> None:
    provider = people.verified(Role.PROVIDER, email="provider@example.org")
    buyer = people.verified(Role.BUYER, email="buyer@example.org")
    deal = deals.requested(provider, buyer)
    place = f"/contracts/{deal.number}"
    signed_in(client, "provider@example.org")
    typed = shown_form(client.get(f"{place}/offer?lang=en", headers=HTML).text)
    assert typed["terms.term.days"] == ["365"]
    unchanged = filled(client, f"{place}/offer", f"{place}/offer", **typed)
    assert unchanged.status_code == 409
    wrong = filled(client, f"{place}/offer", f"{place}/offer", **{**typed, "terms.term.days": "0"})
    assert wrong.status_code == 422
    assert 'aria-invalid="true"' in wrong.text
    done = filled(
        client,
        f"{place}/offer",
        f"{place}/offer",
        **{**typed, "terms.term.days": "180", "comment": "半年"},
    )
    assert done.status_code == 302, done.text
    other = client.application.test_client()
    signed_in(other, "buyer@example.org")
    shown = other.get(f"{place}?lang=en", headers=HTML).text
    assert "Accept these terms" in shown
    assert "半年" in shown
    redline = other.get(f"{place}/versions/2?lang=en", headers=HTML).text
    assert "365 days" in redline
    assert re.search(r"<del>.*365 days.*</del><ins>.*180 days.*</ins>", redline)
    assert re.search(r"<del>.*365日.*</del><ins>.*180日.*</ins>", redline)
    assert other.get(f"{place}/versions/1", headers=HTML).status_code == 200
    assert other.get(f"{place}/versions/2/pages/1.svg").status_code == 200
    clause = other.get(f"{place}/clauses/term?lang=en", headers=HTML).text
    suggested = {**shown_form(clause), "comment": "<b>nine months</b>", "act": "suggest"}
    suggested["terms.term.days"] = "270"
    assert filled(other, f"{place}/clauses/term", f"{place}/clauses/term", **suggested).status_code == 302
    shown = client.get(f"{place}?lang=en", headers=HTML).text
    assert "&lt;b&gt;nine months&lt;/b&gt;" in shown
    adoption = re.search(rf'action="({place}/remarks/[^"]+/adoption)"', shown)
    assert adoption is not None
    assert filled(client, place, adoption[1]).status_code == 302
    contract = deals.of(deal.number)
    assert (contract.state.value, contract.version) == ("REQUESTED", 3)
    deals.sign(provider, deal.number)
    assert deals.of(deal.number).state.value == "AGREED"


def test_an_offer_is_accepted_on_its_page(client: FlaskClient) -> None:
    buyer = people.verified(Role.BUYER, email="buyer@example.org")
    deal = deals.requested(buyer=buyer)
    place = f"/contracts/{deal.number}"
    deals.offer(deal.provider, deal.number, {"term.days": 180})
    signed_in(client, "buyer@example.org")
    shown = client.get(place, headers=HTML).text
    digest = re.search(r'name="terms_digest" value="([0-9a-f]{64})"', shown)
    assert digest is not None
    assert filled(client, place, f"{place}/acceptance", terms_digest=digest[1]).status_code == 302
    assert deals.of(deal.number).state.value == "ACCEPTED"
    assert "The provider signs the contract" in client.get(f"{place}?lang=en", headers=HTML).text
