import asyncio
import hashlib
from dataclasses import replace
from io import BytesIO

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.diff_analysis import ModificationLevel
from pyhanko.sign.fields import MDPPerm
from pyhanko.sign.validation import async_validate_pdf_signature
from pyhanko.sign.validation.dss import DocumentSecurityStore
from pyhanko.sign.validation.status import SignatureCoverageLevel

from contracts import cms, pades, stamps
from contracts.certificates import Authorities
from contracts.checks import Outcome
from contracts.errors import CertificateError, SignatureError
from contracts.examining import examine
from contracts.pades import Evidence, Signer
from contracts.vocabulary import Role
from tests.contracts.authority import NOW, Authority, failing, issued
from tests.contracts.signed import Paper, completed, names, paper, prepared, rendered


@pytest.fixture(scope="module", params=[False, True], ids=["P-256", "RSA"])
def both(request: pytest.FixtureRequest) -> Paper:
    return paper(rsa_provider=request.param)


def test_a_document_that_both_signed_holds(both: Paper) -> None:
    checks = examine(both.file, both.expected())
    assert {check.outcome for check in checks} == {Outcome.PASSED}, checks
    assert names(checks, Outcome.PASSED) == [
        "file", "rendered text", "signatures", "coverage", "changes", "attachments",
        "signature of the provider", "time stamp of the provider", "certificate of the provider",
        "signature of the buyer", "time stamp of the buyer", "certificate of the buyer",
    ]  # fmt: skip


def test_the_library_itself_finds_nothing_wrong(both: Paper) -> None:
    from asn1crypto import crl, x509
    from pyhanko_certvalidator import ValidationContext

    async def statuses() -> None:
        reader = PdfFileReader(BytesIO(both.file))
        first, last = reader.embedded_signatures
        for signature in (first, last):
            context = ValidationContext(
                trust_roots=[x509.Certificate.load(both.authority.root.der)],
                crls=[crl.CertificateList.load(one) for one in both.authority.lists()],
                allow_fetching=False,
                moment=NOW,
                revocation_mode="require",
            )
            status = await async_validate_pdf_signature(signature, context)
            assert status.bottom_line, status.pretty_print_details()
        assert first.diff_result.modification_level is ModificationLevel.FORM_FILLING
        assert (first.docmdp_level, last.docmdp_level) == (MDPPerm.FILL_FORMS, None)
        assert last.evaluate_signature_coverage() is SignatureCoverageLevel.ENTIRE_FILE

    asyncio.run(statuses())


def test_the_rendered_document_is_the_prefix_of_every_file(both: Paper) -> None:
    pdf, _attachments = rendered()
    assert both.file.startswith(both.first)
    assert both.first.startswith(pdf)


def test_the_last_revision_brings_certificates_and_lists(both: Paper) -> None:
    store = DocumentSecurityStore.read_dss(PdfFileReader(BytesIO(both.file)))
    found = {certificate.dump() for certificate in store.load_certs()}
    assert found == {both.parties[Role.BUYER].der, *both.authority.chain, both.stamper.party.der}
    assert len(store.crls) == 2


def test_the_fields_take_no_place_on_the_page_and_are_labelled(both: Paper) -> None:
    form = PdfFileReader(BytesIO(both.file)).root["/AcroForm"]
    assert form["/SigFlags"] == 3
    for field in (one.get_object() for one in form["/Fields"]):
        assert list(field["/Rect"]) == [0, 0, 0, 0]
        assert field["/F"] == 0b10000100  # printed and locked, as PDF/A wants
        assert "Signature of the" in field["/TU"]


def test_preparing_again_gives_the_same_bytes() -> None:
    authority = Authority()
    party = authority.party("Provider")
    pdf, _attachments = rendered()
    one, other = (prepared(pdf, authority, Role.PROVIDER, party) for _time in range(2))
    assert one == other
    assert one.file[one.room[0] : one.room[1]].strip(b"0") == b""
    assert one.file[one.room[0] - 1 : one.room[0]] + one.file[one.room[1] : one.room[1] + 1] == b"<>"


def test_an_authority_that_is_down_keeps_nobody_from_signing() -> None:
    authority = Authority()
    pdf, _attachments = rendered()
    party = authority.party("Provider")
    for stamper, why in (
        (failing, "the authority does not answer"),
        (lambda _digest: b"\x30\x00", "this is no time-stamp token"),
        (lambda _digest: authority.stamper()(bytes(32)), "the token is over another value"),
        (lambda _digest: b"\x30" * 20_000, "the token has more than"),
    ):
        done = completed(pdf, authority, Role.PROVIDER, party, stamper)
        assert done.stamp is None
        assert why in str(done.fault)
        assert len(PdfFileReader(BytesIO(done.file)).embedded_signatures) == 1
    without = completed(pdf, authority, Role.PROVIDER, party)
    assert (without.stamp, without.fault) == (None, None)


