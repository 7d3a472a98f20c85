"""Pages, routes and public files of parties' keys."""

import pytest
from cryptography import x509
from flask import Flask
from flask.testing import FlaskClient

from market.actor import Actor, Role
from market.db import read
from market.keys import authority, certificates, possession
from market.participants.web import COOKIE
from tests import people, signers
from tests.browsing import forms, signed_in
from tests.conftest import Clock

PATH = "/api/v1/signing-keys"


@pytest.fixture
def actor(exchange: Flask) -> Actor:
    authority.publish()
    return people.verified()


@pytest.fixture
def client(exchange: Flask) -> FlaskClient:
    return exchange.test_client()


def sent(page: FlaskClient, path: str, **data: str) -> int:
    """Send the form of a page that has such an address, with a browser's hidden fields."""
    for address, hidden, _named in forms(page.get("/signing-keys?lang=en").text):
        if address == path:
            return page.post(path, data={**hidden, **data}).status_code
    raise AssertionError(f"no form leads to {path}")


def test_a_key_made_on_the_page_is_listed_and_revoked(exchange: Flask, actor: Actor) -> None:
    page = signed_in(exchange, actor)
    private = signers.key()
    assert sent(page, "/signing-keys", csr=signers.csr(private), device="reading room") == 303
    listed = page.get("/signing-keys?lang=en").text
    assert signers.fingerprint(private) in listed
    assert "reading room" in listed
    with read() as session:
        [row] = certificates.listed(session, actor).items
    shown = page.get(f"/signing-keys/{row.id}?lang=en").text
    assert "BEGIN CERTIFICATE" in shown
    [(address, hidden, named)] = [form for form in forms(shown) if "revocation" in form[0]]
    assert named == {"reason"}
    assert page.post(address, data={**hidden, "reason": "whim"}).status_code == 422
    assert page.post(address, data={**hidden, "reason": "lost"}).status_code == 303
    assert "The key is lost" in page.get(f"/signing-keys/{row.id}?lang=en").text


def test_the_page_says_what_is_wrong(exchange: Flask, actor: Actor) -> None:
    page, text = signed_in(exchange, actor), signers.csr(signers.key())
    assert sent(page, "/signing-keys", csr=text, device="") == 422
    assert sent(page, "/signing-keys", csr="AAAA", device="reading room") == 422
    assert sent(page, "/signing-keys", csr=text, device="reading room") == 303
    assert sent(page, "/signing-keys", csr=text, device="another room") == 409


def test_who_may_not_sign_is_offered_no_form(exchange: Flask, actor: Actor) -> None:
    signers.certified(actor)
    for who in (people.colleague(actor, Role.ADMIN), people.operator()):
        page = exchange.test_client()
        page.set_cookie(COOKIE, people.session_of(who))
        listed = page.get("/signing-keys")
        assert listed.status_code == 200
        assert 'name="csr"' not in listed.text


def test_a_program_requests_lists_and_revokes(client: FlaskClient, actor: Actor) -> None:
    head = people.bearer(actor)
    body = {"csr": signers.csr(signers.key()), "device": "build server"}
    made = client.post(PATH, json=body, headers={**head, "Idempotency-Key": "one"})
    assert (made.status_code, made.json["state"], made.json["lane"]) == (201, "active", "issued")
    again = client.post(PATH, json=body, headers={**head, "Idempotency-Key": "one"})
    assert again.json["entry_id"] == made.json["entry_id"]
    leaf, issuing, root = (
        x509.load_pem_x509_certificate(text.encode())
        for text in (made.json["certificate"], *made.json["chain"])
    )
    leaf.verify_directly_issued_by(issuing)
    issuing.verify_directly_issued_by(root)
    one = f"{PATH}/{made.json['id']}"
    assert client.get(one, headers=head).json["fingerprint"] == made.json["fingerprint"]
    assert [item["id"] for item in client.get(PATH, headers=head).json["items"]] == [made.json["id"]]
    ended = client.post(f"{one}/revocation", json={"reason": "replaced"}, headers=head)
    assert (ended.status_code, ended.json["state"], ended.json["reason"]) == (200, "revoked", "replaced")
    answer = client.post(f"{one}/revocation", json={"reason": "lost"}, headers=head)
    assert (answer.status_code, answer.json["code"]) == (409, "step.already_taken")


def test_a_program_enters_a_certificate_of_its_own(client: FlaskClient, actor: Actor, clock: Clock) -> None:
    head, private = people.bearer(actor), signers.key()
    asked = client.post(f"{PATH}/challenge", headers=head)
    assert asked.status_code == 200
    body = {
        "certificates": signers.own(private, clock()),
        "device": "smart card",
        "challenge": asked.json["challenge"],
        "signature": signers.signature(private, asked.json["challenge"].encode()),
    }
    assert asked.json["challenge"].startswith(possession.PURPOSE)
    made = client.post(f"{PATH}/own", json=body, headers=head)
    assert (made.status_code, made.json["lane"]) == (201, "own")
    assert client.post(f"{PATH}/own", json=body, headers=head).json["code"] == "certificate.key_known"


def test_the_authority_publishes_its_files(client: FlaskClient, exchange: Flask) -> None:
    assert client.get("/authority/issuing.crl").status_code == 404
    authority.publish()
    root, issuing = (
        x509.load_der_x509_certificate(client.get(f"/authority/{name}.crt").data)
        for name in ("root", "issuing")
    )
    issuing.verify_directly_issued_by(root)
    for name, signer in (("root", root), ("issuing", issuing)):
        answer = client.get(f"/authority/{name}.crl")
        assert answer.content_type == "application/pkix-crl"
        assert x509.load_der_x509_crl(answer.data).is_signature_valid(signer.public_key())  # type: ignore[arg-type]
    assert client.get("/authority/other.crt").status_code == 404
    page = client.get("/ledger/keys?lang=en").text
    assert "no licensed provider" in page
    assert page.count("localhost") >= 3
