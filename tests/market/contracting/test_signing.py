"""Signing by keys that the exchange never has, and whatever may overtake it."""

import base64
import hashlib
import json
import uuid
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from functools import partial

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from flask import Flask

from contracts import canonical, stamps, stepup
from contracts.certificates import Authorities
from contracts.checks import Outcome
from contracts.examining import Expected, ExpectedSigner, examine
from contracts.models import Contract
from contracts.negotiation import State
from contracts.pades import BOTH
from contracts.vocabulary import Role as Party
from market import jobs, migrations, storage
from market.actor import Actor, Role
from market.config import Settings
from market.contracting import service, stamping
from market.contracting.models import Preparation
from market.contracting.signing import LASTS, Begun
from market.db import read, transaction
from market.errors import MarketError
from market.keys import authority, certificates, contract_stamps
from market.keys.models import Certificate, Reason
from market.participants import passkeys
from market.steps import fsck
from market.timestamping import StampError
from tests import deals, people, signers
from tests.authenticator import Authenticator
from tests.conftest import Clock
from tests.deals import Deal
from tests.waiting import side_by_side


def refused(code: str, act: Callable[[], object]) -> MarketError:
    with pytest.raises(MarketError) as error:
        act()
    assert error.value.code == code
    return error.value


class Pen:
    """A person with a key of their own."""

    def __init__(self, actor: Actor, private: signers.Private | None = None) -> None:
        self.actor, self.private = actor, private or signers.key()
        self.row: Certificate = signers.certified(actor, self.private)

    def prepare(self, number: str, digest: str | None = None) -> Begun:
        shown = digest or deals.of(number).document_digest
        return service.prepare(self.actor, number, shown, signers.fingerprint(self.private))

    def raw(self, begun: Begun) -> bytes:
        if isinstance(self.private, rsa.RSAPrivateKey):
            return self.private.sign(begun.to_sign, padding.PKCS1v15(), hashes.SHA256())
        return self.private.sign(begun.to_sign, ec.ECDSA(hashes.SHA256()))

    def complete(self, number: str, begun: Begun) -> str:
        return str(service.complete(self.actor, number, begun.id, self.raw(begun)).entry_id)

    def sign(self, number: str) -> str:
        return self.complete(number, self.prepare(number))


@pytest.fixture
def deal(exchange: Flask) -> Deal:
    return deals.requested()


def checked(contract: Contract, pens: list[Pen], late: bytes | None = None) -> dict[str, Outcome]:
    """Examine the signed file by what the rows say."""
    file = storage.current().read(contract.signatures[-1].file_digest)
    signed = [
        ExpectedSigner(one.role, one.statement, pen.row.der(), one.signed_at, stamped=one.stamped)
        for one, pen in zip(contract.signatures, pens, strict=True)
    ]
    with read() as session:
        roots, lists = authority.roots(session), authority.crls(session)
    expected = Expected(
        digest=contract.signatures[-1].file_digest,
        rendered=contract.document_digest,
        size=contract.document_size,
        order=BOTH,
        signers=signed,
        authorities=Authorities(roots, (), lists),
        stampers=roots,
        attachments={"contract.json": contract.terms.encode(), "policy.json": contract.policy.encode()},
        late=late,
    )
    return {check.name: check.outcome for check in examine(file, expected)}


def test_both_sign_by_keys_of_their_own(deal: Deal) -> None:
    pens = [Pen(deal.provider, rsa.generate_private_key(65537, 3072)), Pen(deal.buyer)]
    for pen in pens:
        pen.sign(deal.number)
    contract = deals.of(deal.number)
    assert contract.state is State.VERIFIED
    assert [one.key_id for one in contract.signatures] == [pen.row.id for pen in pens]
    assert [(one.algorithm, one.stamped) for one in contract.signatures] == [("RS256", True), ("ES256", True)]
    assert set(checked(contract, pens).values()) == {Outcome.PASSED}
    with read() as session:
        assert session.query(Preparation).count() == 0
        assert list(fsck.check(session, migrations.metadata())) == []


