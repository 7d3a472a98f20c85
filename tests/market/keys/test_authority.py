"""The authority's certificates stand in the log, lead to one root, and its lists say what was revoked."""

import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID
from flask import Flask

from market import config, steps
from market.config import Settings
from market.db import read, transaction
from market.errors import Conflict
from market.keys import authority, certificates, service
from market.keys.models import Key, Purpose, Reason
from tests import people, signers
from tests.conftest import Clock
from tests.waiting import SECONDS


def pem(der: bytes) -> bytes:
    return x509.load_der_x509_certificate(der).public_bytes(Encoding.PEM)


def openssl(*arguments: str | Path) -> str:
    done = subprocess.run(
        ["openssl", *map(str, arguments)], capture_output=True, text=True, check=False, timeout=SECONDS
    )
    return done.stdout + done.stderr


def test_four_certificates_are_published_in_one_entry_once(exchange: Flask) -> None:
    for _ in range(2):
        authority.publish()
    with read() as session:
        rows = authority.rows(session, seal=True)
        root, below, clock, seal = (authority.certificate(row) for row in rows)
        assert [row.purpose for row in rows] == [Purpose.CA, Purpose.CA, Purpose.STAMPING, Purpose.SEAL]
        assert authority.rows(session) == rows[:3]
        assert {step.id for row in rows for step in steps.chain(session, row.id)} == {rows[0].step_id}
        assert session.query(Key).count() == 4
        assert [pem(one) for one in authority.roots(session)] == [root.public_bytes(Encoding.PEM)]
    below.verify_directly_issued_by(root)
    clock.verify_directly_issued_by(below)
    seal.verify_directly_issued_by(below)
    assert not seal.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    usage = clock.extensions.get_extension_for_class(x509.ExtendedKeyUsage)
    assert usage.critical
    assert list(usage.value) == [ExtendedKeyUsageOID.TIME_STAMPING]
    assert (root.not_valid_after_utc - root.not_valid_before_utc).days == 3650


def retired_seal() -> Key:
    """Return the row of the seal, which is out of use: the authority lacks one, as an older version's does."""
    authority.publish()
    operator = people.operator()
    with transaction() as session:
        row = authority.issuer_row(session, authority.SEAL)
        assert row is not None
        service.retire_log(session, operator, row.id)
        return row


def test_an_authority_without_a_seal_gets_one_and_stays(exchange: Flask) -> None:
    old = retired_seal()
    assert authority.publish() is not None
    assert authority.publish() is None
    with read() as session:
        rows = authority.rows(session, seal=True)
        seal, key = authority.signer(session, authority.SEAL)
        seal.verify_directly_issued_by(authority.signer(session, authority.ISSUING)[0])
    assert len(rows) == 5
    assert old.id in {row.id for row in rows if row.purpose is Purpose.SEAL}
    assert seal.public_key() == key.public_key()


def test_a_seal_is_not_issued_by_another_key_than_the_published(exchange: Flask) -> None:
    retired_seal()
    with read() as session:
        before = len(authority.rows(session, seal=True))
    (Path(config.current().home) / "keys" / f"{authority.ISSUING}.pem").unlink()
    with pytest.raises(Conflict) as refused:
        authority.publish()
    assert refused.value.code == "key.mismatch"
    with read() as session:
        assert len(authority.rows(session, seal=True)) == before


def test_openssl_accepts_the_chain_and_refuses_what_was_revoked(exchange: Flask, tmp_path: Path) -> None:
    actor = people.verified()
    kept, lost = signers.certified(actor), signers.certified(actor)
    with transaction() as session:
        certificates.revoke(session, actor, lost.id, Reason.COMPROMISED)
    with read() as session:
        lists = [x509.load_der_x509_crl(one).public_bytes(Encoding.PEM) for one in authority.crls(session)]
        (tmp_path / "root.pem").write_bytes(pem(authority.roots(session)[0]))
        (tmp_path / "chain.pem").write_bytes(pem(authority.chain(session)[0]))
    (tmp_path / "lists.pem").write_bytes(b"".join(lists))
    at = str(int(exchange.extensions["clock"]().timestamp()) + 1)
    for row, said in ((kept, "OK"), (lost, "certificate revoked")):
        (tmp_path / "leaf.pem").write_bytes(pem(row.der()))
        answer = openssl(
            "verify", "-attime", at, "-crl_check_all", "-CRLfile", tmp_path / "lists.pem",
            "-CAfile", tmp_path / "root.pem", "-untrusted", tmp_path / "chain.pem", tmp_path / "leaf.pem",
        )  # fmt: skip
        assert said in answer, answer


def test_a_list_grows_is_numbered_and_says_why(exchange: Flask, clock: Clock) -> None:
    actor = people.verified()
    rows = [signers.certified(actor) for _time in range(2)]
    numbers = []
    for row, reason in zip(rows, (Reason.LOST, Reason.COMPROMISED), strict=True):
        with transaction() as session:
            certificates.revoke(session, actor, row.id, reason)
        with read() as session:
            twice = {authority.revocations(session, authority.ISSUING) for _time in range(2)}
        assert len(twice) == 1, "the same list is the same bytes"
        [der] = twice
        numbers.append(_number(der))
    clock.advance(hours=1)
    with read() as session:
        numbers.append(_number(authority.revocations(session, authority.ISSUING)))
        issuing = authority.issuer(session, authority.ISSUING).certificate
    assert numbers == sorted(set(numbers))
    found = x509.load_der_x509_crl(der)
    assert found.is_signature_valid(issuing.public_key())  # type: ignore[arg-type]
    reasons = {
        f"{one.serial_number:x}": one.extensions.get_extension_for_class(x509.CRLReason).value.reason
        for one in found
    }
    assert reasons == {
        rows[0].serial: x509.ReasonFlags.cessation_of_operation,
        rows[1].serial: x509.ReasonFlags.key_compromise,
    }
    assert found.next_update_utc is not None
    assert (found.next_update_utc - found.last_update_utc).days == 7


def test_without_its_published_keys_nothing_is_issued(exchange: Flask, settings: Settings) -> None:
    assert _refusal() == "key.not_published"
    authority.publish()
    (settings.home / "keys" / "authority-issuing.pem").unlink()
    assert _refusal() == "key.mismatch"


def test_certificates_name_where_their_lists_are(exchange: Flask, settings: Settings) -> None:
    exchange.extensions["settings"] = replace(settings, base_url="https://exchange.example/")
    row = signers.certified(people.verified())
    found = x509.load_der_x509_certificate(row.der())
    points = found.extensions.get_extension_for_class(x509.CRLDistributionPoints).value
    assert points[0].full_name[0].value == "https://exchange.example/authority/issuing.crl"


def _refusal() -> str:
    with read() as session, pytest.raises(Conflict) as refused:
        authority.crls(session)
    return refused.value.code


def _number(der: bytes) -> int:
    found = x509.load_der_x509_crl(der).extensions.get_extension_for_class(x509.CRLNumber)
    return found.value.crl_number
