"""A contract is stamped by the exchange's own clock, or by outside authorities where some are set."""

import hashlib
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from flask import Flask

from market import timestamping
from market.config import Settings
from market.db import read, transaction
from market.keys import authority, contract_stamps
from market.keys.models import Key, Purpose
from market.timestamping import StampError
from tests.authority import Authority
from tests.authority import authority as outside
from tests.conftest import Clock
from tests.waiting import SECONDS

TEXT = b"a signature"
DIGEST = hashlib.sha256(TEXT).digest()


@pytest.fixture
def own(exchange: Flask) -> list[x509.Certificate]:
    """The roots of an exchange that has published its authority."""
    authority.publish()
    with read() as session:
        return [x509.load_der_x509_certificate(one) for one in authority.roots(session)]


@pytest.fixture(scope="module")
def tsa() -> Iterator[Authority]:
    with outside() as found:
        yield found


@pytest.fixture
def asked(exchange: Flask, settings: Settings, tsa: Authority, own: object) -> Authority:
    tsa.answer, tsa.status = None, 200
    tsa.asked.clear()
    exchange.extensions["settings"] = replace(
        settings, contract_tsa=f"http://localhost:9/ {tsa.url}", contract_tsa_certificates=str(tsa.root)
    )
    return tsa


def test_the_exchanges_own_stamp_leads_to_its_root(own: list[x509.Certificate], clock: Clock) -> None:
    token = contract_stamps.stamp(DIGEST)
    stamp = timestamping.check_token(token, DIGEST, own)
    assert (stamp.time, stamp.authority) == (clock(), "CN=localhost clock,C=CN")
    with pytest.raises(StampError):
        timestamping.check_token(token, hashlib.sha256(b"another").digest(), own)
    assert len({contract_stamps.stamp(DIGEST) for _time in range(2)}) == 2, "each has a number of its own"


def test_openssl_accepts_it(own: list[x509.Certificate], tmp_path: Path, clock: Clock) -> None:
    (tmp_path / "token.der").write_bytes(contract_stamps.stamp(DIGEST))
    (tmp_path / "text").write_bytes(TEXT)
    (tmp_path / "root.pem").write_bytes(own[0].public_bytes(Encoding.PEM))
    done = subprocess.run(
        ["openssl", "ts", "-verify", "-token_in", "-in", "token.der", "-data", "text", "-CAfile", "root.pem",
         "-attime", str(int(clock().timestamp()) + 1)],
        cwd=tmp_path, capture_output=True, text=True, check=False, timeout=SECONDS,
    )  # fmt: skip
    assert "Verification: OK" in done.stdout + done.stderr, done.stderr


def test_outside_authorities_are_asked_in_turn(asked: Authority) -> None:
    token = contract_stamps.stamp(DIGEST)
    assert len(asked.asked) == 1
    roots = timestamping.roots_of(asked.root.read_bytes())
    assert timestamping.check_token(token, DIGEST, roots).authority == "CN=Test stamps"
    with read() as session:
        assert session.query(Key).filter_by(purpose=Purpose.TSA).count() == 1


@pytest.mark.parametrize("broken", ["answers 500", "sends rubbish", "has no certificates", "is not trusted"])
def test_an_outage_has_a_name(
    exchange: Flask, asked: Authority, own: list[x509.Certificate], tmp_path: Path, broken: str
) -> None:
    settings = exchange.extensions["settings"]
    if broken == "answers 500":
        asked.status = 500
    elif broken == "sends rubbish":
        asked.answer = b"\x30\x03\x02\x01\x00"
    else:
        file = tmp_path / "roots.pem"
        if broken == "is not trusted":
            file.write_bytes(own[0].public_bytes(Encoding.PEM))
        exchange.extensions["settings"] = replace(settings, contract_tsa_certificates=str(file))
    with pytest.raises(StampError):
        contract_stamps.stamp(DIGEST)


def test_an_authority_that_is_not_published_stamps_nothing(exchange: Flask) -> None:
    with pytest.raises(StampError):
        contract_stamps.stamp(DIGEST)


def test_no_stamp_is_asked_for_inside_a_transaction(own: object) -> None:
    with pytest.raises(RuntimeError), transaction():
        contract_stamps.stamp(DIGEST)


def test_only_a_sha_256_is_stamped(own: object) -> None:
    with pytest.raises(ValueError, match="SHA-256"):
        contract_stamps.stamp(b"short")