def test_one_may_sign_by_an_own_key_and_the_other_by_one_that_the_exchange_holds(deal: Deal) -> None:
    Pen(deal.provider).sign(deal.number)
    deals.sign(deal.buyer, deal.number)
    assert deals.of(deal.number).state is State.VERIFIED


def test_a_repeated_completion_is_the_same_step_and_another_persons_is_not(deal: Deal) -> None:
    pen = Pen(deal.provider)
    begun = pen.prepare(deal.number)
    entry = pen.complete(deal.number, begun)
    assert pen.complete(deal.number, begun) == entry
    colleague = people.colleague(deal.provider, Role.PROVIDER)
    refused("step.already_taken", lambda: Pen(colleague).complete(deal.number, begun))
    refused("step.already_taken", lambda: deals.sign(deal.provider, deal.number))


def test_a_preparation_is_its_makers_alone_and_for_its_contract(deal: Deal) -> None:
    pen, other = Pen(deal.provider), deals.requested(deal.provider, deal.buyer)
    begun = pen.prepare(deal.number)
    colleague = Pen(people.colleague(deal.provider, Role.PROVIDER))
    raw = pen.raw(begun)
    refused(
        "signature.not_prepared",
        lambda: service.complete(colleague.actor, deal.number, begun.id, raw),
    )
    refused("signature.not_prepared", lambda: pen.complete(other.number, begun))
    refused("signature.not_prepared", lambda: pen.complete(deal.number, replace(begun, id=uuid.uuid4())))


def test_a_preparation_ends(deal: Deal, clock: Clock) -> None:
    pen = Pen(deal.provider)
    begun = pen.prepare(deal.number)
    clock.advance(seconds=LASTS.total_seconds())
    refused("signature.too_late", lambda: pen.complete(deal.number, begun))
    again = pen.prepare(deal.number)
    with read() as session:
        assert [row.id for row in session.query(Preparation)] == [again.id], "what is too old is removed"
    pen.complete(deal.number, again)


def test_the_signature_must_be_of_the_prepared_bytes_and_key(deal: Deal) -> None:
    pen, other = Pen(deal.provider), Pen(people.colleague(deal.provider, Role.PROVIDER))
    begun = pen.prepare(deal.number)
    for raw in (b"", b"no signature", other.raw(begun), pen.raw(replace(begun, to_sign=b"other bytes"))):
        refused("signature.invalid", partial(service.complete, pen.actor, deal.number, begun.id, raw))
    assert deals.of(deal.number).state is State.REQUESTED
    pen.complete(deal.number, begun)


def test_another_document_or_turn_is_not_prepared(deal: Deal) -> None:
    provider, buyer = Pen(deal.provider), Pen(deal.buyer)
    refused("contract.other_document", lambda: provider.prepare(deal.number, "0" * 64))
    refused("contract.wrong_state", lambda: buyer.prepare(deal.number))
    refused(
        "certificate.not_found",
        lambda: service.prepare(deal.provider, deal.number, digest(deal), "0" * 64),
    )
    refused(
        "certificate.not_found",
        lambda: service.prepare(deal.provider, deal.number, digest(deal), signers.fingerprint(buyer.private)),
    )
    refused("contract.not_found", lambda: Pen(people.verified(Role.PROVIDER)).prepare(deal.number))


def digest(deal: Deal) -> str:
    return deals.of(deal.number).document_digest


def test_a_revoked_or_ended_certificate_signs_nothing_new(deal: Deal, clock: Clock) -> None:
    pen = Pen(deal.provider)
    begun = pen.prepare(deal.number)
    with transaction() as session:
        certificates.revoke(session, deal.provider, pen.row.id, Reason.COMPROMISED)
    refused("certificate.revoked", lambda: pen.complete(deal.number, begun))
    refused("certificate.revoked", lambda: pen.prepare(deal.number))
    ended = Pen(deal.provider)
    clock.advance(days=366)
    refused("certificate.expired", lambda: certificates_chosen(deal.provider, ended.row.fingerprint))


def certificates_chosen(actor: Actor, fingerprint: str) -> Certificate:
    with read() as session:
        return certificates.chosen(session, actor, fingerprint)


