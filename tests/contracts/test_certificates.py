from dataclasses import replace
from datetime import timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa

from contracts import certificates
from contracts.certificates import Authorities
from contracts.errors import CertificateError
from tests.contracts.authority import NOW, Authority, Party, der, issued


@pytest.fixture(scope="module")
def authority() -> Authority:
    return Authority()


def code(party: Party, authorities: Authorities, days: int = 0) -> str:
    with pytest.raises(CertificateError) as caught:
        certificates.path(party.der, authorities, NOW + timedelta(days=days))
    return caught.value.code


def test_a_version_that_no_certificate_has_is_refused(authority: Authority) -> None:
    known = bytes.fromhex("a003020102")  # version 3, RFC 5280
    data = authority.party("Party").der
    assert data.count(known) == 1
    with pytest.raises(CertificateError) as caught:
        certificates.load(data.replace(known, bytes.fromhex("a003020103")))
    assert caught.value.code == "certificate.malformed"


def test_a_path_leads_from_the_party_to_the_root(authority: Authority) -> None:
    party = authority.party("Party")
    found = certificates.path(party.der, Authorities([authority.root.der], [authority.issuing.der]), NOW)
    assert [der(one) for one in found] == [party.der, *authority.chain]


def test_a_trusted_authority_below_the_root_is_enough(authority: Authority) -> None:
    party = authority.party("Party")
    assert len(certificates.path(party.der, Authorities([authority.issuing.der]), NOW)) == 2


def test_what_leads_nowhere_is_refused(authority: Authority) -> None:
    party = authority.party("Party")
    assert code(party, Authorities([authority.root.der])) == "certificate.untrusted"
    assert code(party, Authorities([], authority.chain)) == "certificate.untrusted"
    impostor = replace(authority.issuing, key=party.key)
    forged = issued("Forged", impostor)
    assert code(forged, Authorities([authority.root.der], authority.chain)) == "certificate.untrusted"


def test_a_party_may_not_issue(authority: Authority) -> None:
    below = issued("Below a party", authority.party("Party"))
    party = authority.party("Party")
    below = issued("Below a party", party)
    known = Authorities([authority.root.der], [party.der, authority.issuing.der])
    assert code(below, known) == "certificate.untrusted"


def test_an_authority_deeper_than_allowed_is_refused(authority: Authority) -> None:
    deeper = issued("Deeper", authority.issuing, ca=0)
    below = issued("Below", deeper)
    known = Authorities([authority.root.der], [deeper.der, authority.issuing.der])
    assert code(below, known) == "certificate.untrusted"


@pytest.mark.parametrize("days", [-2, 366, 4000])
def test_every_certificate_must_be_in_force(authority: Authority, days: int) -> None:
    known = Authorities([authority.root.der], authority.chain)
    assert code(authority.party("Party"), known, days) == "certificate.not_in_force"


def test_an_unknown_critical_extension_is_refused(authority: Authority) -> None:
    party = authority.party("Party")
    odd = x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3.4"), b"\x05\x00")
    builder = (
        x509.CertificateBuilder()
        .subject_name(party.certificate.subject)
        .issuer_name(authority.issuing.certificate.subject)
        .public_key(party.key.public_key())
        .serial_number(7)
        .not_valid_before(NOW)
        .not_valid_after(NOW + timedelta(days=1))
        .add_extension(odd, critical=True)
    )
    odd_one = Party(party.key, builder.sign(authority.issuing.key, hashes.SHA256()))
    assert code(odd_one, Authorities([authority.root.der], authority.chain)) == "certificate.unfit"


@pytest.mark.parametrize("data", [b"", b"\x30\x00", b"-----BEGIN CERTIFICATE-----"])
def test_what_is_no_certificate_or_list_is_refused(data: bytes) -> None:
    with pytest.raises(CertificateError):
        certificates.load(data)
    with pytest.raises(CertificateError):
        certificates.load_list(data)


def test_short_keys_and_authorities_sign_no_documents(authority: Authority) -> None:
    short = issued("Short", authority.issuing, key=rsa.generate_private_key(65537, 2048))
    for certificate in (short.certificate, authority.issuing.certificate):
        with pytest.raises(CertificateError) as caught:
            certificates.refuse_unfit(certificate)
        assert caught.value.code == "certificate.unfit"
    certificates.refuse_unfit(authority.party("Fit", rsa_key=True).certificate)


def revocation(authority: Authority, party: Party, lists: tuple[bytes, ...], days: int = 0) -> str:
    known = Authorities([authority.root.der], authority.chain)
    moment = NOW + timedelta(days=days)
    found = certificates.path(party.der, known, moment)
    try:
        certificates.refuse_revoked(found, lists, moment)
    except CertificateError as error:
        return error.code
    return "good"


def test_the_newest_list_decides() -> None:
    authority = Authority()
    party = authority.party("Party")
    before = authority.lists()
    assert revocation(authority, party, before) == "good"
    authority.revoke(party, NOW + timedelta(days=1))
    after = authority.lists(NOW + timedelta(days=2))
    for lists in (before + after, after + before):
        assert revocation(authority, party, lists, 0) == "good"
        assert revocation(authority, party, lists, 1) == "certificate.revoked"
    assert revocation(authority, party, before, 1) == "good"


def test_without_a_current_list_nothing_is_known(authority: Authority) -> None:
    party = authority.party("Party")
    issuing, root = authority.lists()
    for lists in ((), (issuing,), (root,), Authority().lists()):
        assert revocation(authority, party, lists) == "certificate.revocation_unknown"
    assert revocation(authority, party, (issuing, root), 8) == "certificate.revocation_unknown"


def test_a_list_signed_by_another_is_passed_over(authority: Authority) -> None:
    party = authority.party("Party")
    other = replace(authority.issuing, key=authority.party("Other").key)
    forged = Authority()
    forged.issuing, forged.root = other, authority.root
    assert revocation(authority, party, forged.lists()) == "certificate.revocation_unknown"
