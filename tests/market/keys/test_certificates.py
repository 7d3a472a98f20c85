"""Who gets a certificate, what stands in it, and when it ends."""

import base64

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID
from flask import Flask

from market import steps
from market.actor import Actor, Role
from market.db import read, transaction
from market.errors import Conflict, Forbidden, Invalid, MarketError, NotFound
from market.keys import authority, certificates, possession
from market.keys.models import CertificateState, Lane, Reason
from market.participants import members
from market.participants import service as participants
from tests import people, signers
from tests.conftest import Clock


@pytest.fixture
def actor(exchange: Flask) -> Actor:
    authority.publish()
    return people.verified()


def asked(actor: Actor, text: str, **how: object) -> str:
    with transaction() as session:
        return certificates.request(session, actor, text, "a key", **how)[0].fingerprint  # type: ignore[arg-type]


def test_the_subject_is_what_the_operator_verified(actor: Actor) -> None:
    row = signers.certified(actor)
    with read() as session:
        organisation = participants.found(session, actor.organisation_id)  # type: ignore[arg-type]
    found = x509.load_der_x509_certificate(row.der())
    said = {attribute.oid: attribute.value for attribute in found.subject}
    assert said == {
        NameOID.COUNTRY_NAME: "CN",
        NameOID.ORGANIZATION_NAME: organisation.name_zh,
        NameOID.ORGANIZATION_IDENTIFIER: organisation.credit_code,
        NameOID.COMMON_NAME: organisation.name_zh,
    }
    usage = found.extensions.get_extension_for_class(x509.KeyUsage)
    assert (usage.critical, usage.value.digital_signature, usage.value.content_commitment) == (True,) * 3
    assert (found.not_valid_after_utc - found.not_valid_before_utc).days == 365
    assert (row.lane, row.algorithm, int(row.serial, 16)) == (Lane.ISSUED, "ES256", found.serial_number)


def test_an_rsa_key_comes_from_outside_a_browser_only(actor: Actor) -> None:
    text = signers.csr(rsa.generate_private_key(65537, 3072))
    with pytest.raises(Invalid, match="P-256"):
        asked(actor, text, browser=True)
    asked(actor, text)


@pytest.mark.parametrize(
    "private",
    [
        rsa.generate_private_key(65537, 2048),
        ec.generate_private_key(ec.SECP384R1()),
        ec.generate_private_key(ec.SECP256K1()),
    ],
    ids=["short RSA", "P-384", "secp256k1"],
)
def test_other_kinds_of_key_are_refused(actor: Actor, private: signers.Private) -> None:
    with pytest.raises(Invalid) as refused:
        asked(actor, signers.csr(private))
    assert refused.value.code == "certificate.key_refused"


def test_ed25519_is_refused(actor: Actor) -> None:
    builder = x509.CertificateSigningRequestBuilder().subject_name(x509.Name([]))
    made = builder.sign(ed25519.Ed25519PrivateKey.generate(), None).public_bytes(Encoding.PEM)
    with pytest.raises(Invalid) as refused:
        asked(actor, made.decode())
    assert refused.value.code == "certificate.key_refused"


def test_a_request_that_the_key_did_not_sign_is_refused(actor: Actor) -> None:
    der = bytearray(x509.load_pem_x509_csr(signers.csr(signers.key()).encode()).public_bytes(Encoding.DER))
    der[-1] ^= 1
    with pytest.raises(Invalid) as refused:
        asked(actor, authority.text_of(bytes(der)))
    assert refused.value.code == "certificate.not_possessed"


@pytest.mark.parametrize(
    "text", ["", "nothing", "AAAA", "-----BEGIN X-----\n-----END X-----", "é", "A" * 40_000]
)
def test_what_is_no_request_is_refused(actor: Actor, text: str) -> None:
    with pytest.raises(Invalid) as refused:
        asked(actor, text)
    assert refused.value.code == "certificate.request_malformed"


def test_a_key_is_certified_once_even_for_another_organisation(actor: Actor) -> None:
    text = signers.csr(signers.key())
    asked(actor, text)
    for again in (actor, people.verified()):
        with pytest.raises(Conflict) as refused:
            asked(again, text)
        assert refused.value.code == "certificate.key_known"


def test_the_same_idempotency_key_gives_the_same_certificate(actor: Actor) -> None:
    text = signers.csr(signers.key())
    assert asked(actor, text, key="once") == asked(actor, text, key="once")


def test_only_who_may_sign_gets_a_certificate(actor: Actor) -> None:
    text = signers.csr(signers.key())
    for who, code in (
        (people.colleague(actor, Role.ADMIN), "role.missing"),
        (people.operator(), "role.missing"),
        (people.actor_of(people.applied()), "organisation.not_verified"),
    ):
        with pytest.raises(Forbidden) as refused:
            asked(who, text)
        assert refused.value.code == code