def test_a_certificate_revoked_later_leaves_what_it_signed(deal: Deal, clock: Clock) -> None:
    pens = [Pen(deal.provider), Pen(deal.buyer)]
    for pen in pens:
        pen.sign(deal.number)
    clock.advance(minutes=5)
    with transaction() as session:
        certificates.revoke(session, deal.buyer, pens[1].row.id, Reason.LOST)
    assert set(checked(deals.of(deal.number), pens).values()) == {Outcome.PASSED}


def test_what_was_prepared_before_another_signed_is_outdated(deal: Deal) -> None:
    """Two people of the provider prepare; the second completes over a file that is not the newest any more."""
    first, second = Pen(deal.provider), Pen(people.colleague(deal.provider, Role.PROVIDER))
    begun = second.prepare(deal.number)
    first.sign(deal.number)
    refused("step.already_taken", lambda: second.complete(deal.number, begun))
    buyer = Pen(deal.buyer)
    late = buyer.prepare(deal.number)
    older = digest(deal)
    with transaction() as session:
        session.get_one(Preparation, late.id).base_digest = older
    refused("signature.outdated", lambda: buyer.complete(deal.number, late))


def test_two_who_complete_at_once_make_one_signature(exchange: Flask, deal: Deal) -> None:
    pens = [Pen(deal.provider), Pen(people.colleague(deal.provider, Role.PROVIDER))]
    begun = [(pen, pen.prepare(deal.number)) for pen in pens]

    ends: list[str] = []

    def act(pen: Pen, one: Begun) -> None:
        with exchange.app_context():
            try:
                ends.append(pen.complete(deal.number, one))
            except MarketError as error:
                ends.append(error.code)

    side_by_side([partial(act, pen, one) for pen, one in begun])
    assert sorted(end in {"step.already_taken", "contract.wrong_state"} for end in ends) == [False, True], (
        ends
    )
    contract = deals.of(deal.number)
    assert (contract.state, len(contract.signatures)) == (State.AGREED, 1)


def test_an_exchange_that_holds_no_keys_signs_for_nobody(
    exchange: Flask, deal: Deal, settings: Settings
) -> None:
    exchange.extensions["settings"] = replace(settings, exchange_held_keys="")
    refused("key.not_held", lambda: deals.sign(deal.provider, deal.number))
    Pen(deal.provider).sign(deal.number)
    assert deals.of(deal.number).state is State.AGREED


def test_without_an_authority_it_is_signed_unstamped_and_stamped_later(
    exchange: Flask, deal: Deal, monkeypatch: pytest.MonkeyPatch
) -> None:
    def down(_digest: bytes) -> bytes:
        raise StampError("nobody answers")

    pens = [Pen(deal.provider), Pen(deal.buyer)]
    real = contract_stamps.stamp
    monkeypatch.setattr(contract_stamps, "stamp", down)
    for pen in pens:
        pen.sign(deal.number)
    contract = deals.of(deal.number)
    assert [one.stamped for one in contract.signatures] == [False, False]
    with pytest.raises(StampError):
        stamping.on_unstamped(str(contract.id))
    monkeypatch.setattr(contract_stamps, "stamp", real)
    for _again in range(2):
        stamping.on_unstamped(str(contract.id))
    with read() as session:
        waiting = [job.name for job in session.query(jobs.Job) if job.name == "contract.stamp"]
        token = stamping.token_of(session, contract.id)
        roots = authority.roots(session)
    assert (len(waiting), token is not None) == (1, True)
    whole = bytes.fromhex(contract.signatures[-1].file_digest)
    assert abs(stamps.check(token or b"", whole, roots) - contract.signatures[-1].signed_at) < timedelta(
        minutes=1
    )
    outcomes = checked(contract, pens, token)
    assert outcomes["time stamp of the provider"] is Outcome.SKIPPED
    assert outcomes["time stamp of the document"] is Outcome.PASSED
    assert Outcome.FAILED not in outcomes.values()