def test_what_is_stamped_is_the_signature() -> None:
    authority = Authority()
    stamper = authority.stamper()
    done = completed(rendered()[0], authority, Role.PROVIDER, authority.party("Provider"), stamper)
    assert stamper.asked == [hashlib.sha256(done.value).digest()]
    assert stamps.check(done.stamp or b"", stamper.asked[0], [authority.root.der]) == NOW


def test_a_signature_in_der_or_with_the_larger_s_comes_into_its_one_form() -> None:
    authority = Authority()
    party = authority.party("Provider")
    one = prepared(rendered()[0], authority, Role.PROVIDER, party)
    assert isinstance(party.key, ec.EllipticCurvePrivateKey)
    der = party.key.sign(one.to_sign, ec.ECDSA(hashes.SHA256()))
    r, s = decode_dss_signature(der)
    larger = r.to_bytes(32, "big") + max(s, cms.ORDER - s).to_bytes(32, "big")
    files = {pades.complete(one, signature).file for signature in (der, larger)}
    assert len(files) == 1


@pytest.mark.parametrize(
    "signature", [b"", bytes(64), b"\xff" * 64, b"\x01" * 64, b"\x30\x06\x02\x01\x01\x02\x01\x01"]
)
def test_another_signature_is_refused(signature: bytes) -> None:
    authority = Authority()
    one = prepared(rendered()[0], authority, Role.PROVIDER, authority.party("Provider"))
    with pytest.raises(SignatureError):
        pades.complete(one, signature)


def test_a_signature_over_another_preparation_is_refused() -> None:
    authority = Authority()
    party = authority.party("Provider")
    pdf, _attachments = rendered()
    one = prepared(pdf, authority, Role.PROVIDER, party)
    signer = Signer(Role.PROVIDER, party.der, authority.chain)
    other = pades.prepare(pdf, signer, statement="another", at=NOW)
    with pytest.raises(SignatureError, match="does not belong"):
        pades.complete(one, party.sign(other.to_sign))
    with pytest.raises(SignatureError, match="not the one whose attributes"):
        pades.complete(replace(one, file=other.file), party.sign(one.to_sign))


def test_only_whose_turn_it_is_signs() -> None:
    both = paper()
    pdf, _attachments = rendered()
    authority, buyer, provider = both.authority, both.parties[Role.BUYER], both.parties[Role.PROVIDER]
    for document, role, party, why in (
        (pdf, Role.BUYER, buyer, "the next to sign is the provider"),
        (both.first, Role.PROVIDER, provider, "the next to sign is the buyer"),
        (both.file, Role.BUYER, buyer, "signed by provider, buyer already"),
        (b"%PDF-1.7 nothing", Role.PROVIDER, provider, "cannot be signed"),
    ):
        with pytest.raises(SignatureError, match=why):
            prepared(document, authority, role, party)


@pytest.mark.parametrize("key", [ec.generate_private_key(ec.SECP384R1())], ids=["P-384"])
def test_a_key_of_another_kind_is_refused(key: ec.EllipticCurvePrivateKey) -> None:
    authority = Authority()
    party = issued("Provider", authority.issuing, key=key)
    with pytest.raises(CertificateError, match="P-256 keys or RSA"):
        prepared(rendered()[0], authority, Role.PROVIDER, party)


@pytest.mark.parametrize("role", Role)
def test_an_offer_and_an_acceptance_have_one_signature(role: Role) -> None:
    """An offer is certified by its provider alone; an acceptance is approved by its buyer alone."""
    both = paper()
    party, order = both.parties[role], (role,)
    done = completed(rendered()[0], both.authority, role, party, both.stamper, order=order)
    checks = examine(done.file, both.expected(done.file, order=order, signers=[both.signed(role)]))
    assert {check.outcome for check in checks} == {Outcome.PASSED}, checks
    with pytest.raises(SignatureError, match="already"):
        completed(done.file, both.authority, role, party, order=order)


def test_a_document_without_time_stamps_says_so() -> None:
    both = paper(stamped=False)
    signers = [both.signed(role, stamped=False) for role in Role]
    checks = examine(both.file, both.expected(signers=signers))
    assert names(checks, Outcome.FAILED) == []
    assert names(checks, Outcome.SKIPPED) == ["time stamp of the provider", "time stamp of the buyer"]
    late = both.stamper(hashlib.sha256(both.file).digest())
    checks = examine(both.file, both.expected(signers=signers, late=late))
    assert "time stamp of the document" in names(checks, Outcome.PASSED)
    other = both.stamper(bytes(32))
    assert both.failed(both.file, signers=signers, late=other) == ["time stamp of the document"]


def test_evidence_may_be_given_twice() -> None:
    authority = Authority()
    party = authority.party("Provider")
    evidence = Evidence([party.der, party.der, *authority.chain], authority.lists() * 2)
    one = prepared(rendered()[0], authority, Role.PROVIDER, party, evidence=evidence)
    store = DocumentSecurityStore.read_dss(PdfFileReader(BytesIO(one.file)))
    assert (len(store.certs), len(store.crls)) == (3, 2)
    assert Authorities([]).lists == ()