def test_an_organisation_has_so_many_keys_at_most(actor: Actor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(certificates, "MOST", 1)
    first = signers.certified(actor)
    with pytest.raises(Conflict, match="1"):
        signers.certified(actor)
    with transaction() as session:
        certificates.revoke(session, actor, first.id, Reason.REPLACED)
    signers.certified(actor)


def test_a_revoked_certificate_signs_nothing_new(actor: Actor) -> None:
    row = signers.certified(actor)
    with read() as session:
        assert certificates.chosen(session, actor, row.fingerprint).id == row.id
    for _time in range(2):
        with transaction() as session:
            ended, step = certificates.revoke(session, actor, row.id, Reason.LOST)
            assert (ended.state, ended.reason) == (CertificateState.REVOKED, Reason.LOST)
    with read() as session:
        kinds = [one.kind for one in steps.steps_of(session, step.object)]
        assert kinds == ["certificate.issued", "certificate.revoked"]
        with pytest.raises(Conflict) as refused:
            certificates.chosen(session, actor, row.fingerprint)
        assert refused.value.code == "certificate.revoked"
    with pytest.raises(Conflict), transaction() as session:
        certificates.revoke(session, actor, row.id, Reason.COMPROMISED)


def test_a_certificate_ends_on_its_day(actor: Actor, clock: Clock) -> None:
    row = signers.certified(actor)
    clock.advance(days=365)
    with read() as session, pytest.raises(Conflict) as refused:
        certificates.chosen(session, actor, row.fingerprint)
    assert refused.value.code == "certificate.expired"


def test_who_may_revoke(actor: Actor) -> None:
    colleagues = (people.colleague(actor, role) for role in (Role.BUYER, Role.ADMIN))
    for who in (actor, *colleagues, people.operator()):
        row = signers.certified(actor)
        with transaction() as session:
            certificates.revoke(session, who, row.id, Reason.LOST)
    row = signers.certified(actor)
    auditor = people.colleague(people.operator(), Role.AUDITOR)
    for who, why in ((people.verified(), NotFound), (auditor, Forbidden)):
        with pytest.raises(why), transaction() as session:
            certificates.revoke(session, who, row.id, Reason.LOST)


def test_others_keys_are_not_found(actor: Actor) -> None:
    row, stranger, chief = signers.certified(actor), people.verified(), people.operator()
    with read() as session:
        with pytest.raises(NotFound):
            certificates.chosen(session, stranger, row.fingerprint)
        with pytest.raises(NotFound):
            certificates.seen(session, stranger, row.id)
        assert certificates.listed(session, stranger).items == []
        assert [one.id for one in certificates.listed(session, chief).items] == [row.id]


@pytest.mark.parametrize("act", ["removed", "other roles"])
def test_who_leaves_takes_no_key_along(actor: Actor, act: str) -> None:
    member = people.colleague(actor, Role.BUYER)
    row, kept = signers.certified(member), signers.certified(actor)
    with transaction() as session:
        if act == "removed":
            members.remove(session, actor, member.user_id)  # type: ignore[arg-type]
        else:
            members.change(session, actor, member.user_id, frozenset({Role.ADMIN}))  # type: ignore[arg-type]
    with read() as session:
        ended, other = (certificates.seen(session, actor, one.id) for one in (row, kept))
    assert (ended.state, ended.reason) == (CertificateState.REVOKED, Reason.LEFT)
    assert other.state is CertificateState.ACTIVE


def registered(actor: Actor, private: signers.Private, texts: list[str], owner: Actor | None = None) -> Lane:
    challenge, _until = possession.challenge((owner or actor).organisation_id)  # type: ignore[arg-type]
    with transaction() as session:
        row, _step = certificates.register(
            session, actor, texts, "our own", challenge, signers.signature(private, challenge.encode())
        )
        return row.lane


@pytest.mark.parametrize("kind", ["P-256", "RSA"])
def test_a_certificate_of_ones_own_is_entered(actor: Actor, clock: Clock, kind: str) -> None:
    private = signers.key() if kind == "P-256" else rsa.generate_private_key(65537, 3072)
    assert registered(actor, private, signers.own(private, clock())) is Lane.OWN
    with read() as session:
        row = certificates.chosen(session, actor, signers.fingerprint(private))
        assert len(row.chain_der()) == 1
        assert x509.load_der_x509_crl(authority.revocations(session, authority.ISSUING)) is not None


def test_what_is_wrong_with_a_certificate_of_ones_own_is_said(actor: Actor, clock: Clock) -> None:
    private, other = signers.key(), signers.key()
    leaf, root = signers.own(private, clock())
    wrong = {
        "certificate.chain_broken": [leaf],
        "certificate.not_for_signing": signers.own(private, clock(), signs=False),
        "certificate.request_malformed": ["nonsense", root],
        "certificate.not_possessed": signers.own(other, clock()),
    }
    for code, texts in wrong.items():
        assert refused(actor, private, texts) == code
    der = x509.load_pem_x509_certificate(leaf.encode()).public_bytes(Encoding.DER)
    unknown = der.replace(bytes.fromhex("a003020102"), bytes.fromhex("a003020103"))  # no such version
    assert unknown != der
    assert (
        refused(actor, private, [base64.b64encode(unknown).decode(), root]) == "certificate.request_malformed"
    )
    assert refused(actor, private, [leaf, signers.own(other, clock())[1]]) == "certificate.chain_broken"
    assert refused(actor, private, signers.own(private, clock(), days=1)) == "certificate.not_for_signing"


def test_a_challenge_is_for_one_organisation_and_a_while(actor: Actor, clock: Clock) -> None:
    private, stranger = signers.key(), people.verified()
    assert refused(actor, private, signers.own(private, clock()), stranger) == "certificate.challenge_unknown"
    old, _until = possession.challenge(actor.organisation_id)  # type: ignore[arg-type]
    clock.advance(minutes=15)
    for text in (old, "", "a.b", f"{possession.PURPOSE}.x.1.y.z", old[:-1] + "é"):
        with pytest.raises(Invalid) as said:
            possession.require_ours(text, actor.organisation_id)  # type: ignore[arg-type]
        assert said.value.code == "certificate.challenge_unknown"


def refused(actor: Actor, private: signers.Private, texts: list[str], owner: Actor | None = None) -> str:
    with pytest.raises(MarketError) as said:
        registered(actor, private, texts, owner)
    return said.value.code