def test_over_the_api(exchange: Flask, deal: Deal) -> None:
    pen, client = Pen(deal.provider), exchange.test_client()
    address = f"/api/v1/contracts/{deal.number}"
    headers = people.bearer(deal.provider)
    assert client.get(f"{address}/signed.pdf", headers=headers).json["code"] == "contract.not_signed"
    body = {"document_digest": digest(deal), "key": signers.fingerprint(pen.private)}
    begun = client.post(f"{address}/signature/preparation", json=body, headers=headers)
    assert begun.status_code == 200, begun.text
    to_sign = base64.b64decode(begun.json["to_sign"])
    assert isinstance(pen.private, ec.EllipticCurvePrivateKey)
    signature = base64.b64encode(pen.private.sign(to_sign, ec.ECDSA(hashes.SHA256()))).decode()
    for bad in (
        {},
        {"preparation": begun.json["preparation"]},
        {"signature": signature},
        {"preparation": begun.json["preparation"], "signature": signature, "document_digest": digest(deal)},
        {"preparation": begun.json["preparation"], "signature": "?"},
    ):
        assert client.post(f"{address}/signature", json=bad, headers=headers).status_code == 422, bad
    sent = {"preparation": begun.json["preparation"], "signature": signature}
    done = client.post(f"{address}/signature", json=sent, headers=headers)
    assert done.status_code == 200, done.text
    [shown] = done.json["signatures"]
    assert (shown["role"], shown["holder"], shown["stamped"]) == (Party.PROVIDER, "party", True)
    file = client.get(f"{address}/signed.pdf", headers=headers)
    assert canonical.sha256(file.data) == shown["file_digest"]
    assert file.data.startswith(client.get(f"{address}/document.pdf", headers=headers).data)


def test_a_browsers_key_signs_with_the_passkey_its_person_has(deal: Deal) -> None:
    pen, person = Pen(replace(deal.provider, via="page")), deal.provider.user_id
    assert person is not None
    begun, authenticator = pen.prepare(deal.number), Authenticator()
    with transaction() as session:
        asked = passkeys.registration_options(session, person, "a@example.org", "A")
    with transaction() as session:
        passkeys.register(session, person, "phone", authenticator.make(asked))
    refused("signature.passkey_needed", lambda: pen.complete(deal.number, begun))
    assert deals.of(deal.number).state is State.REQUESTED
    with transaction() as session:
        challenge = hashlib.sha256(begun.statement.encode()).digest()
        answer = authenticator.give(passkeys.assertion_options(session, person, challenge))
    service.complete(pen.actor, deal.number, begun.id, pen.raw(begun), answer)
    [kept] = deals.of(deal.number).signatures
    assert kept.assertion is not None
    Pen(replace(deal.buyer, via="page")).sign(deal.number)
    assert deals.of(deal.number).state is State.VERIFIED, "whoever has no passkey signs without"


def test_a_passkey_may_confirm_the_statement(deal: Deal) -> None:
    pen, authenticator, person = Pen(deal.provider), Authenticator(), deal.provider.user_id
    assert person is not None
    begun = pen.prepare(deal.number)
    challenge = hashlib.sha256(begun.statement.encode()).digest()
    with transaction() as session:
        asked = passkeys.registration_options(session, person, "a@example.org", "A")
    with transaction() as session:
        passkeys.register(session, person, "phone", authenticator.make(asked))

    def answer(over: bytes) -> str:
        with transaction() as session:
            return authenticator.give(passkeys.assertion_options(session, person, over))

    other = answer(bytes(32))
    with pytest.raises(MarketError):
        service.complete(pen.actor, deal.number, begun.id, pen.raw(begun), other)
    assert deals.of(deal.number).state is State.REQUESTED
    service.complete(pen.actor, deal.number, begun.id, pen.raw(begun), answer(challenge))
    [kept] = deals.of(deal.number).signatures
    said = json.loads(kept.assertion or "")
    names = ("authenticator_data", "client_data_json", "signature")
    stepup.verify(
        stepup.decoded(said["public_key"]),
        challenge,
        said["rp_id"],
        *(stepup.decoded(said[one]) for one in names),
    )
