"""Keys in files, and what is refused before anything is asked of the exchange."""

from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ed25519
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from market import signer
from market.signer import Exchange, SignerError
from tests import signers
from tests.conftest import Clock


def test_a_key_is_made_once_and_opens_by_its_password(tmp_path: Path) -> None:
    file = tmp_path / "key.pem"
    made = signer.make(file, "secret words")
    assert signer.load(file, "secret words").fingerprint == made.fingerprint
    for password in (None, "others"):
        with pytest.raises(SignerError, match="no key that this password opens"):
            signer.load(file, password)
    with pytest.raises(SignerError, match="File exists"):
        signer.make(file)


def test_what_is_no_key_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "other.pem"
    with pytest.raises(SignerError, match="No such file"):
        signer.load(file)
    file.write_bytes(b"nothing")
    with pytest.raises(SignerError, match="holds no key"):
        signer.load(file)
    other = ed25519.Ed25519PrivateKey.generate()
    file.write_bytes(other.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    with pytest.raises(SignerError, match="of a kind that signs"):
        signer.load(file)


def test_certificates_beside_a_key_are_put_in_order(tmp_path: Path, clock: Clock) -> None:
    file, private = tmp_path / "key.pem", signers.key()
    leaf, root = signers.own(private, clock())
    pem = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    stranger = signers.own(signers.key(), clock())[0]
    file.write_text(root + stranger + pem + leaf)
    found = signer.load(file)
    assert [one.public_bytes(Encoding.PEM).decode() for one in found.certificates] == [leaf, root]


@pytest.mark.parametrize("url", ["http://exchange.example", "ftp://localhost", "exchange.example", ""])
def test_a_token_never_travels_in_the_clear(url: str) -> None:
    with pytest.raises(SignerError, match="in the clear"):
        Exchange(url, "qilu_token")


def test_an_exchange_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(SignerError, match="does not answer"):
        Exchange("http://localhost:9", "qilu_token").get("/api/v1/me")
